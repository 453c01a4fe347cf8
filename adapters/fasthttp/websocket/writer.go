package websocket

import (
	"io"
	"strings"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// NextWriter returns a writer of a message of the type. Close writes what is left, and ends the message; nothing else does. What does
// not fit in the write buffer is written before, as a frame of its own. A connection has one open writer: NextWriter and
// WriteMessage close the one before.
func (c *Conn) NextWriter(messageType int) (io.WriteCloser, error) {
	if c == nil {
		return nil, ErrNilConn
	}
	c.message.Lock()
	defer c.message.Unlock()
	if err := c.begin(messageType); err != nil {
		return nil, err
	}
	w := &messageWriter{c: c, out: c.outBuffer(), pos: maxHeaderSize, op: wsproto.OpCode(messageType)}
	if how, ok := c.compression(messageType); ok {
		w.z, w.how, w.rsv = borrowDeflated(), how, rsv1
	}
	c.writer = w
	return w, nil
}

// messageWriter writes one message, with the message lock for each step.
type messageWriter struct {
	c   *Conn
	out *buffer
	z   *deflated // nil: the message is not compressed
	err error     // after the end
	pos int       // in out
	op  wsproto.OpCode
	rsv byte
	how squeeze
}

// end gives back what the writer has. Further use of it is err.
func (w *messageWriter) end(err error) error {
	if w.err != nil {
		return err
	}
	w.err = err
	w.c.writer = nil
	w.out.release()
	w.out = nil
	if w.z != nil {
		w.z.release()
		w.z = nil
	}
	return err
}

// flush writes a frame: what is in the buffer, and rest.
func (w *messageWriter) flush(fin bool, rest []byte) error {
	length := w.pos - maxHeaderSize + len(rest)
	if isControl(int(w.op)) && (!fin || length > maxControlPayload) {
		return w.end(errInvalidControlFrame)
	}
	w.out.deadline = w.c.writeDeadline()
	w.c.frame(w.out, wsproto.Header{Fin: fin, Rsv: w.rsv, OpCode: w.op}, w.pos, rest)
	if err := w.c.send(w.out); err != nil {
		return w.end(err)
	}
	if fin {
		_ = w.end(errWriteClosed)
		return nil
	}
	w.pos, w.op, w.rsv = maxHeaderSize, wsproto.OpContinuation, 0
	return nil
}

// put adds to the payload as it is sent.
func (w *messageWriter) put(p []byte) error {
	for len(p) > 0 {
		if w.pos == len(w.out.b) {
			if err := w.flush(false, nil); err != nil {
				return err
			}
		}
		n := copy(w.out.b[w.pos:], p)
		w.pos += n
		p = p[n:]
	}
	return nil
}

func (w *messageWriter) write(p []byte) (n int, err error) {
	if w.err != nil {
		return 0, w.err
	}
	if w.z == nil {
		if err := w.put(p); err != nil {
			return 0, err
		}
		return len(p), nil
	}
	for rest := p; len(rest) > 0; {
		rest = w.z.add(rest)
		if w.z.full() {
			if err := w.put(w.z.piece(w.how, false)); err != nil {
				return 0, err
			}
		}
	}
	return len(p), nil
}

func (w *messageWriter) close() error {
	if w.err != nil {
		return w.err
	}
	if w.z != nil {
		if err := w.put(w.z.piece(w.how, true)); err != nil {
			return err
		}
	}
	return w.flush(true, nil)
}

func (w *messageWriter) Write(p []byte) (int, error) {
	w.c.message.Lock()
	defer w.c.message.Unlock()
	if w.err == nil && w.z == nil && w.c.isServer && len(p) > 2*len(w.out.b) {
		// There is nothing to be won by a copy.
		if err := w.flush(false, p); err != nil {
			return 0, err
		}
		return len(p), nil
	}
	return w.write(p)
}

func (w *messageWriter) Close() error {
	w.c.message.Lock()
	defer w.c.message.Unlock()
	return w.close()
}

// WriteString is Write without the memory of a conversion.
func (w *messageWriter) WriteString(s string) (n int, err error) {
	k, err := w.ReadFrom(strings.NewReader(s))
	return int(k), err
}

// ReadFrom writes what r has, until io.EOF. The lock for messages is not held while r waits.
func (w *messageWriter) ReadFrom(r io.Reader) (n int64, err error) {
	b := borrow(defaultBufferSize)
	defer b.release()
	for err == nil {
		var k int
		k, err = r.Read(b.b)
		if bad := w.piece(b.b[:k]); bad != nil {
			return n, bad
		}
		n += int64(k)
	}
	if err == io.EOF {
		err = nil
	}
	return n, err
}

func (w *messageWriter) piece(p []byte) error {
	w.c.message.Lock()
	defer w.c.message.Unlock()
	_, err := w.write(p)
	return err
}
