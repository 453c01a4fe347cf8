package websocket

import (
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/internal/reactor"
)

// serve lets the handler have the connection, and does what it decided.
func (u *FastHTTPUpgrader) serve(c *Conn, l leaving, handler FastHTTPHandler) {
	_ = l.nc.SetDeadline(time.Time{}) // those of the HTTP server; a connection without deadlines needs none cleared
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
