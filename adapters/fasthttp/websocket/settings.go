package websocket

import "time"

const (
	minCompressionLevel     = -2
	maxCompressionLevel     = 9
	defaultCompressionLevel = 1
)

// SetReadDeadline sets the deadline of the connection below; zero means none. A read that fails because of it has failed
// for good: so do all that follow.
func (c *Conn) SetReadDeadline(t time.Time) error {
	switch {
	case c == nil:
		return ErrNilConn
	case c.conn() == nil:
		return ErrNilNetConn
	}
	if _, on := c.conn().(loopConn); !on && (c.rare.Load() != nil || !t.IsZero()) {
		r := c.more() // for the loop, should it take over
		c.lock.mu.Lock()
		r.readDeadline = t
		c.lock.mu.Unlock()
	}
	return c.conn().SetReadDeadline(t)
}

// readDeadline is what a loop has to take over.
func (c *Conn) readDeadline() time.Time {
	r := c.rare.Load()
	if r == nil {
		return time.Time{}
	}
	c.lock.mu.Lock()
	defer c.lock.mu.Unlock()
	return r.readDeadline
}

// SetWriteDeadline sets the deadline of the messages that are written from now on; zero means none. A write that was too
// late has failed for good: so do all that follow.
func (c *Conn) SetWriteDeadline(t time.Time) error {
	if c == nil {
		return ErrNilConn
	}
	r := c.rare.Load()
	if r == nil && t.IsZero() {
		return nil
	}
	r = c.more()
	c.lock.mu.Lock()
	r.writeDeadline = t
	c.lock.mu.Unlock()
	return nil
}

func (c *Conn) writeDeadline() time.Time {
	r := c.rare.Load()
	if r == nil {
		return time.Time{}
	}
	c.lock.mu.Lock()
	defer c.lock.mu.Unlock()
	return r.writeDeadline
}

// SetReadLimit sets how many bytes a message of the peer may have, compressed and decompressed; zero and negative mean no
// limit, and 16 MiB on a loop (see OnMessage). One that has more is answered with CloseMessageTooBig and is ErrReadLimit for the application.
func (c *Conn) SetReadLimit(limit int64) {
	if c == nil {
		return
	}
	if on, ok := c.conn().(loopConn); ok {
		on.setReadLimit(limit)
		return
	}
	if c.reading != nil {
		c.readLimit = limit
	}
}

// EnableWriteCompression says whether the messages that are written from now on are compressed, if that was agreed with
// the peer. They are until it is called.
func (c *Conn) EnableWriteCompression(enable bool) {
	if c == nil {
		return
	}
	c.lock.mu.Lock()
	c.noCompress = !enable
	c.lock.mu.Unlock()
}

// SetCompressionLevel sets how the messages that are written from now on are compressed: from 1, the fastest, to 9; 0 is
// not at all, -1 a default, -2 without matches. It is 1 until it is called. Another level is an error.
func (c *Conn) SetCompressionLevel(level int) error {
	if c == nil {
		return ErrNilConn
	}
	if level < minCompressionLevel || level > maxCompressionLevel {
		return errBadLevel
	}
	c.lock.mu.Lock()
	c.squeeze.level = int8(level)
	c.lock.mu.Unlock()
	return nil
}

// compression tells whether a message of the type is to be compressed, and how.
func (c *Conn) compression(messageType int) (how squeeze, ok bool) {
	if !c.deflated || !isData(messageType) {
		return how, false
	}
	c.lock.mu.Lock()
	defer c.lock.mu.Unlock()
	return c.squeeze, !c.noCompress
}
