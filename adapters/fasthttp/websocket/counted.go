package websocket

import (
	"net"
	"sync/atomic"
	"time"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/internal/reactor"
)

// counted is what the adapter knows of a connection.
type counted struct {
	mode atomic.Uint32 // 0 none, else the mode and one
	is   atomic.Uint32
}

// The bits of counted.is.
const (
	isClosed  = 1 << iota // Close was called
	isReading             // a goroutine reads
)

// opened is told of every connection that an upgrader or a Dialer has made, before
// anybody else has it. Those of a Dialer are their maker's alone.
func opened(c *Conn) {
	if !c.isServer {
		return
	}
	reactor.Upgraded.Add(1)
	mode := reactor.Original
	if c.parks() {
		mode = reactor.Blocking
	}
	c.counts.mode.Store(uint32(mode) + 1)
	mode.Begin()
	reactor.Enter(goer{c})
}

// leave is for the end of a connection that a goroutine served.
func (c *Conn) leave() {
	if mode := c.counts.mode.Swap(0); mode != 0 {
		reactor.Mode(mode - 1).End()
		reactor.Leave(goer{c})
	}
}

// land is for a connection that goes to a loop instead.
func (c *Conn) land() {
	c.leave()
	reactor.Callback.Begin()
}

// goer is what Shutdown does to a connection.
type goer struct{ c *Conn }

// GoAway sends a close frame, without making the caller wait.
func (g goer) GoAway() {
	go func() {
		// A peer that does not even read this is cut in the end.
		_ = g.c.WriteControl(CloseMessage, FormatCloseMessage(CloseGoingAway, ""), time.Now().Add(writeWait))
	}()
}

// Cut ends the connection, without the farewell of TLS: a peer that does not read would
// have us wait for seconds.
func (g goer) Cut() {
	if above, ok := g.c.conn().(interface{ NetConn() net.Conn }); ok {
		if nc := above.NetConn(); nc != nil {
			_ = nc.Close()
		}
	}
	_ = g.c.Close()
}
