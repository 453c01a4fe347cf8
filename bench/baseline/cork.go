package baseline

import (
	"net"
	"sync"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// A payload of more than bigPayload is not copied, and no more than that is collected before it is written.
const bigPayload = 16 << 10

// cork collects the answers to what one read brought. A connection borrows it from its first answer until it is
// written, so that one at rest has none. It belongs to the connection's goroutine.
type cork struct {
	b    []byte
	vec  [2][]byte
	bufs net.Buffers
}

var corks = sync.Pool{New: func() any { return &cork{b: make([]byte, 0, 2*bigPayload)} }}

// write collects a frame, or writes it if it is large.
func (c *Conn) write(op wsproto.OpCode, p []byte) error {
	if c.out == nil {
		c.out = corks.Get().(*cork)
	}
	k := c.out
	if len(p) <= bigPayload {
		k.b = wsproto.AppendFrame(k.b, op, p)
		if len(k.b) > bigPayload {
			return c.flush()
		}
		return nil
	}
	k.b = wsproto.AppendHeader(k.b, wsproto.Header{Fin: true, OpCode: op, Length: int64(len(p))})
	k.vec = [2][]byte{k.b, p}
	k.bufs = k.vec[:]
	_, err := k.bufs.WriteTo(c.nc)
	c.uncork()
	return err
}

// flush writes what was collected.
func (c *Conn) flush() error {
	if c.out == nil {
		return nil
	}
	_, err := c.nc.Write(c.out.b)
	c.uncork()
	return err
}

func (c *Conn) uncork() {
	k := c.out
	c.out = nil
	k.b, k.vec, k.bufs = k.b[:0], [2][]byte{}, nil
	corks.Put(k)
}
