package main_test

import (
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	gorilla "github.com/gorilla/websocket"

	main "github.com/sockeye-io/sockeye/cmd/sockeye"
)

// dial connects to a URL of a server with package net.
func dial(t *testing.T, url string) net.Conn {
	t.Helper()
	network, addr, _ := strings.Cut(url, "://")
	nc, err := net.Dial(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	if err := nc.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return nc
}

func dialWS(t *testing.T, url string) *gorilla.Conn {
	t.Helper()
	c, resp, err := gorilla.DefaultDialer.Dial(url, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetReadDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return c
}

func roundTrip(t *testing.T, nc net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(nc, text); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(text))
	if _, err := io.ReadFull(nc, got); err != nil || string(got) != text {
		t.Fatalf("got %q (%v), want %q back", got, err, text)
	}
}

func TestServeEchoesDatagrams(t *testing.T) {
	t.Parallel()
	for handler, want := range map[string]string{"echo": "ping", "greet": "Thanks! Got your message:ping"} {
		s := serve(t, "--handler", handler, "-l", "udp://127.0.0.1:0")
		nc := dial(t, s.urls[0])
		if _, err := io.WriteString(nc, "ping"); err != nil {
			t.Fatal(err)
		}
		buf := make([]byte, 100)
		n, err := nc.Read(buf)
		if err != nil || string(buf[:n]) != want {
			t.Errorf("%s: got %q (%v), want %q", handler, buf[:n], err, want)
		}
	}
}

func TestServeDrains(t *testing.T) {
	t.Parallel()
	s := serve(t, "-l", "tcp://127.0.0.1:0", "-l", "ws://127.0.0.1:0")
	raw := dial(t, s.urls[0])
	roundTrip(t, raw, "hello")
	ws := dialWS(t, s.urls[1])

	s.signal(syscall.SIGTERM)
	if _, _, err := ws.ReadMessage(); !gorilla.IsCloseError(err, gorilla.CloseGoingAway) {
		t.Errorf("WebSocket: %v, want close code 1001", err)
	}
	_ = ws.Close()
	if b, err := io.ReadAll(raw); err != nil || len(b) > 0 {
		t.Errorf("TCP: %q, %v, want a clean end", b, err)
	}
	_ = raw.Close()
	if code := s.code(); code != 0 {
		t.Errorf("exit code %d, want 0", code)
	}
	if !strings.Contains(s.text(), "msg=drained connections=2 cut=0 ") {
		t.Errorf("the log does not tell what was drained:\n%s", s.text())
	}
	if _, err := net.Dial("tcp", raw.RemoteAddr().String()); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dial after the end: %v, want connection refused", err)
	}
}

func TestServeCutsOff(t *testing.T) {
	t.Parallel()
	s := serve(t, "-l", "tcp://127.0.0.1:0", "--shutdown-timeout", "0s")
	roundTrip(t, dial(t, s.urls[0]), "hello") // and never closes
	s.signal(syscall.SIGTERM)
	if code := s.code(); code != 1 {
		t.Errorf("exit code %d, want 1", code)
	}
	if !strings.Contains(s.text(), "msg=drained connections=0 cut=1 ") {
		t.Errorf("the log does not tell what was cut off:\n%s", s.text())
	}
}

func TestServeSecondSignal(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		first, second syscall.Signal
		code          int
	}{{syscall.SIGTERM, syscall.SIGINT, 130}, {syscall.SIGINT, syscall.SIGTERM, 143}} {
		s := serve(t, "-l", "ws://127.0.0.1:0", "--shutdown-timeout", "-1s")
		_ = dialWS(t, s.urls[0]) // and never answers the close frame
		s.signal(tt.first)
		s.waitFor(t, "msg=draining")
		s.signal(tt.second)
		if code := s.code(); code != tt.code {
			t.Errorf("exit code %d, want %d", code, tt.code)
		}
		if strings.Contains(s.text(), "msg=drained") {
			t.Errorf("it drained:\n%s", s.text())
		}
	}
}

