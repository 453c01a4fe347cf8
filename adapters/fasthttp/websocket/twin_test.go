package websocket_test

import (
	"context"
	"net"
	"syscall"
	"testing"

	gorilla "github.com/gorilla/websocket"
	"github.com/valyala/fasthttp"
	"golang.org/x/sys/unix"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
)

// TestSocketOptions wants the options of a socket as the application's listener has set them.
func TestSocketOptions(t *testing.T) {
	t.Parallel()
	for _, keepAlive := range []net.KeepAliveConfig{{}, {Enable: true, Idle: 77e9, Interval: 33e9, Count: 4}} {
		lc := net.ListenConfig{KeepAlive: -1, KeepAliveConfig: keepAlive}
		ln, err := lc.Listen(context.Background(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		got := make(chan [3]int, 1)
		u := &websocket.FastHTTPUpgrader{}
		addr := serveOn(t, ln, func(ctx *fasthttp.RequestCtx) {
			_ = u.Upgrade(ctx, func(c *websocket.Conn) {
				raw, err := c.NetConn().(syscall.Conn).SyscallConn()
				if err != nil {
					t.Error(err)
					return
				}
				_ = raw.Control(func(fd uintptr) {
					var o [3]int
					o[0], _ = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_KEEPALIVE)
					o[1], _ = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_KEEPIDLE)
					o[2], _ = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_KEEPINTVL)
					got <- o
				})
				echo(c)
			})
		})
		p := dial(t, addr)
		echoed(t, p, gorilla.TextMessage, "there")
		o := within(t, "the options", got)
		if on := o[0] == 1; on != keepAlive.Enable || on && (o[1] != 77 || o[2] != 33) {
			t.Errorf("keep-alive of %v became %v", keepAlive, o)
		}
	}
}
