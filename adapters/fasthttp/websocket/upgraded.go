package websocket

import (
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/internal/reactor"
)

// begin readies a connection for its handler. It is not left to the handler's own
// goroutine, whose stack shall stay small.
func (u *FastHTTPUpgrader) begin(l leaving) *Conn {
	_ = l.nc.SetDeadline(time.Time{}) // those of the HTTP server; a connection without deadlines needs none cleared
	c := newConn(l.nc, true, u.ReadBufferSize, u.WriteBufferSize, u.WriteBufferPool, nil, nil)
	c.early = l.early
	c.deferred, c.parked, c.ours = true, !l.keeps, l.ours || !l.keeps
	return c
}

// serve lets the handler have the connection, and does what it decided.
func (c *Conn) serve(handler FastHTTPHandler) {
	returned := false
	defer func() {
		if !returned {
			c.endRequest()
			c.panicked(recover()) // nil after runtime.Goexit
		}
	}()
	handler(c)
	c.settle() // it may call OnClose
	returned = true
}

// settle is for when the handler has returned.
func (c *Conn) settle() {
	c.endRequest()
	if c.events != nil && c.events.onMessage != nil {
		if gone, err := c.handOver(c.parked); err == nil && gone != nil {
			<-gone // fasthttp closes the connection when we return
		}
	} else if c.ours { // Server.KeepHijackedConns leaves it to whom the handler gave it
		_ = c.Close()
	}
}

// panicked closes the connection of a handler that did not return.
func (c *Conn) panicked(v any) {
	reactor.Panics.Add(1)
	slog.Error("websocket: handler panicked", "peer", c.RemoteAddr(), "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
	_ = c.WriteControl(CloseMessage, FormatCloseMessage(CloseInternalServerErr, ""), time.Now().Add(writeWait))
	_ = c.Close()
}
