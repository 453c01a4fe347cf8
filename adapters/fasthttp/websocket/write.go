package websocket

import (
	"errors"
	"net"
	"time"

	"github.com/sockeye-io/sockeye/codec/wsproto"
	"github.com/sockeye-io/sockeye/engine"
)

// outBuffer is a buffer for frames of writeBufSize bytes of payload. The header is at its start, with its end at
// maxHeaderSize.
func (c *Conn) outBuffer() *buffer {
	n := int(c.writeBufSize) + maxHeaderSize
	if r := c.rare.Load(); r != nil && r.pool != nil {
		return borrowFrom(r.pool, n)
	}
	return borrow(n)
}

// putHeader writes a header that ends at maxHeaderSize, and returns where it starts.
func putHeader(b []byte, h wsproto.Header) (start int) {
	start = maxHeaderSize - 2
	if h.Masked {
		start -= 4
	}
	switch {
	case h.Length >= 1<<16:
		start -= 8
	case h.Length > 125:
		start -= 2
	}
	wsproto.AppendHeader(b[start:start:maxHeaderSize], h)
	return start
}

// frame writes one frame: the payload in out up to end, and rest, which is empty for a client. What is in out is masked.
func (c *Conn) frame(out *buffer, h wsproto.Header, end int, rest []byte) error {
	h.Length = int64(end - maxHeaderSize + len(rest))
	if !c.isServer {
		h.Masked, h.Mask = true, newMaskKey()
		wsproto.Mask(out.b[maxHeaderSize:end], h.Mask, 0)
	}
	start := putHeader(out.b, h)
	return c.send(out, out.b[start:end], rest, h.OpCode == wsproto.OpClose)
}

// send writes whole frames, of which the last goes on in rest, in their turn.
func (c *Conn) send(out *buffer, frames, rest []byte, closing bool) error {
	deadline := c.writeDeadline()
	c.lock.lock(time.Time{})
	defer c.lock.unlock()
	return c.sendNow(out, frames, rest, closing, deadline)
}

// sendNow is send for who has the lock.
func (c *Conn) sendNow(out *buffer, frames, rest []byte, closing bool, deadline time.Time) error {
	if err := c.lock.failed(); err != nil {
		return err
	}
	if c.conn() == nil && c.sink == nil {
		return ErrNilNetConn
	}
	var err error
	if c.sink != nil {
		if len(rest) > 0 {
			frames = append(append(make([]byte, 0, len(frames)+len(rest)), frames...), rest...)
		}
		err = c.sink.write(frames, closing, deadline)
	} else {
		err = c.stream(out, frames, rest, deadline)
	}
	if err != nil {
		if errors.Is(err, engine.ErrMailboxFull) && frames[0] > 1<<7 { // a message that was not begun: the next may pass
			return err
		}
		return c.lock.fail(err)
	}
	if closing {
		_ = c.lock.fail(ErrCloseSent)
	}
	return nil
}

// stream writes to the connection below.
func (c *Conn) stream(out *buffer, frames, rest []byte, deadline time.Time) error {
	if err := c.setDeadline(deadline); err != nil {
		return err
	}
	if len(rest) == 0 {
		_, err := c.conn().Write(frames)
		return err
	}
	out.two = [2][]byte{frames, rest}
	out.vec = net.Buffers(out.two[:])
	_, err := out.vec.WriteTo(c.conn())
	return err
}

// setDeadline does nothing when the deadline is that of the write before.
func (c *Conn) setDeadline(t time.Time) error {
	var at int64
	if !t.IsZero() {
		at = t.UnixNano()
	}
	if at == c.deadline && !c.fresh {
		return nil
	}
	if err := c.conn().SetWriteDeadline(t); err != nil {
		return err
	}
	c.deadline, c.fresh = at, false
	return nil
}

// WriteControl writes a control message: CloseMessage, PingMessage or PongMessage, with at most 125 bytes. It may come
// between the frames of a message. deadline holds for waiting, behind those who are writing, and for writing; zero means none.
// Any goroutine may call it.
func (c *Conn) WriteControl(messageType int, data []byte, deadline time.Time) error {
	switch {
	case c == nil:
		return ErrNilConn
	case !isControl(messageType):
		return errBadWriteOpCode
	case len(data) > maxControlPayload:
		return errInvalidControlFrame
	case !deadline.IsZero() && time.Until(deadline) < 0:
		return errWriteTimeout
	}
	out := borrow(maxHeaderSize + maxControlPayload)
	defer out.release()
	h := wsproto.Header{Fin: true, OpCode: wsproto.OpCode(messageType), Length: int64(len(data))}
	end := maxHeaderSize + copy(out.b[maxHeaderSize:], data)
	if !c.isServer {
		h.Masked, h.Mask = true, newMaskKey()
		wsproto.Mask(out.b[maxHeaderSize:end], h.Mask, 0)
	}
	start := putHeader(out.b, h)
	if !c.lock.lock(deadline) {
		return errWriteTimeout
	}
	defer c.lock.unlock()
	return c.sendNow(out, out.b[start:end], nil, messageType == CloseMessage, deadline)
}
