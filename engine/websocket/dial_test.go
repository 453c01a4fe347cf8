package websocket_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/codec/wsproto"
	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// scripted is a server that does what script says with each connection, after
// it has read a request. It returns the URL.
func scripted(t testing.TB, script func(nc net.Conn, r *http.Request)) string {
	t.Helper()
	return "ws://" + listen(t, func(nc net.Conn) error {
		if r, err := http.ReadRequest(bufio.NewReader(nc)); err == nil {
			script(nc, r)
		}
		return nil
	}) + "/"
}

// accept is the answer that accepts r, with more header lines.
func accept(r *http.Request, lines ...string) string {
	key := wsproto.AppendAccept(nil, []byte(r.Header.Get("Sec-Websocket-Key")))
	return "HTTP/1.1 101 \r\nUpgrade: WebSocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: " + string(key) + "\r\n" +
		strings.Join(append(lines, "\r\n"), "\r\n")
}

func TestDialWrong(t *testing.T) {
	t.Parallel()
	e := start(t)
	for name, tt := range map[string]struct {
		url string
		o   websocket.DialOptions
	}{
		"http":              {url: "http://localhost/"},
		"TLS of packets":    {url: "wss://localhost/", o: websocket.DialOptions{Network: "unixpacket", Addr: "a"}},
		"only a port":       {url: "ws://:80/"},
		"no scheme":         {url: "localhost"},
		"no host":           {url: "ws:///path"},
		"opaque":            {url: "ws:localhost"},
		"fragment":          {url: "ws://localhost/#a"},
		"escape":            {url: "ws://localhost/%zz"},
		"port":              {url: "ws://user:secret@localhost:port/"},
		"half a header":     {url: "ws://localhost/", o: websocket.DialOptions{Header: []string{"A"}}},
		"header name":       {url: "ws://localhost/", o: websocket.DialOptions{Header: []string{"A B", "c"}}},
		"header value":      {url: "ws://localhost/", o: websocket.DialOptions{Header: []string{"A", "b\r\nC: d"}}},
		"header of ours":    {url: "ws://localhost/", o: websocket.DialOptions{Header: []string{"Sec-WebSocket-Key", "a"}}},
		"origin":            {url: "ws://localhost/", o: websocket.DialOptions{Origin: "a\r\nb"}},
		"subprotocol":       {url: "ws://localhost/", o: websocket.DialOptions{Options: websocket.Options{Subprotocols: []string{"a b"}}}},
		"subprotocol twice": {url: "ws://localhost/", o: websocket.DialOptions{Options: websocket.Options{Subprotocols: []string{"a", "a"}}}},
		"low water": {url: "ws://localhost/", o: websocket.DialOptions{
			Engine: engine.DialOptions{Options: engine.Options{LowWater: -1}},
		}},
		"network": {url: "ws://localhost/", o: websocket.DialOptions{Network: "ipx", Addr: "a"}},
	} {
		h, err := websocket.Dial(t.Context(), e, tt.url, newTalk(), tt.o)
		if err == nil || !strings.HasPrefix(err.Error(), "websocket: ") || strings.Contains(err.Error(), "secret") || h != (websocket.Handle{}) {
			t.Errorf("%s: got %v, %v", name, h, err)
		}
	}
	if s := e.Stats(); s.Dialed != 0 {
		t.Errorf("%d connections were made", s.Dialed)
	}
}

func TestDialRequest(t *testing.T) {
	t.Parallel()
	requests := make(chan *http.Request, 1)
	url := scripted(t, func(nc net.Conn, r *http.Request) {
		requests <- r.Clone(context.Background())
		_, _ = io.WriteString(nc, accept(r, "Sec-WebSocket-Protocol: b", "X: y")+plain(fin|text, "early"))
		_, _ = io.Copy(io.Discard, nc)
	})
	k := newTalk()
	e := start(t)
	keys := map[string]bool{}
	for range 3 {
		h, err := websocket.Dial(t.Context(), e, url+"a%20b?c=d", k, websocket.DialOptions{
			Options: websocket.Options{Subprotocols: []string{"a", "b"}},
			Header:  []string{"Authorization", "Basic x", "Cookie", "e=f"},
			Origin:  "http://example.com",
		})
		if err != nil {
			t.Fatal(err)
		}
		r := wait(t, requests, "request")
		key := r.Header.Get("Sec-Websocket-Key")
		if b, err := base64.StdEncoding.DecodeString(key); err != nil || len(b) != 16 || keys[key] {
			t.Errorf("key %q: %d bytes, %v, seen before %v", key, len(b), err, keys[key])
		}
		keys[key] = true
		r.Header.Del("Sec-Websocket-Key")
		diff(t, "request", []string{"GET", "/a%20b?c=d", strings.Trim(url, "ws:/")}, []string{r.Method, r.RequestURI, r.Host})
		diff(t, "header", http.Header{
			"Upgrade": {"websocket"}, "Connection": {"Upgrade"}, "Sec-Websocket-Version": {"13"},
			"Sec-Websocket-Protocol": {"a, b"}, "Origin": {"http://example.com"}, "Authorization": {"Basic x"}, "Cookie": {"e=f"},
		}, r.Header)
		if got := wait(t, k.messages, "message"); got != "early" {
			t.Errorf("the frame behind the answer is %q", got)
		}
		_ = h.Post(func(c *websocket.Conn) { c.Abort(nil) })
		_ = wait(t, k.closed, "OnClose")
	}
}

