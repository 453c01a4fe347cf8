package websocket_test

import (
	"io"
	"sync"
	"testing"
	"time"

	gorilla "github.com/gorilla/websocket"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
)

// everything calls the methods of a connection that any goroutine and any callback may call.
func everything(c *websocket.Conn) {
	pm, _ := websocket.NewPreparedMessage(websocket.BinaryMessage, []byte("p"))
	_ = c.WriteMessage(websocket.TextMessage, []byte("m"))
	_ = c.WriteJSON("j")
	_ = c.WritePreparedMessage(pm)
	_ = c.WriteControl(websocket.PingMessage, nil, time.Now().Add(patience))
	if w, err := c.NextWriter(websocket.BinaryMessage); err == nil {
		_, _ = io.WriteString(w, "w")
		_ = w.Close()
	}
	_ = c.SetWriteDeadline(time.Now().Add(patience))
	_ = c.SetReadDeadline(time.Now().Add(patience))
	c.EnableWriteCompression(true)
	_ = c.SetCompressionLevel(2)
	_, _, _, _ = c.LocalAddr(), c.RemoteAddr(), c.NetConn(), c.Subprotocol()
	_, _, _ = c.PingHandler(), c.PongHandler(), c.CloseHandler()
}

// TestEverything calls every method from every place, on loops: nothing waits for itself.
func TestEverything(t *testing.T) {
	t.Parallel()
	for range 20 {
		g := give(t)
		var others sync.WaitGroup
		started := make(chan struct{})
		p := dial(t, serve(t, &websocket.FastHTTPUpgrader{EnableCompression: true}, func(c *websocket.Conn) {
			inside := func(c *websocket.Conn) {
				everything(c)
				c.SetReadLimit(1 << 20)
				if _, _, err := c.ReadMessage(); err == nil {
					t.Error("a read has no error")
				}
				if _, _, err := c.NextReader(); err == nil {
					t.Error("a read has no error")
				}
			}
			c.SetPingHandler(func(string) error { inside(c); return nil })
			c.SetPongHandler(func(string) error { everything(c); return nil })
			c.SetCloseHandler(func(int, string) error { inside(c); return nil })
			_ = c.OnClose(func(c *websocket.Conn, err error) {
				inside(c)
				_ = c.Close()
				_ = c.OnMessage(nil)
				g.closed <- err
			})
			_ = c.OnMessage(func(c *websocket.Conn, mt int, p []byte) {
				inside(c)
				_ = c.OnMessage(func(c *websocket.Conn, mt int, p []byte) {
					inside(c)
					_ = c.WriteMessage(mt, p)
				})
			})
			for range 4 {
				others.Go(func() {
					for range 20 {
						everything(c)
					}
				})
			}
			close(started)
		}))
		d := make(chan struct{})
		go func() {
			defer close(d)
			for {
				if _, _, err := p.ReadMessage(); err != nil {
					return
				}
			}
		}()
		for range 5 {
			_ = p.WriteMessage(gorilla.TextMessage, []byte("there"))
			_ = p.WriteControl(gorilla.PingMessage, nil, time.Now().Add(patience))
		}
		within(t, "the handler", started)
		others.Wait()
		_ = p.WriteControl(gorilla.CloseMessage, gorilla.FormatCloseMessage(4000, ""), time.Now().Add(patience))
		within(t, "the peer's end", d)
		_ = p.Close()
		_ = within(t, "OnClose", g.closed)
	}
}
