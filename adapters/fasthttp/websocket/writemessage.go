package websocket

import "github.com/sockeye-io/sockeye/codec/wsproto"

// rsv1 is the first reserved bit in a wsproto.Header: the message is compressed.
const rsv1 = 4

// begin starts a message. The writer that is still open is closed. The caller has the message lock.
func (c *Conn) begin(messageType int) error {
	if c.writer != nil {
		_ = c.writer.close()
	}
	if !isControl(messageType) && !isData(messageType) {
		return errBadWriteOpCode
	}
	return c.lock.failed()
}

// WriteMessage writes a whole message. A server writes one frame, a client as many as its write buffer is too small for.
// data is not held. Any goroutine may call it; that an open writer of NextWriter is closed by it is for the one who has that.
func (c *Conn) WriteMessage(messageType int, data []byte) error {
	if c == nil {
		return ErrNilConn
	}
	c.message.Lock()
	var m message
	err := c.whole(&m, messageType, data)
	for err == nil {
		if err = c.send(m.out); err != nil || len(m.data) == 0 {
			break
		}
		m.fragment(c)
	}
	m.release()
	c.message.Unlock()
	return err
}

// message is what WriteMessage writes.
type message struct {
	out  *buffer
	z    *deflated // holds data
	data []byte    // that is not in out
	op   wsproto.OpCode
	rsv  byte
}

// whole begins a message with its first frame.
//
//go:noinline
func (c *Conn) whole(m *message, messageType int, data []byte) error {
	if err := c.begin(messageType); err != nil {
		return err
	}
	if isControl(messageType) && len(data) > maxControlPayload {
		return errInvalidControlFrame
	}
	m.op, m.data = wsproto.OpCode(messageType), data
	if how, ok := c.compression(messageType); ok {
		m.z = borrowDeflated()
		m.rsv, m.data = rsv1, m.z.whole(how, data)
	}
	m.out = c.outBuffer()
	m.out.deadline = c.writeDeadline()
	m.fragment(c)
	return nil
}

// fragment makes the next frame, which is all there is on a server.
//
//go:noinline
func (m *message) fragment(c *Conn) {
	n := copy(m.out.b[maxHeaderSize:], m.data)
	rest := m.data[n:]
	m.data = nil
	if !c.isServer {
		rest, m.data = nil, rest
	}
	h := wsproto.Header{Fin: len(m.data) == 0, Rsv: m.rsv, OpCode: m.op}
	c.frame(m.out, h, maxHeaderSize+n, rest)
	m.op, m.rsv = wsproto.OpContinuation, 0
}

//go:noinline
func (m *message) release() {
	if m.out != nil {
		m.out.release()
	}
	if m.z != nil {
		m.z.release()
	}
}
