package wsproto_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

func TestRequestParse(t *testing.T) {
	type view struct {
		Method, Target, Path, Query, Host, Key, Origin, Version string
		Length                                                  int64
		HTTP10                                                  bool
	}
	tests := []struct {
		name string
		in   string
		want view
	}{
		{
			"upgrade", hsUpgrade("Origin: http://a.example"),
			view{
				Method: "GET", Target: "/chat?room=1", Path: "/chat", Query: "room=1", Host: "example.com",
				Key: hsKey, Origin: "http://a.example", Version: "13",
			},
		},
		{
			"plain", hsHead("POST /hook HTTP/1.1", "Host: [::1]:80", "Content-Length: 12"),
			view{Method: "POST", Target: "/hook", Path: "/hook", Host: "[::1]:80", Length: 12},
		},
		{
			"chunked", hsHead("POST / HTTP/1.1", "Host: a", "Transfer-Encoding: chunked"),
			view{Method: "POST", Target: "/", Path: "/", Host: "a", Length: -1},
		},
		{
			"names in any case", hsHead("GET / HTTP/1.1", "hOST: a", "SEC-WEBSOCKET-KEY: k", "origin: o", "sec-websocket-version: 8", "CONTENT-LENGTH: 0"),
			view{Method: "GET", Target: "/", Path: "/", Host: "a", Key: "k", Origin: "o", Version: "8"},
		},
		{
			"whitespace around the value", hsHead("GET / HTTP/1.1", "Host: \t a.example:8080 \t", "Origin:null"),
			view{Method: "GET", Target: "/", Path: "/", Host: "a.example:8080", Origin: "null"},
		},
		{
			"empty Host", hsHead("GET / HTTP/1.1", "Host:"),
			view{Method: "GET", Target: "/", Path: "/"},
		},
		{
			"HTTP/1.0 without Host", hsHead("OPTIONS /up HTTP/1.0"),
			view{Method: "OPTIONS", Target: "/up", Path: "/up", HTTP10: true},
		},
		{
			"absolute target replaces Host", hsHead("GET http://b.example:81/p?q=/ HTTP/1.1", "Host: a"),
			view{Method: "GET", Target: "http://b.example:81/p?q=/", Path: "/p", Query: "q=/", Host: "b.example:81"},
		},
		{
			"absolute target without a path", hsHead("GET HTTPS://b?q HTTP/1.1", "Host: a"),
			view{Method: "GET", Target: "HTTPS://b?q", Path: "/", Query: "q", Host: "b"},
		},
		{
			"absolute target of a host alone", hsHead("GET http://b HTTP/1.1", "Host: a"),
			view{Method: "GET", Target: "http://b", Path: "/", Host: "b"},
		},
		{
			"escapes", hsHead("GET /a%20%C3%A9//b;c?d=100%&e={|} HTTP/1.1", "Host: a"),
			view{Method: "GET", Target: "/a%20%C3%A9//b;c?d=100%&e={|}", Path: "/a%20%C3%A9//b;c", Query: "d=100%&e={|}", Host: "a"},
		},
		{
			"bytes beyond ASCII in a value", hsHead("GET / HTTP/1.1", "Host: a", "Origin: \xe9\t\xff"),
			view{Method: "GET", Target: "/", Path: "/", Host: "a", Origin: "\xe9\t\xff"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r wsproto.Request
			p := []byte(tt.in + "rest")
			n, err := r.Parse(p, wsproto.Limits{}, 0)
			if err != nil || n != len(tt.in) {
				t.Fatalf("Parse = %d, %v; want %d", n, err, len(tt.in))
			}
			got := view{
				string(r.Method), string(r.Target), string(r.Path()), string(r.Query()), string(r.Host), string(r.Key),
				string(r.Origin), string(r.Version), r.ContentLength, r.HTTP10,
			}
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
			hsCheckRequestViews(t, p[:n], &r)
		})
	}
}

