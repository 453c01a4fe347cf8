package websocket_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sockeye-io/sockeye/codec/wsproto"
	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/enginetest"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// TestDialCancel gives up at each stage of the handshake, and wants nothing to
// be left of the connection.
func TestDialCancel(t *testing.T) {
	t.Parallel()
	why := errors.New("why")
	for _, tt := range []struct {
		name string
		say  func(r *http.Request) string // before the caller gives up
	}{
		{"no answer", func(*http.Request) string { return "" }},
		{"half an answer", func(r *http.Request) string { return accept(r)[:50] }},
		{"an interim answer", func(*http.Request) string { return "HTTP/1.1 103 \r\n\r\n" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := start(t)
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			left := make(chan error, 1)
			url := scripted(t, func(nc net.Conn, r *http.Request) {
				_, _ = io.WriteString(nc, tt.say(r))
				cancel(why)
				_, err := io.Copy(io.Discard, nc)
				left <- err
			})
			k := newTalk()
			k.opened = func(*websocket.Conn) { t.Error("OnOpen was called") }
			h, err := websocket.Dial(ctx, e, url, k, websocket.DialOptions{Options: websocket.Options{HandshakeTimeout: -1}})
			if !errors.Is(err, why) || h != (websocket.Handle{}) {
				t.Errorf("got %v, %v, want the cause", h, err)
			}
			if err := wait(t, left, "end of the connection"); err != nil && strings.Contains(err.Error(), "timeout") {
				t.Errorf("the connection was left: %v", err)
			}
			if err := e.Shutdown(t.Context()); err != nil || e.Stats().Open != 0 {
				t.Errorf("Shutdown: %v, %d connections are left", err, e.Stats().Open)
			}
		})
	}
	t.Run("before", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(why)
		url, _ := serve(t, start(t), echo{}, websocket.Options{})
		if _, err := websocket.Dial(ctx, start(t), url, newTalk(), websocket.DialOptions{}); !errors.Is(err, why) {
			t.Errorf("got %v", err)
		}
	})
}

// TestDialCancelRace cancels when the answer is on its way: either OnOpen runs
// and Dial succeeds, or neither.
func TestDialCancelRace(t *testing.T) {
	t.Parallel()
	e := start(t)
	var opened, succeeded atomic.Int32
	for range 100 {
		ctx, cancel := context.WithCancel(t.Context())
		url := scripted(t, func(nc net.Conn, r *http.Request) {
			go cancel()
			_, _ = io.WriteString(nc, accept(r))
			_, _ = io.Copy(io.Discard, nc)
		})
		k := newTalk()
		k.opened = func(*websocket.Conn) { opened.Add(1) }
		h, err := websocket.Dial(ctx, e, url, k, websocket.DialOptions{})
		switch {
		case err == nil:
			succeeded.Add(1)
			if err := h.Post(func(c *websocket.Conn) { c.Abort(nil) }); err != nil {
				t.Errorf("a new connection is gone: %v", err)
			}
			_ = wait(t, k.closed, "OnClose")
		case !errors.Is(err, context.Canceled):
			t.Errorf("got %v", err)
		}
		cancel()
	}
	if err := e.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if opened.Load() != succeeded.Load() {
		t.Errorf("OnOpen was called %d times, and %d dials succeeded", opened.Load(), succeeded.Load())
	}
}

// client dials in memory. What it has sent is the request.
func client(t testing.TB, l *enginetest.Loop, h websocket.Handler, o websocket.DialOptions) (*enginetest.Peer, *http.Request, <-chan error) {
	t.Helper()
	d, done, err := websocket.NewDialing("ws://a/", h, o)
	if err != nil {
		t.Fatal(err)
	}
	p := l.Connect(d, engine.Options{})
	return p, readRequest(t, p.Received()), done
}

func TestDialDrain(t *testing.T) {
	t.Parallel()
	l := memory(t)
	k := newTalk()
	_, _, early := client(t, l, newTalk(), websocket.DialOptions{})
	p, r, done := client(t, l, k, websocket.DialOptions{})
	p.Send([]byte(accept(r)))
	if err := wait(t, done, "outcome"); err != nil {
		t.Fatal(err)
	}
	l.Shutdown()
	if err := wait(t, early, "outcome"); !errors.Is(err, engine.ErrServerClosed) {
		t.Errorf("a handshake on its way: %v, want ErrServerClosed", err)
	}
	if f := unmask(t, p.Received()); f != opName[cls]+closing(1001, "") {
		t.Errorf("sent %q, want 1001", f)
	}
	p.Send([]byte(plain(fin|cls, closing(1001, ""))))
	p.CloseWrite()
	closedWith(t, wait(t, k.closed, "OnClose"), websocket.CodeGoingAway, nil)
}

