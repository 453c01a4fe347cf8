package websocket

import "github.com/sockeye-io/sockeye/codec/wsproto"

// aliveness is what the ping timer knows of the peer.
type aliveness uint8

const (
	silent aliveness = iota // nothing came since the timer was set
	heard                   // something did
	pinged                  // nothing did, and a ping waits for its pong
)

// watch sets the timer that asks whether a silent peer is still there.
func (c *Conn) watch() {
	c.alive = silent
	c.ec.SetTimer(c.ep.pingTime) // zero cancels
}

// doubt is the end of that timer. RFC 6455 5.5.2: "A Ping frame may serve either
// as a keepalive or as a means to verify that the remote endpoint is still
// responsive." Any bytes at all are an answer: a peer in the middle of a long
// message sends its pong after it.
func (c *Conn) doubt() {
	switch c.alive {
	case heard:
		c.watch()
	case silent:
		_ = c.writeControl(wsproto.OpPing, nil)
		if c.ep.pongTime == 0 { // nobody is given up
			c.watch()
			return
		}
		c.alive = pinged
		c.ec.SetTimer(c.ep.pongTime)
	case pinged:
		c.ep.stats.pongTimeouts.Add(1)
		c.Abort(ErrPongTimeout)
	}
}
