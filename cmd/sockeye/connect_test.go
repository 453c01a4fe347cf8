package main_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	gorilla "github.com/gorilla/websocket"
)

// wsPeer serves one conversation after the other with a foreign WebSocket
// server and answers its URL.
func wsPeer(t *testing.T, up gorilla.Upgrader, talk func(c *gorilla.Conn, r *http.Request)) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := up.Upgrade(w, r, nil); err == nil {
			talk(c, r)
			_ = c.Close()
		}
	}))
	t.Cleanup(s.Close)
	return "ws" + strings.TrimPrefix(s.URL, "http")
}

func TestConnectInterrupted(t *testing.T) {
	t.Parallel()
	s := serve(t, "-l", "tcp://127.0.0.1:0", "-l", "ws://127.0.0.1:0/")
	for sig, want := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143} {
		for _, url := range s.urls {
			c := connect(t, url)
			c.send("one\n")
			c.want("one")
			_ = c.cmd.Process.Signal(sig)
			if rest, code := c.end(); code != want || rest != "" {
				t.Errorf("%s after %v: %q, exit code %d, want %d", url, sig, rest, code, want)
			}
		}
	}
}

func TestConnectCloseCodes(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		frame  []byte // of the close; nil drops the connection without one
		code   int
		stderr string
	}{
		{gorilla.FormatCloseMessage(1000, "bye"), 0, ""},
		{gorilla.FormatCloseMessage(1001, ""), 0, ""},
		{[]byte{}, 0, ""},
		{gorilla.FormatCloseMessage(1008, "no \x1b[2J"), 1, `closed by the server with 1008 no \x1b[2J`},
		{gorilla.FormatCloseMessage(4000, ""), 1, "closed by the server with 4000"},
		{nil, 1, "connection lost"},
	} {
		url := wsPeer(t, gorilla.Upgrader{}, func(c *gorilla.Conn, _ *http.Request) {
			_ = c.WriteMessage(gorilla.TextMessage, []byte("last words"))
			if tt.frame != nil {
				_ = c.WriteMessage(gorilla.CloseMessage, tt.frame)
				_, _, _ = c.ReadMessage()
			}
		})
		c := connect(t, url)
		rest, code := c.end()
		if rest != "last words\n" || code != tt.code || !strings.Contains(c.errs.String(), tt.stderr) ||
			tt.stderr == "" && c.errs.String() != "" {
			t.Errorf("close with %q: %q, exit code %d, %q; want code %d and %q",
				tt.frame, rest, code, c.errs.String(), tt.code, tt.stderr)
		}
	}
}

func TestConnectHandshake(t *testing.T) {
	t.Parallel()
	up := gorilla.Upgrader{Subprotocols: []string{"two"}, CheckOrigin: func(*http.Request) bool { return true }}
	url := wsPeer(t, up, func(c *gorilla.Conn, r *http.Request) {
		_ = c.WriteMessage(gorilla.TextMessage, fmt.Appendf(nil, "%s|%s|%s|%s|%s", c.Subprotocol(),
			r.Header.Get("X-A"), r.Header.Get("X-B"), r.Header.Get("Origin"), r.RequestURI))
		_ = c.WriteMessage(gorilla.CloseMessage, gorilla.FormatCloseMessage(1000, ""))
		_, _, _ = c.ReadMessage()
	})
	c := connect(t, "-s", "one", "-s", "two", "-H", "X-A: 1", "-H", "X-B:2:3", "-o", "http://here", url+"/p?q=1")
	c.want("two|1|2:3|http://here|/p?q=1")
	if rest, code := c.end(); rest != "" || code != 0 {
		t.Errorf("then %q, exit code %d", rest, code)
	}
}

// TestConnectWaits lets a server answer late, and never close by itself.
func TestConnectWaits(t *testing.T) {
	t.Parallel()
	url := wsPeer(t, gorilla.Upgrader{}, func(c *gorilla.Conn, _ *http.Request) {
		asked := make(chan struct{})
		go func() {
			<-asked
			for _, m := range []string{"one", "two", "three"} {
				_ = c.WriteMessage(gorilla.TextMessage, []byte(m))
			}
		}()
		for first := true; ; first = false {
			if _, _, err := c.ReadMessage(); err != nil {
				return
			}
			if first {
				close(asked)
			}
		}
	})
	for _, tt := range []struct {
		args []string
		in   string
		want string
		code int
	}{
		{[]string{"-x", "ask", "-n", "2"}, "", "one\ntwo\n", 0},
		{[]string{"-n", "3"}, "ask\n", "one\ntwo\nthree\n", 0},
		{[]string{"-n", "1", "-b"}, "ask\n", "one", 0},
		{[]string{"-x", "ask", "-w", "0.5", "-n", "4"}, "", "one\ntwo\nthree\n", 1},
	} {
		cmd := exec.Command("sockeye", append(append([]string{"connect"}, tt.args...), url)...)
		cmd.Stdin = strings.NewReader(tt.in)
		out, _ := cmd.Output()
		if got := cmd.ProcessState.ExitCode(); string(out) != tt.want || got != tt.code {
			t.Errorf("%q printed %q, exit code %d; want %q, %d", tt.args, out, got, tt.want, tt.code)
		}
	}
}

// TestConnectGivesUp meets servers that accept and then say nothing.
func TestConnectGivesUp(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close() // the connections end in its backlog
	for url, want := range map[string]string{
		"ws://" + ln.Addr().String() + "/": "no connection within 200ms",
		"tcp://" + ln.Addr().String():      "sent nothing for 200ms and did not close",
	} {
		c := connect(t, "--timeout", "200ms", url)
		_ = c.in.Close()
		if rest, code := c.end(); rest != "" || code != 1 || !strings.Contains(c.errs.String(), want) {
			t.Errorf("%s: %q, exit code %d, %q; want 1 and %q", url, rest, code, c.errs.String(), want)
		}
	}
	mute := wsPeer(t, gorilla.Upgrader{}, func(c *gorilla.Conn, _ *http.Request) {
		_, _ = io.Copy(io.Discard, c.NetConn()) // reads the close frame and does not answer
	})
	c := connect(t, "--timeout", "200ms", mute)
	_ = c.in.Close()
	if _, code := c.end(); code != 1 || !strings.Contains(c.errs.String(), "did not answer our close frame within 200ms") {
		t.Errorf("exit code %d, %q", code, c.errs.String())
	}
}

// TestConnectBulk sends more than all buffers on the way hold.
func TestConnectBulk(t *testing.T) {
	t.Parallel()
	s := serve(t, "-l", "tcp://127.0.0.1:0", "-l", "ws://127.0.0.1:0/", "--high-water", "-1")
	line := strings.Repeat("0123456789abcdef", 64) + "\n"
	data := []byte(strings.Repeat(line, 8<<10)) // 8 MiB
	for _, args := range [][]string{{s.urls[0]}, {s.urls[1]}, {"-b", s.urls[0]}, {"-b", s.urls[1]}} {
		cmd := exec.Command("sockeye", append([]string{"connect"}, args...)...)
		cmd.Stdin = bytes.NewReader(data)
		var errs bytes.Buffer
		cmd.Stderr = &errs
		out, err := cmd.Output()
		if err != nil || !bytes.Equal(out, data) {
			t.Errorf("%q: %d of %d bytes came back, %v\n%s", args, len(out), len(data), err, errs.String())
		}
	}
}
