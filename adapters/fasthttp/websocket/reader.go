package websocket

import (
	"io"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// maxReadErrors is how often reading may be tried again after it failed for good.
const maxReadErrors = 1000

// NextReader waits for the next message, TextMessage or BinaryMessage, and returns a reader of it, which ends with io.EOF.
// What was not read of the message before is left out. An error is permanent, also for the readers; to go on
// after it a thousand times panics: that is a loop that does not end.
func (c *Conn) NextReader() (messageType int, r io.Reader, err error) {
	if c == nil {
		return 0, nil, ErrNilConn
	}
	messageType, err = c.next()
	if err != nil {
		return noFrame, nil, err
	}
	mr := &messageReader{c: c}
	if c.compressed {
		mr.z = borrowInflater(c)
	}
	c.reader = mr
	return messageType, mr, nil
}

// next goes on to the next message.
func (c *Conn) next() (messageType int, err error) {
	if c.reading == nil {
		return c.unreadable()
	}
	if r := c.reader; r != nil {
		r.end()
	}
	c.counts.is.Or(isReading)
	c.readLength = 0
	for c.readErr == nil {
		// It is here that a connection waits while nothing happens: in as little stack as can be.
		if err = c.skip(); err == nil && len(c.early) == 0 {
			if err = c.fill(); err == io.EOF {
				err = errUnexpectedEOF
			}
		}
		if err == nil {
			messageType, err = c.advance()
		}
		if err == nil && isData(messageType) {
			c.counts.is.And(^uint32(isReading))
			return messageType, nil
		}
		if err != nil {
			c.readErr = err
			c.idle()
		}
	}
	c.counts.is.And(^uint32(isReading))
	return c.failed(c.readErr)
}

// failed is what reading returns once it has failed. Nobody waits for such a connection to end: it may be left to the
// collector, as with the original.
func (c *Conn) failed(err error) (messageType int, _ error) {
	c.leave()
	if c.readErrCount++; c.readErrCount >= maxReadErrors {
		panic("repeated read on failed websocket connection")
	}
	return noFrame, err
}

// unreadable is for a connection that a loop reads, and for the zero Conn.
func (c *Conn) unreadable() (messageType int, err error) {
	if c.conn() == nil {
		return c.failed(ErrNilNetConn)
	}
	return c.failed(errOnLoop)
}

// finish leaves out what was not read of a message. An error is in readErr.
func (c *Conn) finish() {
	if r := c.reader; r != nil {
		r.end()
	}
	for c.readErr == nil && (c.remaining > 0 || c.inside) {
		err := c.skip()
		if err == nil && c.inside {
			_, err = c.advance()
		}
		if err == io.EOF {
			err = errUnexpectedEOF
		}
		c.readErr = err
	}
}

// payload reads on in the message, as it came, and returns io.EOF after the end of it. An error is in readErr too. It may
// read nothing without an error if p is empty.
func (c *Conn) payload(p []byte) (n int, err error) {
	c.counts.is.Or(isReading)
	n, err = c.readOn(p)
	c.counts.is.And(^uint32(isReading))
	return n, err
}

func (c *Conn) readOn(p []byte) (n int, err error) {
	for c.readErr == nil && c.remaining == 0 {
		if !c.inside {
			return 0, io.EOF
		}
		if _, err := c.advance(); err != nil {
			c.readErr = err
		}
	}
	if c.readErr == nil {
		n, err = c.chunk(p[:min(int64(len(p)), c.remaining)])
		if err == io.EOF {
			err = errUnexpectedEOF
		}
		c.readErr = err
	}
	if c.readErr != nil {
		c.idle()
	}
	return n, c.readErr
}

// chunk reads what comes next of a frame, and unmasks it.
func (c *Conn) chunk(p []byte) (n int, err error) {
	switch {
	case len(p) == 0:
		return 0, nil
	case len(c.early) == 0 && len(p) >= int(c.readBufSize):
		if n, err = c.direct(p); err != nil {
			return 0, err
		}
	default:
		if len(c.early) == 0 {
			if err := c.fill(); err != nil {
				return 0, err
			}
		}
		n = copy(p, c.early)
		c.early = c.early[n:]
	}
	c.remaining -= int64(n)
	if c.isServer {
		wsproto.Mask(p[:n], c.mask, int(c.maskPos))
		c.maskPos = (c.maskPos + uint8(n&3)) & 3
	}
	return n, nil
}

// checkText refuses text that is not UTF-8, RFC 6455 section 8.1. last: it ends here.
func (c *Conn) checkText(p []byte, last bool) error {
	if !c.text || c.utf8.Write(p) && (!last || c.utf8.Complete()) {
		return nil
	}
	c.readErr = c.refuse(CloseInvalidFramePayloadData, "invalid utf8 payload in text message")
	c.idle()
	return c.readErr
}

// messageReader reads one message. It is at its end when another is the reader of the connection.
type messageReader struct {
	c   *Conn
	z   *inflater // nil: the message is not compressed
	err error     // what Read returns from now on
}

func (r *messageReader) Read(p []byte) (n int, err error) {
	c := r.c
	switch {
	case c.reading == nil, c.reader != r:
		return 0, io.EOF
	case r.err != nil:
		return 0, r.err
	case r.z != nil:
		n, err = r.z.read(c, p)
	default:
		n, err = c.payload(p)
	}
	if err == nil || err == io.EOF {
		if bad := c.checkText(p[:n], err == io.EOF); bad != nil {
			n, err = 0, bad
		}
	}
	if err == io.EOF {
		r.end()
	} else {
		r.err = err
	}
	c.idle()
	return n, err
}

// end is called once for each reader that was the connection's.
func (r *messageReader) end() {
	r.c.reader = nil
	if r.z != nil {
		r.z.release()
		r.z = nil
	}
}
