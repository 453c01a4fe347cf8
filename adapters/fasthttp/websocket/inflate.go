package websocket

import (
	"io"
	"sync"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// inflater decompresses a message while it is read.
type inflater struct {
	z   wsproto.InflateReader
	n   int64  // bytes that came out
	all []byte // see inflateAll
}

// maxKept is how much memory, in bytes, stays with what is in a pool.
const maxKept = 256 << 10

var inflaters = sync.Pool{New: func() any { return new(inflater) }}

func borrowInflater(c *Conn) *inflater {
	z := inflaters.Get().(*inflater)
	z.z.Reset((*compressed)(c), nil)
	z.n = 0
	return z
}

func (z *inflater) release() {
	z.z.Release()
	if cap(z.all) > maxKept {
		z.all = nil
	}
	inflaters.Put(z)
}

// compressed is the payload of a compressed message.
type compressed Conn

func (r *compressed) Read(p []byte) (int, error) { return (*Conn)(r).payload(p) }

func (z *inflater) read(c *Conn, p []byte) (n int, err error) {
	n, err = z.z.Read(p)
	z.n += int64(n)
	switch {
	case err == wsproto.ErrDeflate:
		c.readErr = c.refuse(CloseInvalidFramePayloadData, "corrupt compressed message")
	case c.readLimit > 0 && z.n > c.readLimit:
		c.readErr = c.tooBig()
	default:
		return n, err
	}
	c.idle()
	return 0, c.readErr
}

// inflateAll reads a compressed message to its end. It is put together in memory of the pool, and copied when its
// size is known.
func (c *Conn) inflateAll() (p []byte, err error) {
	z := borrowInflater(c)
	defer z.release()
	all := z.all[:0]
	for {
		if len(all) == cap(all) {
			all = append(all, 0)[:len(all)]
		}
		var n int
		n, err = z.read(c, all[len(all):cap(all)])
		if err != nil && err != io.EOF {
			break
		}
		if bad := c.checkText(all[len(all):len(all)+n], err == io.EOF); bad != nil {
			err = bad
			break
		}
		all = all[:len(all)+n]
		if err == io.EOF {
			err = nil
			break
		}
	}
	z.all = all
	return append(make([]byte, 0, len(all)), all...), err
}
