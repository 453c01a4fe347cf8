package websocket_test

import (
	"errors"
	"testing"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// pongApp is an app that hears of pongs.
type pongApp struct {
	app
	pong func(c *websocket.Conn, p []byte)
}

func (a *pongApp) OnPong(c *websocket.Conn, p []byte) { a.pong(c, p) }

// TestPanics lets every callback panic. The connection ends, OnClose is told why
// if OnOpen had returned, and nobody else is harmed.
func TestPanics(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		set    func(h *pongApp, o *websocket.Options)
		send   string
		closed int // calls of OnClose
		cause  bool
	}{
		{"Authorize", func(_ *pongApp, o *websocket.Options) {
			o.Authorize = func(*websocket.Request) error { panic("bug") }
		}, "", 0, false},
		{"OnOpen", func(h *pongApp, _ *websocket.Options) {
			h.open = func(*websocket.Conn, *websocket.Request) error { panic("bug") }
		}, "", 0, false},
		{"OnMessage", func(h *pongApp, _ *websocket.Options) {
			h.message = func(*websocket.Conn, websocket.MessageType, []byte) { panic("bug") }
		}, masked(fin|text, "a") + masked(fin|text, "b"), 1, true},
		{"OnMessage of a message in pieces", func(h *pongApp, _ *websocket.Options) {
			h.message = func(*websocket.Conn, websocket.MessageType, []byte) { panic("bug") }
		}, masked(text, "a") + masked(fin|cont, "b"), 1, true},
		{"OnPong", func(h *pongApp, _ *websocket.Options) {
			h.pong = func(*websocket.Conn, []byte) { panic("bug") }
		}, masked(fin|pong, ""), 1, true},
		{"OnClose", func(h *pongApp, _ *websocket.Options) {
			h.close = func(*websocket.Conn, error) { panic("bug") }
		}, masked(fin|cls, ""), 1, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := memory(t)
			bystander := join(t, l, websocket.NewServer(&app{}, websocket.Options{}), engine.Options{})
			h, o := &pongApp{}, websocket.Options{}
			tt.set(h, &o)
			p := l.Connect(websocket.NewServer(h, o), engine.Options{})
			p.Send([]byte(hello + tt.send))
			if !p.Closed() {
				p.CloseWrite()
			}
			if len(h.closed) != tt.closed {
				t.Errorf("OnClose was called %d times, want %d", len(h.closed), tt.closed)
			}
			var pe *engine.PanicError
			for _, err := range h.closed {
				if errors.As(err, &pe) != tt.cause {
					t.Errorf("OnClose was told %v, want a *PanicError: %v", err, tt.cause)
				}
			}
			if s := l.Stats(); s.HandlerPanics != 1 || s.Open != 1 || !p.Closed() {
				t.Errorf("%d panics counted, %d open, closed %v", s.HandlerPanics, s.Open, p.Closed())
			}
			stillServing(t, bystander)
		})
	}
}

func TestPanicInPost(t *testing.T) {
	t.Parallel()
	f := fix(t, engine.Options{}, websocket.Options{})
	bystander := join(t, f.l, websocket.NewServer(&app{}, websocket.Options{}), engine.Options{})
	if err := f.handle.WriteMessage(websocket.Text, []byte("lost")); err != nil {
		t.Fatal(err)
	}
	f.post(func(*websocket.Conn) { panic("bug") })
	var pe *engine.PanicError
	if len(f.h.closed) != 1 || !errors.As(f.h.closed[0], &pe) || pe.Value != "bug" {
		t.Errorf("OnClose was told %v", f.h.closed)
	}
	stillServing(t, bystander)
}

func TestNilHandler(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("NewServer took a nil Handler")
		}
	}()
	websocket.NewServer(nil, websocket.Options{})
}

func TestPongHandler(t *testing.T) {
	t.Parallel()
	l := memory(t)
	var pongs []string
	h := &pongApp{pong: func(_ *websocket.Conn, p []byte) { pongs = append(pongs, string(p)) }}
	h.message = func(c *websocket.Conn, _ websocket.MessageType, p []byte) {
		if err := c.Ping(p); err != nil {
			t.Error(err)
		}
		if err := c.Ping(make([]byte, 126)); !errors.Is(err, websocket.ErrControlTooLong) {
			t.Errorf("a ping of 126 bytes: %v", err)
		}
		if err := c.Handle().Ping(make([]byte, 126)); !errors.Is(err, websocket.ErrControlTooLong) {
			t.Errorf("a ping of 126 bytes: %v", err)
		}
		if err := c.Handle().Ping([]byte("by handle")); err != nil {
			t.Error(err)
		}
	}
	p := join(t, l, websocket.NewServer(h, websocket.Options{}), engine.Options{})
	p.Send([]byte(masked(fin|text, "are you there?")))
	l.Drain()
	diff(t, "pings", want(ping, "are you there?", ping, "by handle"), show(p.Received()))
	p.Send([]byte(masked(fin|pong, "are you there?") + masked(fin|pong, "unasked")))
	diff(t, "pongs", []string{"are you there?", "unasked"}, pongs)
}
