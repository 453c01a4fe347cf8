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

// frame makes the frame that send writes: the payload in out up to end, and rest, which is empty for a client. What is in
// out is masked.
func (c *Conn) frame(out *buffer, h wsproto.Header, end int, rest []byte) {
	h.Length = int64(end - maxHeaderSize + len(rest))
	if !c.isServer {
		h.Masked, h.Mask = true, newMaskKey()
		wsproto.Mask(out.b[maxHeaderSize:end], h.Mask, 0)
	}
	out.frames, out.rest = out.b[putHeader(out.b, h):end], rest
	out.closing = h.OpCode == wsproto.OpClose
}

// send writes what out has, in its turn.
func (c *Conn) send(out *buffer) error {
	if !c.lock.lock(out.until) {
		return errWriteTimeout
	}
	err := c.lock.failed()
	if err == nil {
		switch nc := c.conn(); {
		case c.landed:
			err = c.events.write(out.frames, out.rest, out.closing, out.deadline)
		case nc == nil:
			c.lock.unlock()
			return ErrNilNetConn
		default:
			if err = c.setDeadline(out.deadline); err != nil {
				break
			}
			if len(out.rest) == 0 {
				_, err = nc.Write(out.frames)
			} else {
				err = out.writeBoth(nc)
			}
		}
		switch {
		case errors.Is(err, engine.ErrMailboxFull) && out.frames[0] > 1<<7: // a message that was not begun: the next may pass
		case err != nil:
			_ = c.lock.fail(err)
		case out.closing:
			_ = c.lock.fail(ErrCloseSent)
		}
	}
	c.lock.unlock()
	return err
}

//go:noinline
func (out *buffer) writeBoth(nc net.Conn) error {
	out.two = [2][]byte{out.frames, out.rest}
	out.vec = net.Buffers(out.two[:])
	_, err := out.vec.WriteTo(nc)
	out.two, out.vec = [2][]byte{}, nil
	return err
}

// setDeadline does nothing when the deadline is that of the write before.
//
//go:noinline
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
	out := c.controlFrame(messageType, data)
	out.deadline, out.until = deadline, deadline
	err := c.send(out)
	out.release()
	return err
}
