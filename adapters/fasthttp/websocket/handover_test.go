package websocket_test

import (
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"

	gorilla "github.com/gorilla/websocket"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/internal/reactor"
	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
	"github.com/sockeye-io/sockeye/engine"
)

// blockedLoop lets all connections that are handed over wait for a loop, until free is called.
func blockedLoop(t *testing.T) (e *engine.Engine, free func()) {
	t.Helper()
	e, err := engine.New(engine.Config{Loops: 1})
	if err != nil {
		t.Fatal(err)
	}
	reactor.Use(e)
	t.Cleanup(func() {
		reactor.Use(nil)
		_ = e.Close()
	})
	busy, done := make(chan struct{}), make(chan struct{})
	p := dial(t, serve(t, &websocket.FastHTTPUpgrader{}, func(c *websocket.Conn) {
		_ = c.OnMessage(func(*websocket.Conn, int, []byte) { close(busy); <-done })
	}))
	_ = p.WriteMessage(gorilla.TextMessage, nil)
	within(t, "the loop to block", busy)
	return e, func() { close(done) }
}

// TestHandOver changes connections while they wait for their loop.
func TestHandOver(t *testing.T) { // not parallel: it blocks a loop
	for name, change := range map[string]func(c *websocket.Conn) error{
		"Close":           (*websocket.Conn).Close,
		"SetReadDeadline": func(c *websocket.Conn) error { return c.SetReadDeadline(time.Now().Add(time.Millisecond)) },
	} {
		t.Run(name, func(t *testing.T) {
			const conns = 20
			open := reactor.Callback.Open()
			e, free := blockedLoop(t)
			g := give(t)
			addr := serve(t, &websocket.FastHTTPUpgrader{}, g.onLoop)
			var peers []*gorilla.Conn
			before := e.Stats().Adopted
			for range conns {
				peers = append(peers, dial(t, addr))
			}
			for e.Stats().Adopted != before+conns {
				runtime.Gosched()
			}
			for range conns {
				if err := change(within(t, "the connection", g.conns)); err != nil {
					t.Error(err)
				}
			}
			free()
			for _, p := range peers {
				if _, _, err := p.ReadMessage(); !gorilla.IsCloseError(err, gorilla.CloseAbnormalClosure) {
					t.Errorf("the peer read %v", err)
				}
				_ = p.Close()
			}
			for range peers {
				_ = within(t, "OnClose", g.closed)
			}
			if n := reactor.Callback.Open(); n > open+1 {
				t.Errorf("%d on loops, before %d", n, open)
			}
		})
	}
}

// TestHandOverInMessage hands a connection over when of a message only the value was read.
func TestHandOverInMessage(t *testing.T) {
	t.Parallel()
	for size := 490; size < 530; size++ {
		p := dial(t, serve(t, &websocket.FastHTTPUpgrader{}, func(c *websocket.Conn) {
			var hello struct{ S string }
			if err := c.ReadJSON(&hello); err != nil {
				t.Error(err)
			}
			echoByLoop(c)
		}))
		hello := make([]byte, size)
		for i := range hello {
			hello[i] = 'x'
		}
		_ = p.WriteJSON(struct{ S string }{string(hello)})
		echoed(t, p, gorilla.TextMessage, "there")
		_ = p.Close()
	}
}

// TestHandOverWhileReading calls OnMessage where a goroutine reads, and in a handler that reading has called.
func TestHandOverWhileReading(t *testing.T) {
	t.Parallel()
	for name, handler := range map[string]func(c *websocket.Conn, onMessage func()){
		"goroutine": func(c *websocket.Conn, onMessage func()) {
			started, done := make(chan struct{}), make(chan struct{})
			c.SetPongHandler(func(string) error { close(started); return nil })
			go func() {
				_, _, _ = c.ReadMessage()
				close(done)
			}()
			<-started
			onMessage()
			<-done
		},
		"handler": func(c *websocket.Conn, onMessage func()) {
			c.SetPongHandler(func(string) error { onMessage(); return nil })
			_, _, _ = c.ReadMessage()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			failed := make(chan error, 1)
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				c, err := (&websocket.Upgrader{}).Upgrade(w, r, nil)
				if err != nil {
					t.Error(err)
					return
				}
				handler(c, func() { failed <- c.OnMessage(nil) })
			}))
			defer s.Close()
			p := dial(t, s.Listener.Addr().String())
			_ = p.WriteControl(gorilla.PongMessage, nil, time.Now().Add(patience))
			if err := within(t, "OnMessage", failed); err == nil {
				t.Error("OnMessage has no error")
			}
			if _, _, err := p.ReadMessage(); !gorilla.IsCloseError(err, gorilla.CloseAbnormalClosure) {
				t.Errorf("the peer read %v", err)
			}
		})
	}
}
