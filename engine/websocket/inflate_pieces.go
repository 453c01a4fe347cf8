package websocket

import (
	"errors"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// inflationSize is what an inflation takes of the budget: a little more than it
// takes of memory while there is a message.
const inflationSize = 128 << 10

// inflation is a compressed message that is handed over in pieces, of a
// connection whose Handler is a FragmentHandler.
type inflation struct {
	stream *wsproto.InflateStream // nil between messages
	text   wsproto.UTF8
	size   int64
}

// errOver stops an inflation whose connection has ended.
var errOver = errors.New("websocket: connection is over")

// compressedPiece inflates a piece of a compressed message and hands over what
// comes out.
func (c *Conn) compressedPiece(ev *wsproto.Event) {
	x := c.zip.pieces
	if ev.First {
		x.text, x.size = wsproto.UTF8{}, 0
		x.stream = c.zip.z.streams.Get().(*wsproto.InflateStream)
		x.stream.Reset(c.zip.in.bytes())
	}
	check := ev.Op == wsproto.OpText && !c.ep.codec.SkipUTF8
	limit := c.ep.limit()
	err := x.stream.Write(ev.Payload, ev.Last, func(p []byte) error {
		if x.size += int64(len(p)); x.size > limit {
			return wsproto.ErrMessageTooBig
		}
		if check && !x.text.Write(p) {
			return wsproto.ErrInvalidUTF8
		}
		c.zip.in.add(p)
		c.ep.onFragment.OnFragment(c, MessageType(ev.Op), p, false)
		if c.state == stateClosed || c.ec.Closing() {
			return errOver
		}
		return nil
	})
	switch {
	case err == errOver:
	case err != nil:
		c.failInflated(err)
	case ev.Last && check && !x.text.Complete():
		c.failInflated(wsproto.ErrInvalidUTF8)
	case ev.Last:
		c.ep.stats.inflated.Add(1)
		c.ep.onFragment.OnFragment(c, MessageType(ev.Op), nil, true)
	}
	if ev.Last || err != nil {
		x.close(c.zip.z)
	}
}

// close gives the stream back. One costs 110 KB to make, and a message may have a
// few bytes.
func (x *inflation) close(z *Compression) {
	if x.stream != nil {
		x.stream.Close()
		z.streams.Put(x.stream)
		x.stream = nil
	}
}
