package nethttp_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/sockeye-io/sockeye/adapters/nethttp"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// TestMiddleware looks at what becomes of what middleware does to the request and
// to the answer.
func TestMiddleware(t *testing.T) {
	each(t, func(t *testing.T, m mode) {
		seen := make(chan string, 1)
		a := &app{open: func(c *websocket.Conn, r *websocket.Request) error {
			seen <- fmt.Sprintf("%s %s %s %v", r.Path(), r.Host, r.Header("X-Trace"), c.User())
			return nil
		}}
		h := handler(t, a, websocket.Options{Paths: []string{"/chat"}, Header: []string{"Server", "s"}})
		type who struct{}
		h.User = func(r *http.Request) any { return r.Context().Value(who{}) }
		mux := http.NewServeMux()
		mux.Handle("/api/", http.StripPrefix("/api", h))
		s := m.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r = r.WithContext(context.WithValue(r.Context(), who{}, "me"))
			r.Header.Set("X-Trace", "5")
			r.Host = "front.example"
			w.Header()["Set-Cookie"] = []string{"a=1", "b=2"}
			w.Header().Set("X-Two-Lines", "1\r\n2")
			w.Header().Set("X-Bad", "\x00")
			w.Header().Set("Bad Name", "1")
			w.Header().Set("Content-Length", "3")
			w.Header().Set("Content-Type", "text/html")
			w.Header().Set("content-encoding", "gzip")
			w.Header()["trailer"] = []string{"X"}
			w.Header().Set("Connection", "close")
			for _, name := range []string{"Upgrade", "Sec-WebSocket-Accept", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"} {
				w.Header().Set(name, "mine")
			}
			mux.ServeHTTP(w, r)
		}))
		resp, w := s.ask(t, "/api/chat", "")
		resp.Header.Del("Date")
		want := http.Header{"Set-Cookie": {"a=1", "b=2"}, "Server": {"s"}, "X-Two-Lines": {"1  2"}}
		if m.two {
			delete(want, "X-Two-Lines") // net/http leaves it out
		} else {
			want["Upgrade"], want["Connection"] = []string{"websocket"}, []string{"Upgrade"}
			want["Sec-Websocket-Accept"] = []string{"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}
		}
		diff(t, "header", want, resp.Header)
		diff(t, "OnOpen saw", "/chat front.example 5 me", wait(t, seen, "OnOpen"))
		w.send(text("a"))
		w.expect(ws.OpText, "a")
	})
}

// TestWrapperPanics: what was promised for compression is given back.
func TestWrapperPanics(t *testing.T) {
	t.Parallel()
	h := handler(t, &app{}, websocket.Options{Compression: &websocket.Compression{Takeover: true}})
	s := two.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(falling{&wrapper{ResponseWriter: w}}, r)
	}))
	req, _ := http.NewRequestWithContext(t.Context(), http.MethodConnect, s.URL, http.NoBody)
	req.Header = http.Header{
		":protocol": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Extensions": {"permessage-deflate"},
	}
	if resp, err := s.client.Do(req); err == nil {
		t.Errorf("answered with %v", resp.Status)
		_ = resp.Body.Close()
	}
	if n := h.Server.Stats().WindowsPromised; n != 0 {
		t.Errorf("%d bytes are still promised", n)
	}
}

type falling struct{ *wrapper }

func (falling) WriteHeader(int) { panic(http.ErrAbortHandler) }

// wrapper is what much middleware puts around a ResponseWriter.
type wrapper struct {
	http.ResponseWriter
	status int
}

func (w *wrapper) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *wrapper) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// zipper compresses what is written to it, and knows how to hijack.
type zipper struct{ *wrapper }

func (w zipper) Write(p []byte) (int, error) {
	z := gzip.NewWriter(w.ResponseWriter)
	defer z.Close()
	return z.Write(p)
}

func (w zipper) Flush() { _ = http.NewResponseController(w.ResponseWriter).Flush() }

func (w zipper) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

// bare hides what it wraps.
type bare struct{ http.ResponseWriter }

func TestWrappers(t *testing.T) {
	each(t, func(t *testing.T, m mode) {
		h := handler(t, &app{}, websocket.Options{})
		statuses := make(chan int, 1)
		mux := http.NewServeMux()
		mux.HandleFunc("/zip", func(w http.ResponseWriter, r *http.Request) {
			z := zipper{&wrapper{ResponseWriter: w}}
			h.ServeHTTP(z, r)
			statuses <- z.status
		})
		mux.HandleFunc("/bare", func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(bare{w}, r) })
		mux.Handle("/timeout", http.TimeoutHandler(h, patience, "too late"))
		s := m.serve(t, mux)
		w := s.open(t, "/zip", "")
		w.send(text("a"))
		w.expect(ws.OpText, "a")
		_ = w.Close()
		want := 0 // hijacked
		if m.two {
			want = 200
		}
		diff(t, "the wrapper saw", want, wait(t, statuses, "end of the handler"))
		for _, path := range []string{"/bare", "/timeout"} {
			resp, _ := s.ask(t, path, "")
			b, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != 500 || len(b) == 0 {
				t.Errorf("%s: %s %s", path, resp.Status, b)
			}
		}
	})
}

// TestDeadlines: those that an http.Server sets for a request of HTTP/2 are
// cleared. For HTTP/1.1 see TestHijacker.
func TestDeadlines(t *testing.T) {
	t.Parallel()
	h := handler(t, &app{}, websocket.Options{})
	w := &deadlines{httptest.NewRecorder(), make(chan string, 10)}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodConnect, "/", http.NoBody)
	r.Proto, r.ProtoMajor = "websocket", 3 // as quic-go has it
	r.Header.Set("Sec-WebSocket-Version", "13")
	if err := h.Upgrade(w, r, nil); err != nil {
		t.Error(err)
	}
	diff(t, "first", "read true", wait(t, w.set, "read deadline"))
	diff(t, "second", "write true", wait(t, w.set, "write deadline"))
}

type deadlines struct {
	*httptest.ResponseRecorder
	set chan string
}

func (w *deadlines) SetReadDeadline(t time.Time) error {
	w.set <- fmt.Sprint("read ", t.IsZero())
	return nil
}

func (w *deadlines) SetWriteDeadline(t time.Time) error {
	w.set <- fmt.Sprint("write ", t.IsZero())
	return nil
}

// TestHijacker takes over what a Hijacker of middleware gives: a connection with
// deadlines, of a type of its own, and nothing buffered.
func TestHijacker(t *testing.T) {
	t.Parallel()
	h := handler(t, &app{}, websocket.Options{})
	s := one.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(odd{w}, r)
	}))
	w := s.open(t, "/", "")
	w.send(text("a"))
	w.expect(ws.OpText, "a")
}

type odd struct{ http.ResponseWriter }

func (w odd) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	nc, _, err := http.NewResponseController(w.ResponseWriter).Hijack()
	_ = nc.SetDeadline(time.Unix(1, 0))
	return struct{ net.Conn }{nc}, nil, err
}

// TestSecondHijack: somebody has taken the connection before.
func TestSecondHijack(t *testing.T) {
	t.Parallel()
	h := handler(t, &app{}, websocket.Options{})
	errs := make(chan error, 1)
	s := one.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		nc, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
		}
		errs <- h.Upgrade(w, r, nil)
		_ = nc.Close()
	}))
	w := s.knock(t)
	w.send("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
	if err := wait(t, errs, "end of Upgrade"); err == nil {
		t.Error("hijacked twice")
	}
	w.ended()
}

var _ http.Handler = (*nethttp.Handler)(nil)
