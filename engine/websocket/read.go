package websocket

import (
	"github.com/sockeye-io/sockeye/codec/wsproto"
	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/internal/buffer"
)

// frames decodes what has arrived and answers how many bytes were used. Nothing
// that arrives after the end is looked at.
func (c *Conn) frames(p []byte) int {
	off, messages, pieces := 0, 0, 0
	if len(p) > 0 {
		c.alive = heard
	}
	for c.state == stateOpen || c.state == stateClosing {
		ev, n, err := c.dec.Next(p[off:])
		if err != nil {
			c.fail(err.(*wsproto.Error))
			break
		}
		if n == 0 {
			break
		}
		off += n
		switch ev.Op {
		case wsproto.OpText, wsproto.OpBinary:
			if ev.Last {
				messages++
			}
			if !ev.First || !ev.Last {
				pieces++
			}
			c.piece(&ev)
		case wsproto.OpPing:
			c.pinged(ev.Payload)
		case wsproto.OpPong:
			if c.ep.onPong != nil {
				c.ep.onPong.OnPong(c, ev.Payload)
			}
		case wsproto.OpClose:
			c.closed(ev.Payload)
		}
		if c.ec.Closing() { // a slow consumer, say: the rest would be in vain
			c.state = stateClosed
		}
	}
	if messages > 0 {
		c.ep.stats.messagesIn.Add(uint64(messages))
	}
	if pieces > 0 {
		c.ep.stats.pieces.Add(uint64(pieces))
	}
	if c.state == stateClosed {
		return len(p)
	}
	return off
}

// piece hands a message over: from where it was read when it came whole, else
// from a buffer that grows with what arrives, never with what was announced.
func (c *Conn) piece(ev *wsproto.Event) {
	switch {
	case c.dec.Compressed() && c.ep.onFragment != nil:
		c.compressedPiece(ev)
		return
	case c.dec.Compressed():
		c.compressed(ev)
		return
	case c.ep.onFragment != nil:
		if ev.Last || len(ev.Payload) > 0 {
			c.ep.onFragment.OnFragment(c, MessageType(ev.Op), ev.Payload, ev.Last)
		}
		return
	case ev.First && ev.Last:
		c.ep.h.OnMessage(c, MessageType(ev.Op), ev.Payload)
		return
	}
	c.gather(ev.Payload)
	if ev.Last {
		msg := c.gathered()
		c.ep.h.OnMessage(c, MessageType(ev.Op), msg.B)
		buffer.Put(msg)
	}
}

// gather keeps p until the rest of its message has come.
func (c *Conn) gather(p []byte) {
	if c.msg == nil {
		c.msg = buffer.Get(len(p))
		c.ep.stats.partial.Add(1)
	}
	c.msg = buffer.Append(c.msg, p)
}

// gathered lends what was kept, to be put back.
func (c *Conn) gathered() *buffer.Buf {
	msg := c.msg
	c.msg = nil
	c.ep.stats.partial.Add(-1)
	return msg
}

// fail answers a violation. RFC 6455 7.1.7: send a close frame with the code,
// and close. What was echoed before still arrives: the engine flushes, sends FIN
// and lingers.
func (c *Conn) fail(e *wsproto.Error) {
	c.ep.stats.violation(e.Code)
	if c.state == stateOpen {
		c.writeClose(e.Code, e.Reason)
	}
	c.end(&CloseError{Code: int(e.Code), Reason: e.Reason, Err: e})
}

// forget gives back the beginning of a message that will never be whole.
func (c *Conn) forget() {
	if c.msg != nil {
		buffer.Put(c.gathered())
	}
}

// end closes the connection below, with the cause that OnClose will be told.
func (c *Conn) end(err *CloseError) {
	c.state = stateClosed
	c.forget() // now: to flush and to linger may take long
	c.ec.CloseWithError((*ended)(err))
}

// ended is a *CloseError on its way through the engine. One that an application
// gives to Abort, from another connection perhaps, is only a cause.
type ended CloseError

func (e *ended) Error() string { return (*CloseError)(e).Error() }

// closeError turns the end of the connection below into what OnClose is told.
func closeError(err error) *CloseError {
	if e, ok := err.(*ended); ok {
		return (*CloseError)(e)
	}
	if err == nil {
		err = engine.ErrClosed // of the connection below, by the application
	}
	return &CloseError{Code: CodeAbnormal, Err: err}
}

// expired is the end of a timer: of the opening or of the closing handshake, or
// between the two of the peer's silence.
func (c *Conn) expired() {
	switch c.state {
	case stateOpen:
		c.doubt()
	case stateHandshake:
		c.ep.stats.handshakeTimeouts.Add(1)
		c.ec.CloseWithError(ErrHandshakeTimeout)
	case stateClosing:
		c.ep.stats.closeTimeouts.Add(1)
		c.ec.Abort(ErrCloseTimeout)
	}
}

// release gives back what a connection that ends has borrowed, and tells the
// application when it knows of it.
func (c *Conn) release(err error) {
	c.state = stateClosed
	c.forget()
	c.zip.free()
	if c.known {
		c.ep.h.OnClose(c, closeError(err))
	}
}

var _ engine.Handler = (*Server)(nil)
