package websocket_test

import (
	"net"
	"strings"
	"testing"

	gorilla "github.com/gorilla/websocket"
	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttputil"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
)

// TestInMemory goes without a socket.
func TestInMemory(t *testing.T) {
	t.Parallel()
	for mode, h := range handlers {
		for _, keep := range []bool{false, true} {
			t.Run(mode, func(t *testing.T) {
				t.Parallel()
				ln := fasthttputil.NewInmemoryListener()
				conns := make(chan *websocket.Conn, 1)
				serveOn(t, ln, func(ctx *fasthttp.RequestCtx) {
					_ = (&websocket.FastHTTPUpgrader{}).Upgrade(ctx, func(c *websocket.Conn) { conns <- c; h(c) })
				}, func(s *fasthttp.Server) { s.KeepHijackedConns = keep })
				d := gorilla.Dialer{NetDial: func(string, string) (net.Conn, error) { return ln.Dial() }}
				for range 3 {
					p, _, err := d.Dial("ws://memory", nil)
					if err != nil {
						t.Fatal(err)
					}
					guard(t, p)
					for _, n := range []int{0, 100, 70_000} {
						echoed(t, p, gorilla.BinaryMessage, strings.Repeat("y", n))
					}
					c := within(t, "the connection", conns)
					if err := c.Close(); err != nil {
						t.Error(err)
					}
					if _, _, err := p.ReadMessage(); err == nil {
						t.Error("Close was not heard")
					}
				}
			})
		}
	}
}

// TestLarge sends messages that are larger than what may wait for a peer.
func TestLarge(t *testing.T) {
	t.Parallel()
	for mode, h := range handlers {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			p := dial(t, serve(t, &websocket.FastHTTPUpgrader{EnableCompression: true}, h))
			for range 3 {
				echoed(t, p, gorilla.BinaryMessage, strings.Repeat("y", 16<<20))
			}
			echoed(t, p, gorilla.BinaryMessage, "z")
		})
	}
}