func TestRequestRefused(t *testing.T) {
	get := func(lines ...string) string {
		return hsHead(append([]string{"GET / HTTP/1.1", "Host: a"}, lines...)...)
	}
	line := func(l string) string { return hsHead(l, "Host: a") }
	tests := []struct {
		name   string
		in     string
		status int
	}{
		{"TLS ClientHello", "\x16\x03\x01\x02\x00\x01\x00", 400},
		{"WebSocket frame", "\x81\x85abcdefghi", 400},
		{"one byte that no method begins with", "\x00", 400},
		{"garbage after a letter", "G\x00", 400},
		{"empty line first", "\r\n", 400},
		{"space first", " GET / HTTP/1.1", 400},
		{"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
		{"HTTP/0.9", "GET /\r\n", 400},
		{"method alone", "GET\r\n", 400},
		{"two spaces before the target", line("GET  / HTTP/1.1"), 400},
		{"two spaces before the version", line("GET /  HTTP/1.1"), 400},
		{"space at the end of the line", line("GET / HTTP/1.1 "), 400},
		{"tab for a space", line("GET\t/ HTTP/1.1"), 400},
		{"empty target", line("GET  HTTP/1.1"), 400},
		{"long method that is no token", line(strings.Repeat("M", 30) + "( / HTTP/1.1"), 400},
		{"version in lower case", line("GET / http/1.1"), 400},
		{"version without a minor", line("GET / HTTP/1"), 400},
		{"version of two digits", line("GET / HTTP/1.10"), 400},
		{"version without a point", line("GET / HTTP/1x1"), 400},
		{"version that is not a number", line("GET / HTTP/x.1"), 400},
		{"HTTP/0.9 in words", line("GET / HTTP/0.9"), 505},
		{"HTTP/1.2", line("GET / HTTP/1.2"), 505},
		{"HTTP/2.0", line("GET / HTTP/2.0"), 505},
		{"relative target", line("GET chat HTTP/1.1"), 400},
		{"asterisk", line("OPTIONS * HTTP/1.1"), 400},
		{"authority as the target", line("CONNECT a:80 HTTP/1.1"), 400},
		{"another scheme", line("GET ftp://a/ HTTP/1.1"), 400},
		{"scheme ws", line("GET ws://a/ HTTP/1.1"), 400},
		{"absolute target without a host", line("GET http:///p HTTP/1.1"), 400},
		{"userinfo in the target", line("GET http://u:p@a/ HTTP/1.1"), 400},
		{"fragment", line("GET /a#b HTTP/1.1"), 400},
		{"control character in the target", line("GET /a\x01b HTTP/1.1"), 400},
		{"byte beyond ASCII in the target", line("GET /\xe9 HTTP/1.1"), 400},
		{"bad escape in the path", line("GET /a%zz HTTP/1.1"), 400},
		{"short escape in the path", line("GET /a%2 HTTP/1.1"), 400},
		{"escape cut by the query", line("GET /a%2?0 HTTP/1.1"), 400},

		{"bare LF after the request line", "GET / HTTP/1.1\nHost: a\n\n", 400},
		{"bare LF after a field", "GET / HTTP/1.1\r\nHost: a\n", 400},
		{"bare LF as the empty line", "GET / HTTP/1.1\r\nHost: a\r\n\n", 400},
		{"bare CR in the request line", line("GET /\r HTTP/1.1"), 400},
		{"bare CR in a value", get("X-A: a\rb"), 400},
		{"folded field", get("X-A: a", " b"), 400},
		{"folded with a tab", get("X-A: a", "\tb"), 400},
		{"whitespace before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
		{"space before the colon", get("X-A : b"), 400},
		{"tab before the colon", get("X-A\t: b"), 400},
		{"no colon", get("X-A"), 400},
		{"no name", get(": b"), 400},
		{"name that is no token", get("X(A): b"), 400},
		{"name beyond ASCII", get("X-\xe9: b"), 400},
		{"NUL in a value", get("X-A: a\x00b"), 400},
		{"control character in a value", get("X-A: a\x1fb"), 400},
		{"DEL in a value", get("X-A: a\x7fb"), 400},

		{"no Host", hsHead("GET / HTTP/1.1"), 400},
		{"no Host beside an absolute target", hsHead("GET http://a/ HTTP/1.1"), 400},
		{"two Hosts", get("host: a"), 400},
		{"two empty Hosts", hsHead("GET / HTTP/1.1", "Host:", "Host:"), 400},
		{"two Hosts in HTTP/1.0", hsHead("GET / HTTP/1.0", "Host: a", "Host: b"), 400},
		{"Host with a path", hsHead("GET / HTTP/1.1", "Host: a/b"), 400},
		{"Host with a space", hsHead("GET / HTTP/1.1", "Host: a b"), 400},
		{"Host with userinfo", hsHead("GET / HTTP/1.1", "Host: u@a"), 400},
		{"Host of a port alone", hsHead("GET / HTTP/1.1", "Host: :80"), 400},
		{"Host with a port that is no number", hsHead("GET / HTTP/1.1", "Host: a:b"), 400},
		{"Host with an open bracket", hsHead("GET / HTTP/1.1", "Host: [::1"), 400},
		{"Host with empty brackets", hsHead("GET / HTTP/1.1", "Host: []"), 400},
		{"Host with text after the bracket", hsHead("GET / HTTP/1.1", "Host: [::1]a"), 400},

		{"Content-Length with a sign", get("Content-Length: +1"), 400},
		{"Content-Length empty", get("Content-Length:"), 400},
		{"Content-Length as a list", get("Content-Length: 1, 1"), 400},
		{"Content-Length twice", get("Content-Length: 1", "Content-Length: 1"), 400},
		{"Content-Length beyond reason", get("Content-Length: 1234567890123456789"), 400},
		{"Content-Length and Transfer-Encoding", get("Content-Length: 1", "Transfer-Encoding: chunked"), 400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r wsproto.Request
			n, err := r.Parse([]byte(tt.in), wsproto.Limits{}, 0)
			if got := hsStatus(t, err); got != tt.status || n != 0 {
				t.Errorf("Parse = %d, %v; want status %d", n, err, tt.status)
			}
		})
	}
}

func TestRequestFields(t *testing.T) {
	var r wsproto.Request
	in := []byte(hsHead(
		"GET / HTTP/1.1", "Host: a", "Cookie: a=1", "cookie:b=2", "X-Empty:",
		"Sec-WebSocket-Protocol: chat, ,superchat,", "Sec-WebSocket-Extensions: a; x=\"1,2\", b",
		"sec-websocket-protocol:\tmqtt", "Sec-WebSocket-Protocol:", "sec-websocket-extensions: c"))
	if n, err := r.Parse(in, wsproto.Limits{}, 0); n != len(in) || err != nil {
		t.Fatalf("Parse = %d, %v", n, err)
	}
	if got := string(r.Header("COOKIE")); got != "a=1" {
		t.Errorf("Header is %q, not the first value", got)
	}
	if r.Header("X-Absent") != nil || r.Header("X-Empty") == nil || len(r.Header("X-Empty")) != 0 {
		t.Error("Header does not tell absent and empty apart")
	}

	all := func(each func(func([]byte) bool)) (got []string) {
		for v := range each {
			got = append(got, string(v))
		}
		return got
	}
	if d := cmp.Diff([]string{"chat", "superchat", "mqtt"}, all(r.EachProtocol)); d != "" {
		t.Errorf("protocols (-want +got)\n%s", d)
	}
	if d := cmp.Diff([]string{`a; x="1,2", b`, "c"}, all(r.EachExtension)); d != "" {
		t.Errorf("extensions (-want +got)\n%s", d)
	}
	cookies := all(func(yield func([]byte) bool) { r.EachValue("Cookie", yield) })
	if d := cmp.Diff([]string{"a=1", "b=2"}, cookies); d != "" {
		t.Errorf("cookies (-want +got)\n%s", d)
	}
	for first := range r.EachProtocol { // stops over several fields when asked to
		if string(first) != "chat" {
			t.Errorf("first protocol %q", first)
		}
		break
	}
	var names []string
	for name := range r.EachHeader {
		if names = append(names, string(name)); len(names) == 4 {
			break
		}
	}
	if d := cmp.Diff([]string{"Host", "Cookie", "cookie", "X-Empty"}, names); d != "" {
		t.Errorf("names (-want +got)\n%s", d)
	}
}

func TestRequestSelectProtocol(t *testing.T) {
	tests := []struct {
		name      string
		offered   string
		supported []string
		want      string
	}{
		{"none offered", "-Sec-WebSocket-Protocol", []string{"a"}, ""},
		{"none supported", "Sec-WebSocket-Protocol: a", nil, ""},
		{"no match", "Sec-WebSocket-Protocol: a, b", []string{"c"}, ""},
		{"the client's order counts", "Sec-WebSocket-Protocol: x, b, a", []string{"a", "b"}, "b"},
		{"case counts", "Sec-WebSocket-Protocol: A", []string{"a"}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r wsproto.Request
			if _, err := r.Parse([]byte(hsUpgrade(tt.offered)), wsproto.Limits{}, 0); err != nil {
				t.Fatal(err)
			}
			if got := r.SelectProtocol(tt.supported); got != tt.want {
				t.Errorf("SelectProtocol = %q, want %q", got, tt.want)
			}
		})
	}
}