func TestDialRefused(t *testing.T) {
	t.Parallel()
	e := start(t)
	for name, tt := range map[string]struct {
		answer func(r *http.Request) string
		status int
		header string // that must be in HandshakeError.Header
	}{
		"403":          {func(*http.Request) string { return "HTTP/1.1 403 No\r\nX-Why: because\r\n\r\nbody" }, 403, "X-Why: because\r\n"},
		"302":          {func(*http.Request) string { return "HTTP/1.1 302 Found\r\nLocation: /b\r\n\r\n" }, 302, "Location: /b\r\n"},
		"200":          {func(*http.Request) string { return "HTTP/1.1 200 OK\r\n\r\n" }, 200, ""},
		"not HTTP":     {func(*http.Request) string { return "SSH-2.0-OpenSSH_9\r\n" }, 0, ""},
		"a long head":  {func(*http.Request) string { return "HTTP/1.1 101 \r\nA: " + strings.Repeat("b", 9000) }, 0, ""},
		"wrong accept": {func(r *http.Request) string { r.Header.Set("Sec-Websocket-Key", "x"); return accept(r) }, 101, "Upgrade"},
		"no accept": {func(*http.Request) string {
			return "HTTP/1.1 101 \r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"
		}, 101, ""},
		"another upgrade":    {func(r *http.Request) string { return strings.Replace(accept(r), "WebSocket", "h2c", 1) }, 101, "h2c"},
		"no connection":      {func(r *http.Request) string { return strings.Replace(accept(r), "Connection", "X", 1) }, 101, ""},
		"subprotocol":        {func(r *http.Request) string { return accept(r, "Sec-WebSocket-Protocol: c") }, 101, "Protocol: c\r\n"},
		"extension":          {func(r *http.Request) string { return accept(r, "Sec-WebSocket-Extensions: permessage-deflate") }, 101, ""},
		"no end of interims": {func(*http.Request) string { return strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n", 1000) }, 103, "Link: a\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := scripted(t, func(nc net.Conn, r *http.Request) {
				_, _ = io.WriteString(nc, tt.answer(r))
				_, _ = io.Copy(io.Discard, nc) // until the client has let go
			})
			k := newTalk()
			k.opened = func(*websocket.Conn) { t.Error("OnOpen was called") }
			h, err := websocket.Dial(t.Context(), e, url, k, websocket.DialOptions{Options: websocket.Options{Subprotocols: []string{"a", "b"}}})
			var he *websocket.HandshakeError
			if !errors.As(err, &he) || h != (websocket.Handle{}) {
				t.Fatalf("got %v, %v, want a *HandshakeError", h, err)
			}
			if he.Status != tt.status || !strings.Contains(string(he.Header), tt.header) || he.Reason == "" {
				t.Errorf("status %d, reason %q, header %q", he.Status, he.Reason, he.Header)
			}
			if len(k.closed) > 0 {
				t.Error("OnClose was called")
			}
		})
	}
}

func TestDialInterim(t *testing.T) {
	t.Parallel()
	url := scripted(t, func(nc net.Conn, r *http.Request) {
		for b := range strings.SplitSeq("HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\nHTTP/1.1 100 \r\n\r\n"+accept(r)+plain(fin|text, "hi"), "") {
			_, _ = io.WriteString(nc, b)
		}
		_, _ = io.Copy(io.Discard, nc)
	})
	k := newTalk()
	if _, err := websocket.Dial(t.Context(), start(t), url, k, websocket.DialOptions{}); err != nil {
		t.Fatal(err)
	}
	if got := wait(t, k.messages, "message"); got != "hi" {
		t.Errorf("got %q", got)
	}
}

// TestDialEnds breaks the connection at each point of the handshake.
func TestDialEnds(t *testing.T) {
	t.Parallel()
	e := start(t)
	for name, script := range map[string]func(nc net.Conn, r *http.Request){
		"no answer":      func(net.Conn, *http.Request) {},
		"half an answer": func(nc net.Conn, r *http.Request) { _, _ = io.WriteString(nc, accept(r)[:40]) },
		"reset":          func(nc net.Conn, _ *http.Request) { _ = nc.(*net.TCPConn).SetLinger(0) },
	} {
		h, err := websocket.Dial(t.Context(), e, scripted(t, script), newTalk(), websocket.DialOptions{})
		if err == nil || h != (websocket.Handle{}) || !strings.HasPrefix(err.Error(), "websocket: ") {
			t.Errorf("%s: got %v, %v", name, h, err)
		}
		if name != "reset" && !errors.Is(err, io.EOF) {
			t.Errorf("%s: got %v, want EOF", name, err)
		}
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = ln.Close() // nobody listens there now
	if _, err := websocket.Dial(t.Context(), e, "ws://"+ln.Addr().String(), newTalk(), websocket.DialOptions{}); err == nil {
		t.Error("dialled nobody")
	}
	dead, err := engine.New(engine.Config{Loops: 1})
	if err != nil {
		t.Fatal(err)
	}
	_ = dead.Close()
	url, _ := serve(t, e, echo{}, websocket.Options{})
	if _, err := websocket.Dial(context.Background(), dead, url, newTalk(), websocket.DialOptions{}); !errors.Is(err, engine.ErrServerClosed) {
		t.Errorf("dialled with a closed engine: %v", err)
	}
}
