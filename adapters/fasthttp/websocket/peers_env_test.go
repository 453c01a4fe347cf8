package websocket_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
)

// echoes is a handler of net/http that sends back what it gets.
func echoes(u websocket.Upgrader) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c, err := u.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		echoUntilClosed(c)
	}
}

// talker is a connection of ours or of gorilla's.
type talker interface {
	ReadMessage() (messageType int, p []byte, err error)
	WriteMessage(messageType int, data []byte) error
}

func echoUntilClosed(c talker) {
	for {
		kind, p, err := c.ReadMessage()
		if err != nil || c.WriteMessage(kind, p) != nil {
			return
		}
	}
}

// exchange has a conversation with an echo.
func exchange(t testing.TB, c talker) {
	t.Helper()
	for _, n := range []int{0, 2, 124, 126, 5000, 70_000} {
		for _, kind := range []int{websocket.TextMessage, websocket.BinaryMessage} {
			say := strings.Repeat("é", n/2)
			if err := c.WriteMessage(kind, []byte(say)); err != nil {
				t.Fatalf("WriteMessage: %v", err)
			}
			got, p, err := c.ReadMessage()
			if err != nil || got != kind || string(p) != say {
				t.Fatalf("the echo of %d bytes is %d, %.100q, %v", n, got, p, err)
			}
		}
	}
}
