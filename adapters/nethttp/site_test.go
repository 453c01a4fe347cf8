package nethttp_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"golang.org/x/net/http2"
)

// mode is a way from a client to a handler.
type mode struct {
	name     string
	tls, two bool
}

var (
	modes = []mode{{"http", false, false}, {"https", true, false}, {"h2", true, true}, {"h2c", false, true}}
	one   = modes[0]
	two   = modes[2]
)

// each runs the same test in every mode.
func each(t *testing.T, test func(t *testing.T, m mode)) {
	t.Parallel()
	for _, m := range modes {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			test(t, m)
		})
	}
}

// site is a server of net/http.
type site struct {
	mode
	*httptest.Server
	at     string
	client *http.Client // of HTTP/2
}

func (m mode) serve(t testing.TB, h http.Handler, more ...func(*http.Server)) *site {
	t.Helper()
	s := &site{mode: m, Server: httptest.NewUnstartedServer(h)}
	s.Config.ErrorLog = quiet
	for _, set := range more {
		set(s.Config)
	}
	s.client = client(m.tls)
	switch {
	case m.tls:
		s.EnableHTTP2 = m.two
		s.StartTLS()
	default:
		if m.two {
			s.Config.Protocols = new(http.Protocols)
			s.Config.Protocols.SetUnencryptedHTTP2(true)
		}
		s.Start()
	}
	s.at = s.Listener.Addr().String()
	t.Cleanup(func() {
		s.client.CloseIdleConnections()
		s.CloseClientConnections()
		s.Close()
	})
	return s
}

// client is one of HTTP/2 that can do extended CONNECT.
//
//nolint:staticcheck // http2.Transport is deprecated, but its successor in net/http takes no :protocol
func client(secure bool) *http.Client {
	tr := &http2.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
		AllowHTTP:       true,
	}
	if !secure {
		tr.DialTLSContext = func(ctx context.Context, network, addr string, _ *tls.Config) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, addr)
		}
	}
	return &http.Client{Transport: tr}
}

// ws is the URL for a client of WebSocket.
func (s *site) ws() string { return "ws" + strings.TrimPrefix(s.URL, "http") }

// ask sends a handshake for path, with header lines that replace its own, and
// early behind it, and returns the answer. The wire is what follows.
func (s *site) ask(t testing.TB, path, early string, lines ...string) (*http.Response, *wire) {
	t.Helper()
	if s.two {
		return s.connect(t, path, early, lines...)
	}
	return s.upgrade(t, path, early, lines...)
}

func (s *site) upgrade(t testing.TB, path, early string, lines ...string) (*http.Response, *wire) {
	t.Helper()
	head := "GET " + path + " HTTP/1.1\r\nHost: " + s.at + "\r\n"
	h := http.Header{
		"Upgrade": {"websocket"}, "Connection": {"Upgrade"},
		"Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}, "Sec-Websocket-Version": {"13"},
	}
	replace(h, lines)
	var b strings.Builder
	b.WriteString(head)
	_ = h.Write(&b)
	b.WriteString("\r\n" + early)
	return s.raw(t, http.MethodGet, b.String())
}

// raw sends bytes and reads one answer.
func (s *site) raw(t testing.TB, method, request string) (*http.Response, *wire) {
	t.Helper()
	w := s.knock(t)
	w.send(request)
	resp, err := http.ReadResponse(w.r, &http.Request{Method: method})
	if err != nil {
		t.Fatal(err)
	}
	return resp, w
}

// knock connects.
func (s *site) knock(t testing.TB) *wire {
	t.Helper()
	nc, err := net.Dial("tcp", s.at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(patience))
	if s.tls {
		nc = tls.Client(nc, &tls.Config{InsecureSkipVerify: true})
	}
	return &wire{t, nc, bufio.NewReader(nc)}
}

func (s *site) connect(t testing.TB, path, early string, lines ...string) (*http.Response, *wire) {
	t.Helper()
	pr, pw := io.Pipe()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodConnect, s.URL+path, pr)
	if err != nil {
		t.Fatal(err)
	}
	req.Header[":protocol"] = []string{"websocket"}
	req.Header.Set("Sec-WebSocket-Version", "13")
	replace(req.Header, lines)
	if early != "" {
		go func() { _, _ = io.WriteString(pw, early) }()
	}
	resp, err := s.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body := resp.Body
	t.Cleanup(func() { _ = body.Close() })
	return resp, &wire{t, struct {
		io.Reader
		io.WriteCloser
	}{body, pw}, bufio.NewReader(body)}
}

// replace sets header lines, "Name: value"; an empty value removes them.
func replace(h http.Header, lines []string) {
	for _, line := range lines {
		name, _, _ := strings.Cut(line, ": ")
		delete(h, name)
		h.Del(name)
	}
	for _, line := range lines {
		if name, value, _ := strings.Cut(line, ": "); value != "" && name[0] == ':' {
			h[name] = append(h[name], value)
		} else if value != "" {
			h.Add(name, value)
		}
	}
}

// open is ask for a handshake that must be accepted.
func (s *site) open(t testing.TB, path, early string, lines ...string) *wire {
	t.Helper()
	resp, w := s.ask(t, path, early, lines...)
	want := http.StatusSwitchingProtocols
	if s.two {
		want = http.StatusOK
	}
	if resp.StatusCode != want {
		b, _ := io.ReadAll(resp.Body)
		t.Fatalf("the handshake was answered with %d %s", resp.StatusCode, b)
	}
	return w
}

// wire is the client's end of a WebSocket, without a protocol.
type wire struct {
	t testing.TB
	io.ReadWriteCloser
	r *bufio.Reader
}

func (w *wire) send(s string) {
	w.t.Helper()
	if _, err := io.WriteString(w, s); err != nil {
		w.t.Fatal(err)
	}
}

// expect wants a frame of the server next, whole and not masked.
func (w *wire) expect(op ws.OpCode, payload string) {
	w.t.Helper()
	h, err := ws.ReadHeader(w.r)
	got := make([]byte, min(h.Length, 1<<20))
	if err == nil {
		_, err = io.ReadFull(w.r, got)
	}
	switch {
	case err != nil:
		w.t.Fatalf("instead of a frame: %v", err)
	case h.OpCode != op || !h.Fin || h.Masked || h.Length != int64(len(payload)) || string(got) != payload:
		w.t.Fatalf("received %+v with %.80q, want opcode %d with %d bytes %.80q", h, got, op, len(payload), payload)
	}
}

// ended wants that nothing follows.
func (w *wire) ended() {
	w.t.Helper()
	if b, err := io.ReadAll(w.r); len(b) > 0 || err != nil {
		w.t.Errorf("at the end came %q, %v", b, err)
	}
	_ = w.Close()
}

// frame is one as a client sends it.
func frame(op ws.OpCode, payload string) string {
	return string(ws.MustCompileFrame(ws.MaskFrame(ws.NewFrame(op, true, []byte(payload)))))
}

func text(payload string) string { return frame(ws.OpText, payload) }

func bye(code ws.StatusCode, reason string) string { return string(ws.NewCloseFrameBody(code, reason)) }
