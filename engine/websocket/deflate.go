package websocket

import (
	"github.com/sockeye-io/sockeye/codec/wsproto"
	"github.com/sockeye-io/sockeye/engine/internal/buffer"
)

// rsvDeflated marks the first frame of a compressed message: RSV1, RFC 7692
// section 6.
const rsvDeflated = 4

// deflated begins to use what was agreed.
func (c *Conn) deflated(d *deflation) {
	c.zip = d
	c.dec = wsproto.NewDecoder(c.ep.config(true))
}

// deflates reports whether a message of n bytes is worth compressing.
func (d *deflation) deflates(n int) bool { return d != nil && n >= d.z.threshold }

// deflate compresses p, which is a message or, when last is false, one of its
// fragments but the last, into a buffer that the caller puts back. Whoever sends
// the outcome calls sent.
func (d *deflation) deflate(p []byte, last bool) *buffer.Buf {
	b := buffer.Get(wsproto.DeflateBound(len(p)))
	b.B = d.z.deflater.Append(b.B, p, d.bits, d.out.bytes(), last)
	return b
}

// sent tells that p went compressed.
func (d *deflation) sent(p []byte) { d.out.add(p) }

// worth reports whether a message of n bytes is sent as packed ones. RFC 7692 6.1
// lets each message choose. With takeover a few bytes more are worth it: what is
// sent plain is not in the window, and would cost as much the next time.
func (d *deflation) worth(packed, n int) bool {
	return packed < n || d.out != nil && n <= d.out.size && packed < n+16
}

// writeDeflated sends a message compressed, if that is worth it.
func (c *Conn) writeDeflated(op wsproto.OpCode, p []byte) error {
	z := c.zip.deflate(p, true)
	if !c.zip.worth(len(z.B), len(p)) {
		buffer.Put(z)
		return c.writeFrame(op, p)
	}
	c.zip.sent(p)
	err := c.writePart(wsproto.Header{Fin: true, Rsv: rsvDeflated, OpCode: op}, z.B)
	buffer.Put(z)
	return err
}
