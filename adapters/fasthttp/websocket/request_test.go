package websocket_test

import (
	"net/http"
	"testing"

	gorilla "github.com/gorilla/websocket"
	"github.com/valyala/fasthttp"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
)

// TestRequestInHandler looks at the request in the handler of its connection, as programs do that were written for the
// original, after fasthttp has served others: until the handler waits for a message its RequestCtx is nobody else's.
func TestRequestInHandler(t *testing.T) {
	t.Parallel()
	started, others, seen := make(chan struct{}), make(chan struct{}), make(chan string, 1)
	var u websocket.FastHTTPUpgrader
	addr := serveHandler(t, func(ctx *fasthttp.RequestCtx) {
		if string(ctx.Path()) == "/other" {
			return
		}
		ctx.SetUserValue("user", "anna")
		_ = u.Upgrade(ctx, func(c *websocket.Conn) {
			close(started)
			<-others
			user, _ := ctx.UserValue("user").(string)
			seen <- string(ctx.FormValue("room")) + " " + user
			_, p, err := c.ReadMessage()
			if err == nil {
				_ = c.WriteMessage(websocket.TextMessage, p)
			}
		})
	})
	c, resp, err := gorilla.DefaultDialer.Dial("ws://"+addr+"/?room=lobby", nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	guard(t, c)
	<-started
	for range 10 {
		resp, err := http.Get("http://" + addr + "/other?room=another")
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	http.DefaultClient.CloseIdleConnections()
	close(others)
	if got := within(t, "the handler", seen); got != "lobby anna" {
		t.Errorf("the handler has seen %q", got)
	}
	if err := c.WriteMessage(gorilla.TextMessage, []byte("echo")); err != nil {
		t.Fatal(err)
	}
	if _, p, err := c.ReadMessage(); err != nil || string(p) != "echo" {
		t.Errorf("received %q, %v", p, err)
	}
}
