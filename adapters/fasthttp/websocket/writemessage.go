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
	defer c.message.Unlock()
	if err := c.begin(messageType); err != nil {
		return err
	}
	if isControl(messageType) && len(data) > maxControlPayload {
		return errInvalidControlFrame
	}
	h := wsproto.Header{Fin: true, OpCode: wsproto.OpCode(messageType)}
	if level, ok := c.compression(messageType); ok {
		z := borrowDeflated()
		defer z.release()
		h.Rsv, data = rsv1, z.whole(level, data)
	}
	out := c.outBuffer()
	defer out.release()
	if c.isServer {
		n := copy(out.b[maxHeaderSize:], data)
		return c.frame(out, h, maxHeaderSize+n, data[n:])
	}
	for {
		n := copy(out.b[maxHeaderSize:], data)
		data = data[n:]
		h.Fin = len(data) == 0
		if err := c.frame(out, h, maxHeaderSize+n, nil); err != nil || h.Fin {
			return err
		}
		h.OpCode, h.Rsv = wsproto.OpContinuation, 0
	}
}
