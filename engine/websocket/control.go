package websocket

import (
	"github.com/sockeye-io/sockeye/codec/wsproto"
	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/internal/buffer"
)

// The optional parts of a Handler that hear of control frames, also between the
// frames of a message. p is valid until the call returns.
type (
	// PingHandler is given the pings, which are not answered then: Pong does.
	// Without it they are answered without asking.
	PingHandler interface{ OnPing(c *Conn, p []byte) }

	// PongHandler hears of pongs.
	PongHandler interface{ OnPong(c *Conn, p []byte) }

	// CloseHandler hears of the peer's close frame, with CodeNoStatus for an empty
	// one, before it is answered: what is written now leaves before the answer,
	// and a Close here is the answer. After a Close of our own it is the peer's
	// answer, and writes fail. OnClose follows.
	CloseHandler interface {
		OnCloseFrame(c *Conn, code int, reason string)
	}
)

// Ping sends a ping with at most 125 bytes; for its pong there is PongHandler. It
// returns ErrControlTooLong, engine.ErrClosed after Close, or
// engine.ErrSlowConsumer as WriteMessage does.
func (c *Conn) Ping(p []byte) error { return c.control(wsproto.OpPing, p) }

// Pong sends a pong with at most 125 bytes: the answer to a ping that PingHandler
// was given, with the same bytes, or one that nobody asked for (RFC 6455 section
// 5.5.3). The errors are those of Ping.
func (c *Conn) Pong(p []byte) error { return c.control(wsproto.OpPong, p) }

func (c *Conn) control(op wsproto.OpCode, p []byte) error {
	switch {
	case len(p) > wsproto.MaxControlPayload:
		return ErrControlTooLong
	case c.state != stateOpen:
		return engine.ErrClosed
	}
	return c.writeControl(op, p)
}

// pinged answers a ping, or lets the application do it. RFC 6455 5.5.2: "Upon
// receipt of a Ping frame, an endpoint MUST send a Pong frame in response, unless it
// already received a Close frame", with the same payload (5.5.3); after our own
// close frame nothing may follow.
func (c *Conn) pinged(p []byte) {
	c.ep.stats.pingsIn.Add(1)
	if c.ep.onPing != nil {
		c.ep.onPing.OnPing(c, p)
	} else if c.state == stateOpen {
		_ = c.writeControl(wsproto.OpPong, p)
	}
}

// closed answers the peer's close frame. RFC 6455 5.5.1: "If an endpoint
// receives a Close frame and did not previously send a Close frame, the endpoint
// MUST send a Close frame in response [...] it typically echos the status code".
func (c *Conn) closed(payload []byte) {
	c.ep.stats.closesIn.Add(1)
	code, reason, err := wsproto.ParseClose(payload)
	if err != nil {
		c.fail(err.(*wsproto.Error))
		return
	}
	e := &CloseError{Code: int(code), Reason: string(reason)}
	if c.ep.onCloseFrame != nil {
		c.ep.onCloseFrame.OnCloseFrame(c, e.Code, e.Reason)
	}
	if c.state == stateOpen {
		c.writeClose(code, "")
	}
	c.end(e)
}

func (c *Conn) writeClose(code wsproto.StatusCode, reason string) {
	b := buffer.Get(wsproto.MaxControlPayload)
	b.B = wsproto.AppendClose(b.B, code, reason)
	_ = c.writeControl(wsproto.OpClose, b.B)
	buffer.Put(b)
}

// writeControl writes a control frame, which may go over HighWater.
func (c *Conn) writeControl(op wsproto.OpCode, p []byte) error {
	return c.ec.WriteUrgent(c.appendFrame(c.ec.AvailableBuffer(), op, p))
}