func TestRequestZero(t *testing.T) {
	var r wsproto.Request
	r.EachHeader(func(_, _ []byte) bool { t.Error("a field of nothing"); return true })
	if r.Path() != nil || r.Query() != nil || r.Header("Host") != nil {
		t.Error("the zero Request is not empty")
	}
	if got := hsStatus(t, r.CheckUpgrade()); got != 405 {
		t.Errorf("CheckUpgrade of the zero Request: status %d", got)
	}
	// A pooled one keeps nothing of the request before.
	if _, err := r.Parse([]byte(hsUpgrade("Origin: o")), wsproto.Limits{}, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Parse([]byte(hsHead("GET / HTTP/1.1", "Host: a")), wsproto.Limits{}, 0); err != nil {
		t.Fatal(err)
	}
	if r.Key != nil || r.Origin != nil || hsStatus(t, r.CheckUpgrade()) != 426 {
		t.Error("Parse kept something of the request before")
	}
}

func hsCheckRequestViews(t testing.TB, head []byte, r *wsproto.Request) {
	t.Helper()
	for what, view := range map[string][]byte{
		"Method": r.Method, "Target": r.Target, "Path": r.Path(), "Query": r.Query(), "Host": r.Host,
		"Key": r.Key, "Origin": r.Origin, "Version": r.Version,
	} {
		hsInside(t, what, head, view)
	}
	for name, value := range r.EachHeader {
		hsInside(t, "name", head, name)
		hsInside(t, "value", head, value)
	}
	for p := range r.EachProtocol {
		hsInside(t, "protocol", head, p)
	}
}
