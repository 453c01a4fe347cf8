package websocket_test

import (
	"strconv"
	"testing"

	gorilla "github.com/gorilla/websocket"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
)

// TestOrder lets a goroutine write while the loop is in and out of callbacks: what it writes comes in its order.
func TestOrder(t *testing.T) {
	t.Parallel()
	const messages = 20_000
	p := dial(t, serve(t, &websocket.FastHTTPUpgrader{WriteBufferSize: 16}, func(c *websocket.Conn) {
		_ = c.OnMessage(func(*websocket.Conn, int, []byte) {})
		go func() {
			for i := range messages {
				s := strconv.Itoa(i)
				if i%2 == 0 {
					if c.WriteMessage(websocket.TextMessage, []byte(s)) != nil {
						return
					}
					continue
				}
				w, err := c.NextWriter(websocket.TextMessage) // several frames
				if err != nil {
					return
				}
				for _, b := range []byte(s) {
					_, _ = w.Write([]byte{b})
				}
				_, _ = w.Write([]byte("................"))
				if w.Close() != nil {
					return
				}
			}
		}()
	}))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for p.WriteMessage(gorilla.TextMessage, nil) == nil {
		}
	}()
	for i := range messages {
		_, got, err := p.ReadMessage()
		want := strconv.Itoa(i)
		if i%2 == 1 {
			want += "................"
		}
		if err != nil || string(got) != want {
			t.Fatalf("message %d: %q, %v", i, got, err)
		}
	}
	_ = p.Close()
	<-done
}