func TestServeBroadcasts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := serve(t, "--handler", "broadcast", "--loops", "2",
		"-l", "tcp://127.0.0.1:0", "-l", "unix://"+dir+"/s", "-l", "unixpacket://"+dir+"/p", "-l", "ws://127.0.0.1:0/")
	other := connect(t, s.urls[0]) // of a listener that is not spoken on
	other.send("other\n")
	other.want("other")
	for _, url := range s.urls[1:] {
		var all []*client
		for range 4 {
			c := connect(t, url)
			c.send("I am here\n")
			c.want("I am here") // it is connected now
			for _, o := range all {
				o.want("I am here")
			}
			all = append(all, c)
		}
		all[1].send("to all\n")
		for _, c := range all {
			c.want("to all")
		}
	}
	_ = other.in.Close()
	if rest, code := other.end(); rest != "" || code != 0 {
		t.Errorf("the client of another listener got %q, exit code %d", rest, code)
	}
}

func TestServeKeepsMessageType(t *testing.T) {
	t.Parallel()
	for _, handler := range []string{"echo", "broadcast", "greet"} {
		s := serve(t, "--handler", handler, "-l", "ws://127.0.0.1:0/")
		for _, kind := range []int{gorilla.TextMessage, gorilla.BinaryMessage} {
			c := dialWS(t, s.urls[0])
			if err := c.WriteMessage(kind, []byte("x")); err != nil {
				t.Fatal(err)
			}
			if got, _, err := c.ReadMessage(); err != nil || got != kind {
				t.Errorf("%s: type %d (%v), want %d", handler, got, err, kind)
			}
		}
	}
}

func TestServeLimits(t *testing.T) {
	t.Parallel()
	s := serve(t, "-l", "ws://127.0.0.1:0/", "--max-message", "1KiB", "--max-conns", "1")
	c := dialWS(t, s.urls[0])
	if _, _, err := gorilla.DefaultDialer.Dial(s.urls[0], nil); err == nil {
		t.Error("a connection over --max-conns was served")
	}
	if err := c.WriteMessage(gorilla.BinaryMessage, make([]byte, 1025)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.ReadMessage(); !gorilla.IsCloseError(err, gorilla.CloseMessageTooBig) {
		t.Errorf("a message over --max-message: %v, want 1009", err)
	}

	s = serve(t, "-l", "tcp://127.0.0.1:0", "--idle-timeout", "100ms")
	if b, err := io.ReadAll(dial(t, s.urls[0])); err != nil || len(b) > 0 {
		t.Errorf("an idle connection ended with %q, %v", b, err)
	}
}

func TestServeNetcat(t *testing.T) {
	t.Parallel()
	needs(t, "nc")
	dir := t.TempDir()
	s := serve(t, "--handler", "greet", "-l", "tcp://127.0.0.1:0", "-l", "unix://"+dir+"/s")
	_, hostport, _ := strings.Cut(s.urls[0], "://")
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{host, port}, {"-U", dir + "/s"}} {
		c := talk(t, "nc", args...)
		c.send("Hello Server! Greetings.")
		_ = c.in.Close() // nc sends no FIN, and waits for ours
		if rest, code := c.end(); rest != "Thanks! Got your message:Hello Server! Greetings." || code != 0 {
			t.Errorf("nc %q printed %q, exit code %d", args, rest, code)
		}
	}
}

func TestSetGC(t *testing.T) {
	t.Setenv("GOGC", "")
	before := main.SetGC(0, false)
	defer main.SetGC(before, true)
	for _, tt := range []struct {
		name    string
		percent int
		asked   bool
		env     string
		want    int
	}{
		{"default", 50, false, "", 50},
		{"zero leaves it", 0, true, "", 50},
		{"GOGC wins over the default", 30, false, "77", 50},
		{"the flag wins over GOGC", 40, true, "77", 40},
	} {
		t.Setenv("GOGC", tt.env)
		if got := main.SetGC(tt.percent, tt.asked); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}
