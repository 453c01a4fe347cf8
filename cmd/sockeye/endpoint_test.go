package main_test

import (
	"net"
	"testing"

	main "github.com/sockeye-io/sockeye/cmd/sockeye"
)

func TestParseEndpoint(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]main.Endpoint{
		"tcp://localhost:9988":        {Network: "tcp", Addr: "localhost:9988"},
		"tcp4://:0":                   {Network: "tcp4", Addr: ":0"},
		"tcp6://[::1]:1":              {Network: "tcp6", Addr: "[::1]:1"},
		"udp://127.0.0.1:53":          {Network: "udp", Addr: "127.0.0.1:53"},
		"unix:///run/s.sock":          {Network: "unix", Addr: "/run/s.sock"},
		"unix://@name":                {Network: "unix", Addr: "@name"},
		"unixpacket:///run/p":         {Network: "unixpacket", Addr: "/run/p"},
		"ws://localhost:8080":         {Network: "tcp", Addr: "localhost:8080", Target: "/"},
		"ws://localhost/":             {Network: "tcp", Addr: "localhost:80", Target: "/"},
		"ws://[::1]:1/chat?room=a":    {Network: "tcp", Addr: "[::1]:1", Target: "/chat?room=a"},
		"wss://host":                  {Network: "tcp", Addr: "host:443", Target: "/"},
		"wss://a:b@[::1]:8443/c":      {Network: "tcp", Addr: "[::1]:8443", Target: "/c"},
		"ws+unix:///run/w":            {Network: "unix", Addr: "/run/w", Target: "/"},
		"ws+unix:///run/w:/chat?a=/b": {Network: "unix", Addr: "/run/w", Target: "/chat?a=/b"},
	} {
		if got, err := main.ParseEndpoint(raw); err != nil || got != want {
			t.Errorf("%s: %+v (%v), want %+v", raw, got, err, want)
		}
	}
	for _, raw := range []string{
		"", "localhost:1", "tcp://", "tcp://localhost", "tcp://localhost:", "tcp://localhost:1/path", "tcp://::1:2",
		"unix://", "unix://relative", "unix:///", "unixpacket://x", "ws://", "ws:///path", "ws://user@/", "ws://:80/", "ws://host/#f",
		"ws://host:port/", "ws+unix://x", "wss://", "tls://host:1", "http://host/",
	} {
		if got, err := main.ParseEndpoint(raw); err == nil {
			t.Errorf("%q was taken for %+v", raw, got)
		}
	}
}

func TestEndpointURL(t *testing.T) {
	t.Parallel()
	tcp := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1234}
	unix := &net.UnixAddr{Name: "/run/s", Net: "unix"}
	for _, tt := range []struct {
		raw  string
		addr net.Addr
		want string
	}{
		{"tcp://localhost:0", tcp, "tcp://127.0.0.1:1234"},
		{"ws://localhost:0", tcp, "ws://127.0.0.1:1234/"},
		{"ws://localhost:0/chat", tcp, "ws://127.0.0.1:1234/chat"},
		{"udp6://[::1]:0", &net.UDPAddr{IP: net.IPv6loopback, Port: 9}, "udp6://[::1]:9"},
		{"unix:///run/s", unix, "unix:///run/s"},
		{"unix://@s", &net.UnixAddr{Name: "@s", Net: "unix"}, "unix://@s"},
		{"ws+unix:///run/s", unix, "ws+unix:///run/s"},
		{"ws+unix:///run/s:/chat", unix, "ws+unix:///run/s:/chat"},
	} {
		got := main.EndpointURL(tt.raw, tt.addr)
		if got != tt.want {
			t.Errorf("%s on %v: %s, want %s", tt.raw, tt.addr, got, tt.want)
		}
		if _, err := main.ParseEndpoint(got); err != nil {
			t.Errorf("%s: cannot be used again: %v", got, err)
		}
	}
}