// unmask reads one frame of a client, which must be masked.
func unmask(t testing.TB, b []byte) string {
	t.Helper()
	h, payload, err := readFrame(bytes.NewReader(b))
	if err != nil || !h.Masked || h.Mask == ([4]byte{}) {
		t.Fatalf("%x: %+v, %v", b, h, err)
	}
	return opName[h.OpCode] + payload
}

// TestClientMasks: RFC 6455 section 5.3 wants another key for each frame.
func TestClientMasks(t *testing.T) {
	t.Parallel()
	l := memory(t)
	k := newTalk()
	var c *websocket.Conn
	k.opened = func(conn *websocket.Conn) { c = conn }
	p, r, _ := client(t, l, k, websocket.DialOptions{})
	p.Send([]byte(accept(r)))
	keys := map[[4]byte]bool{}
	for _, n := range []int{0, 1, 125, 126, 4000, 16_384, 70_000} {
		msg := strings.Repeat("x", n)
		for name, write := range map[string]func() error{
			"WriteMessage":  func() error { return c.WriteMessage(websocket.Text, []byte(msg)) },
			"WritePrepared": func() error { return c.WritePrepared(websocket.Prepare(websocket.Text, []byte(msg))) },
			"Handle":        func() error { return c.Handle().WriteMessage(websocket.Text, []byte(msg)) },
		} {
			if err := c.Handle().Post(func(*websocket.Conn) {
				if err := write(); err != nil {
					t.Error(err)
				}
			}); err != nil {
				t.Fatal(err)
			}
			l.Drain()
			b := p.Received()
			if got := unmask(t, b); got != opName[text]+msg {
				t.Errorf("%s of %d bytes: got %q", name, n, brief(got))
			}
			keys[[4]byte(b[len(header(0, 0, n)):])] = true
		}
	}
	if len(keys) < 20 {
		t.Errorf("%d keys for 21 frames", len(keys))
	}
}

// TestClientFails: a server that breaks a rule is told so.
func TestClientFails(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		send string
		err  *wsproto.Error
	}{
		"masked":     {masked(fin|text, "a"), wsproto.ErrMasked},
		"not UTF-8":  {plain(fin|text, "\xff"), wsproto.ErrInvalidUTF8},
		"too big":    {"\x82\x7f\x00\x00\x00\x00\x01\x00\x00\x01", wsproto.ErrMessageTooBig},
		"close code": {plain(fin|cls, closing(1005, "")), wsproto.ErrCloseCode},
	} {
		l := memory(t)
		k := newTalk()
		p, r, _ := client(t, l, k, websocket.DialOptions{})
		p.Send([]byte(accept(r) + tt.send))
		if got := unmask(t, p.Received()); got != opName[cls]+closing(int(tt.err.Code), tt.err.Reason) || !p.SawFIN() {
			t.Errorf("%s: sent %q, FIN %v", name, got, p.SawFIN())
		}
		p.CloseWrite()
		closedWith(t, wait(t, k.closed, "OnClose"), int(tt.err.Code), tt.err)
	}
}

// unwilling is a client that does not want the connection.
type unwilling struct {
	*talk
	open func() error
}

func (u unwilling) OnOpen(*websocket.Conn, *websocket.Request) error { return u.open() }

func TestDialOnOpen(t *testing.T) {
	t.Parallel()
	bad := errors.New("not like this")
	l := memory(t)
	k := newTalk()
	p, r, done := client(t, l, unwilling{k, func() error { return bad }}, websocket.DialOptions{})
	p.Send([]byte(accept(r)))
	if err := wait(t, done, "outcome"); !errors.Is(err, bad) {
		t.Errorf("an error of OnOpen: %v", err)
	}
	if got := unmask(t, p.Received()); got != opName[cls]+closing(1011, "") {
		t.Errorf("sent %q, want 1011", got)
	}
	p.CloseWrite()
	p, r, done = client(t, l, unwilling{k, func() error { panic("bug") }}, websocket.DialOptions{})
	p.Send([]byte(accept(r)))
	var pe *engine.PanicError
	if err := wait(t, done, "outcome"); !errors.As(err, &pe) || !p.Closed() {
		t.Errorf("a panic of OnOpen: %v, closed %v", err, p.Closed())
	}
	if len(k.closed) > 0 {
		t.Errorf("OnClose was called: %v", <-k.closed)
	}
}
