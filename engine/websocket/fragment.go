package websocket

import (
	"github.com/sockeye-io/sockeye/codec/wsproto"
	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/internal/buffer"
)

// FragmentHandler is an optional part of a Handler that takes messages in
// pieces, as they arrive, so that none has to fit in memory: OnMessage is not
// called then. Pieces need not be the frames of the peer, a text may be cut
// within a character, and p may be empty; last ends the message. Text is checked
// on the way: what comes before a fault has been handed over by then, and
// OnClose tells that the message will not end. p is valid until OnFragment
// returns and must not be changed. Options.MaxMessage holds as ever; negative lets
// messages of any size through.
type FragmentHandler interface {
	OnFragment(c *Conn, t MessageType, p []byte, last bool)
}

// WritableHandler is an optional part of a Handler that is told when the output
// of a connection, having passed LowWater, has sunk to it again: the time to go
// on with a message that is sent in fragments.
type WritableHandler interface{ OnWritable(c *Conn) }

// fragmenting is the message that is being sent in fragments, zero for none.
type fragmenting uint8

const (
	fragmentingPlain fragmenting = iota + 1
	fragmentingDeflated
)

// WriteFragment sends one fragment of a message; last ends it. t counts in the
// first fragment only. Pings and closes may come between fragments, other
// messages not: until the last one they are refused with ErrFragmented (RFC 6455
// section 5.4). A text may be cut within a character. The other errors are those
// of WriteMessage. Nothing waits: who sends more than HighWater looks at Buffered
// and goes on in OnWritable.
func (c *Conn) WriteFragment(t MessageType, p []byte, last bool) error {
	if c.state != stateOpen {
		return engine.ErrClosed
	}
	h := wsproto.Header{Fin: last}
	if c.sending == 0 {
		if last {
			return c.WriteMessage(t, p)
		}
		h.OpCode = wsproto.OpCode(t)
		c.sending = fragmentingPlain
		if c.zip.deflates(len(p)) {
			c.sending = fragmentingDeflated
			h.Rsv = rsvDeflated
		}
	}
	deflated := c.sending == fragmentingDeflated
	if last {
		c.sending = 0
		c.ep.stats.messagesOut.Add(1)
	}
	if !deflated {
		return c.writePart(h, p)
	}
	z := c.zip.deflate(p, last)
	c.zip.sent(p)
	err := c.writePart(h, z.B)
	buffer.Put(z)
	return err
}

func (c *Conn) relieved() {
	if c.ep.onWritable != nil && c.known {
		c.ep.onWritable.OnWritable(c)
	}
}
