package websocket_test

import (
	"runtime"
	"testing"
	"time"

	gorilla "github.com/gorilla/websocket"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/internal/reactor"
	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
)

// TestPanics wants nothing to be left of a connection whose application panics, wherever it does.
func TestPanics(t *testing.T) { // not parallel: others would count too
	boom := func(string) error { panic("on purpose") }
	loop := func(c *websocket.Conn) { _ = c.OnMessage(func(*websocket.Conn, int, []byte) {}) }
	before := [3]int{reactor.Callback.Open(), reactor.Blocking.Open(), reactor.Original.Open()}
	for name, h := range map[string]websocket.FastHTTPHandler{
		"OnMessage": func(c *websocket.Conn) {
			_ = c.OnMessage(func(c *websocket.Conn, mt int, p []byte) { _ = c.WriteMessage(mt, p); panic("on purpose") })
		},
		"OnClose": func(c *websocket.Conn) { _ = c.OnClose(func(*websocket.Conn, error) { panic("on purpose") }); loop(c) },
		"OnClose, never on a loop": func(c *websocket.Conn) {
			_ = c.OnClose(func(*websocket.Conn, error) { panic("on purpose") })
			loop(c)
			_ = c.Close()
		},
		"ping on a loop": func(c *websocket.Conn) { c.SetPingHandler(boom); loop(c) },
		"ping":           func(c *websocket.Conn) { c.SetPingHandler(boom); echo(c) },
		"close on a loop": func(c *websocket.Conn) {
			c.SetCloseHandler(func(int, string) error { panic("on purpose") })
			loop(c)
		},
		"nil handler": nil,
		"Goexit":      func(*websocket.Conn) { runtime.Goexit() },
	} {
		t.Run(name, func(t *testing.T) {
			p := dial(t, serve(t, &websocket.FastHTTPUpgrader{}, h))
			_ = p.WriteControl(gorilla.PingMessage, nil, time.Now().Add(patience))
			_ = p.WriteMessage(gorilla.BinaryMessage, nil)
			_ = p.WriteControl(gorilla.CloseMessage, nil, time.Now().Add(patience))
			var err error
			for err == nil {
				_, _, err = p.ReadMessage()
			}
			_ = p.Close()
			for end := time.Now().Add(patience); ; runtime.Gosched() {
				if now := [3]int{reactor.Callback.Open(), reactor.Blocking.Open(), reactor.Original.Open()}; now[0] <= before[0] && now[1] <= before[1] && now[2] <= before[2] { // those of other tests may end meanwhile
					break
				} else if time.Now().After(end) {
					t.Fatalf("open in each mode: %v, before %v", now, before)
				}
			}
		})
	}
}
