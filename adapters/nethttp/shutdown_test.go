package nethttp_test

import (
	"context"
	"errors"
	"testing"

	"github.com/gobwas/ws"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// TestShutdown drains the engine first, as the package says, and the server then
// has nothing left.
func TestShutdown(t *testing.T) {
	each(t, func(t *testing.T, m mode) {
		a := &app{closed: make(chan error, 3)}
		h := handler(t, a, websocket.Options{})
		up, errs := returned(h, nil)
		s := m.serve(t, up)
		var wires []*wire
		for range 3 {
			w := s.open(t, "/", text("a"))
			w.expect(ws.OpText, "a")
			wires = append(wires, w)
		}
		drained := make(chan error, 1)
		go func() { drained <- h.Engine.Shutdown(context.Background()) }()
		for _, w := range wires {
			w.expect(ws.OpClose, bye(1001, ""))
			w.send(frame(ws.OpClose, bye(1001, "")))
			w.ended()
			closedWith(t, wait(t, a.closed, "OnClose"), 1001, nil)
			if err := wait(t, errs, "end of Upgrade"); err != nil {
				t.Error(err)
			}
		}
		if err := wait(t, drained, "end of engine.Shutdown"); err != nil {
			t.Error(err)
		}
		resp, _ := s.ask(t, "/", "")
		diff(t, "afterwards", 503, resp.StatusCode)
		if err := wait(t, errs, "end of Upgrade"); !errors.Is(err, engine.ErrServerClosed) {
			t.Errorf("Upgrade: %v, want ErrServerClosed", err)
		}
		_ = resp.Body.Close()
		s.client.CloseIdleConnections()
		if err := s.Config.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestEngineCloses cuts everything off.
func TestEngineCloses(t *testing.T) {
	each(t, func(t *testing.T, m mode) {
		a := &app{closed: make(chan error, 1)}
		h := handler(t, a, websocket.Options{})
		up, errs := returned(h, nil)
		w := m.serve(t, up).open(t, "/", text("a"))
		w.expect(ws.OpText, "a")
		_ = h.Engine.Close()
		closedWith(t, wait(t, a.closed, "OnClose"), websocket.CodeAbnormal, engine.ErrServerClosed)
		if err := wait(t, errs, "end of Upgrade"); err != nil {
			t.Error(err)
		}
		if _, err := w.r.ReadByte(); err == nil {
			t.Error("something came instead of the end")
		}
	})
}

// TestOnOpenRefuses: the peer is told why, with 1011.
func TestOnOpenRefuses(t *testing.T) {
	each(t, func(t *testing.T, m mode) {
		no := errors.New("no")
		h := handler(t, &app{open: func(*websocket.Conn, *websocket.Request) error { return no }}, websocket.Options{})
		up, errs := returned(h, nil)
		w := m.serve(t, up).open(t, "/", "")
		w.expect(ws.OpClose, bye(1011, ""))
		if err := wait(t, errs, "end of Upgrade"); !errors.Is(err, no) {
			t.Errorf("Upgrade: %v, want %v", err, no)
		}
		w.ended()
	})
}

// TestOnOpenPanics ends that connection alone.
func TestOnOpenPanics(t *testing.T) {
	each(t, func(t *testing.T, m mode) {
		a := &app{open: func(_ *websocket.Conn, r *websocket.Request) error {
			if string(r.Path()) == "/panic" {
				panic("fallen")
			}
			return nil
		}}
		h := handler(t, a, websocket.Options{})
		h.Engine = start(t, engine.Config{Logger: silent})
		up, errs := returned(h, nil)
		s := m.serve(t, up)
		resp, w := s.ask(t, "/panic", "")
		if _, err := w.r.ReadByte(); err == nil {
			t.Error("something came instead of the end")
		}
		_ = resp.Body.Close()
		var fallen *engine.PanicError
		if err := wait(t, errs, "end of Upgrade"); !errors.As(err, &fallen) {
			t.Errorf("Upgrade: %v, want a *PanicError", err)
		}
		s.open(t, "/", text("a")).expect(ws.OpText, "a")
	})
}
