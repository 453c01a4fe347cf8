package websocket

import "io"

// roomAtOnce is how much memory, in bytes, the header of a message gets for the payload it announces. The rest comes as
// the payload does.
const roomAtOnce = 16 << 10

// ReadMessage waits for the next message, TextMessage or BinaryMessage, and returns it whole, in memory of its own. The
// errors are those of NextReader; with one that came in the midst of the message p is what was read of it.
func (c *Conn) ReadMessage() (messageType int, p []byte, err error) {
	if c == nil {
		return 0, nil, ErrNilConn
	}
	messageType, err = c.next()
	if err != nil {
		return messageType, nil, err
	}
	if c.compressed {
		p, err = c.inflateAll()
	} else {
		p, err = c.readAll()
	}
	c.idle()
	return messageType, p, err
}

// readAll reads the rest of the message.
func (c *Conn) readAll() ([]byte, error) {
	p := make([]byte, 0, min(c.remaining, roomAtOnce))
	for {
		if len(p) == cap(p) && c.remaining > 0 {
			p = c.grown(p)
		}
		n, err := c.payload(p[len(p):cap(p)])
		if err != nil && err != io.EOF {
			return p, err
		}
		if bad := c.checkText(p[len(p):len(p)+n], err == io.EOF); bad != nil {
			return p, bad
		}
		p = p[:len(p)+n]
		if err == io.EOF {
			return p, nil
		}
	}
}

// grown is p with more room: for what the header has announced, but no more than twice what is there.
func (c *Conn) grown(p []byte) []byte {
	room := max(2*cap(p), roomAtOnce)
	if !c.inside { // nothing follows this frame
		room = int(min(int64(len(p))+c.remaining, int64(room)))
	}
	return append(make([]byte, 0, room), p...)
}
