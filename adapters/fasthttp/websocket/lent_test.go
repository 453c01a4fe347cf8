package websocket_test

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gorilla "github.com/gorilla/websocket"
	"github.com/valyala/fasthttp"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
)

// wrapping is a listener whose connections are of a type that nobody knows.
type wrapping struct{ net.Listener }

func (l wrapping) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	return struct{ net.Conn }{nc}, err
}

// TestLent keeps a connection of an unknown type, which fasthttp has taken back, and uses its parts for others.
func TestLent(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	conns := make(chan *websocket.Conn, 1)
	var reading sync.WaitGroup
	var before atomic.Bool
	addr := serveOn(t, wrapping{ln}, func(ctx *fasthttp.RequestCtx) {
		_ = (&websocket.FastHTTPUpgrader{}).Upgrade(ctx, func(c *websocket.Conn) {
			if before.Swap(true) {
				echo(c)
				return
			}
			started := make(chan struct{})
			reading.Go(func() {
				close(started)
				if _, _, err := c.ReadMessage(); !errors.Is(err, net.ErrClosed) {
					t.Errorf("a reader of the connection that ends: %v", err)
				}
			})
			<-started
			conns <- c
		})
	})
	first := dial(t, addr)
	late := within(t, "the connection", conns)
	if _, _, err := first.ReadMessage(); !gorilla.IsCloseError(err, gorilla.CloseAbnormalClosure) {
		t.Errorf("the peer read %v", err)
	}
	reading.Wait()
	for range 20 {
		p := dial(t, addr)
		if err := late.WriteMessage(websocket.TextMessage, []byte("late")); err == nil {
			t.Error("a late write has no error")
		}
		if _, _, err := late.ReadMessage(); err == nil {
			t.Error("a late read has no error")
		}
		if late.Close() == nil || late.RemoteAddr() == nil {
			t.Error("a late Close has no error, or there is no address")
		}
		echoed(t, p, gorilla.TextMessage, "mine")
		_ = p.Close()
	}
}

// TestKeptPerIP wants fasthttp's count of an address back to zero when the application keeps what it hijacks.
func TestKeptPerIP(t *testing.T) {
	t.Parallel()
	for mode, h := range handlers {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			addr := serve(t, &websocket.FastHTTPUpgrader{}, h, func(s *fasthttp.Server) {
				s.KeepHijackedConns, s.MaxConnsPerIP = true, 3
			})
			for range 10 {
				p := dial(t, addr)
				echoed(t, p, gorilla.TextMessage, "there")
				_ = p.WriteControl(gorilla.CloseMessage, nil, time.Now().Add(patience))
				_, _, _ = p.ReadMessage()
				_ = p.Close()
			}
		})
	}
}
