package websocket

import (
	"fmt"
	"log/slog"
	"net"
	"runtime/debug"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/internal/reactor"
)

// begin returns what fasthttp calls with the connection once the answer is sent, on a
// goroutine that carries its RequestCtx and buffers along until that returns.
func (u *FastHTTPUpgrader) begin(subprotocol string, compress bool, handler FastHTTPHandler) fasthttp.HijackHandler {
	return func(hijacked net.Conn) {
		l := leave(hijacked)
		_ = l.nc.SetDeadline(time.Time{}) // those of the HTTP server; a connection without deadlines needs none cleared
		c := newConn(l.nc, true, u.ReadBufferSize, u.WriteBufferSize, u.WriteBufferPool, nil, nil)
		c.subprotocol, c.early = subprotocol, l.early
		if compress {
			c.deflate()
		}
		reactor.Upgraded.Add(1)
		if l.keeps {
			go u.serve(c, l, handler)
			return
		}
		u.serve(c, l, handler)
	}
}

// serve lets the handler have the connection, and does what it decided.
func (u *FastHTTPUpgrader) serve(c *Conn, l leaving, handler FastHTTPHandler) {
	opened(c)
	c.deferred = true
	if !c.run(handler) {
		return
	}
	if c.events != nil && c.events.onMessage != nil {
		if gone, err := c.handOver(!l.keeps); err == nil && gone != nil {
			<-gone // fasthttp closes the connection when we return
		}
		return
	}
	if l.ours || !l.keeps { // Server.KeepHijackedConns leaves it to whom the handler gave it
		_ = c.Close()
	}
}

// run calls the handler and answers whether it returned.
func (c *Conn) run(handler FastHTTPHandler) (returned bool) {
	defer func() {
		if returned {
			return
		}
		v := recover() // nil after runtime.Goexit
		reactor.Panics.Add(1)
		slog.Error("websocket: handler panicked", "peer", c.RemoteAddr(), "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
		_ = c.WriteControl(CloseMessage, FormatCloseMessage(CloseInternalServerErr, ""), time.Now().Add(writeWait))
		_ = c.Close()
	}()
	handler(c)
	return true
}
