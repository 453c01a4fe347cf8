package websocket

import (
	"errors"
	"io"
	"math"
	"unicode/utf8"

	"github.com/sockeye-io/sockeye/codec/wsproto"
	"github.com/sockeye-io/sockeye/engine/internal/buffer"
)

// inflate turns the payload of a compressed message into the message, in a buffer
// that the caller puts back; packed it takes. The message grows as it is
// inflated, to limit bytes at most: a bomb costs no more. The error is a
// *wsproto.Error.
func (d *deflation) inflate(packed *buffer.Buf, limit int64) (*buffer.Buf, error) {
	packed = buffer.Append(packed, []byte(wsproto.DeflateTail))
	r := d.z.inflaters.Get().(*wsproto.Inflater)
	r.Reset(packed.B, d.in.bytes())
	msg, err := readAll(r, 4*len(packed.B), limit)
	r.Release()
	d.z.inflaters.Put(r)
	buffer.Put(packed)
	if err != nil {
		return nil, err
	}
	d.in.add(msg.B)
	return msg, nil
}

func readAll(r *wsproto.Inflater, guess int, limit int64) (*buffer.Buf, error) {
	most := int(min(limit, math.MaxInt-1)) + 1 // one more than allowed shows that it is too much
	b := buffer.Get(min(guess, most))
	for {
		n, err := r.Read(b.B[len(b.B):min(cap(b.B), most)])
		b.B = b.B[:len(b.B)+n]
		switch {
		case int64(len(b.B)) > limit:
			err = wsproto.ErrMessageTooBig
		case err == io.EOF:
			return b, nil
		}
		if err != nil {
			buffer.Put(b)
			return nil, err
		}
		if len(b.B) == cap(b.B) {
			larger := buffer.Get(min(2*cap(b.B), most))
			larger.B = append(larger.B, b.B...)
			buffer.Put(b)
			b = larger
		}
	}
}

// compressed gathers a piece of a compressed message, and hands the message over
// when it is whole.
func (c *Conn) compressed(ev *wsproto.Event) {
	var packed *buffer.Buf
	if ev.First && ev.Last {
		packed = buffer.Append(buffer.Get(len(ev.Payload)+len(wsproto.DeflateTail)), ev.Payload)
	} else {
		c.gather(ev.Payload)
		if !ev.Last {
			return
		}
		packed = c.gathered()
	}
	msg, err := c.zip.inflate(packed, c.ep.limit())
	if err == nil && ev.Op == wsproto.OpText && !c.ep.codec.SkipUTF8 && !utf8.Valid(msg.B) {
		buffer.Put(msg)
		err = wsproto.ErrInvalidUTF8
	}
	if err != nil {
		c.failInflated(err)
		return
	}
	c.ep.stats.inflated.Add(1)
	c.ep.h.OnMessage(c, MessageType(ev.Op), msg.B)
	buffer.Put(msg)
}

func (c *Conn) failInflated(err error) {
	var bad *wsproto.Error
	if !errors.As(err, &bad) {
		panic("websocket: inflate: " + err.Error())
	}
	if bad == wsproto.ErrMessageTooBig {
		c.ep.stats.bombs.Add(1)
	}
	c.fail(bad)
}
