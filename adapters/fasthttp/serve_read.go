package fasthttp

import (
	"io"
	"net"
	"time"
)

// conn as the net.Conn that fasthttp reads from.

// Read is net.Conn's.
func (c *conn) Read(p []byte) (int, error) {
	c.mu.Lock()
	switch c.state {
	case running, looping:
		defer c.mu.Unlock()
		return c.readRequest(p)
	case alone:
		return c.readAlone(p)
	case hijacked:
		return c.readHijacked(p)
	default:
		c.mu.Unlock()
		return 0, net.ErrClosed
	}
}

// readRequest gives fasthttp the request at hand, then the next one.
func (c *conn) readRequest(p []byte) (int, error) {
	if c.boundary && !c.broken && c.pos < c.size() && c.fail == noFailure && c.end == c.pos {
		c.another()
	}
	if c.broken || c.closed && c.fail == noFailure {
		return 0, io.ErrUnexpectedEOF
	}
	if c.pos < c.end {
		c.boundary, c.given = false, true
		n := copy(p, c.in[c.pos:c.end])
		c.pos += int32(n)
		return n, nil
	}
	switch {
	case c.fail != noFailure:
		return 0, c.failure()
	case c.boundary:
		c.ended = true
		return 0, io.EOF
	}
	c.broken = true
	return 0, io.ErrUnexpectedEOF
}

// another lets fasthttp have the next request, if it is whole.
func (c *conn) another() {
	if c.burst == 0 && c.nc == nil || c.ec != nil && c.ec.Buffered() > c.s.low {
		return // one that has left its loop because of what has come goes back when that is done
	}
	switch c.scan.next(c.in[c.pos:], &c.s.limits) {
	case needMore:
		return
	case whole:
		c.burst = max(c.burst, 1) - 1
		c.end = c.pos + c.scan.end
	}
	c.scan = scan{} // others are for the loop to see
}

// Close is net.Conn's. fasthttp calls it at the end of each run, and whoever has
// hijacked the connection.
func (c *conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch c.state {
	case running, looping, alone:
		if !c.ended { // else fasthttp means the run alone
			c.closed = true
		}
		return nil
	case hijacked:
		if c.owned { // fasthttp's hijack handler has returned
			return nil
		}
		return c.closeHijacked()
	default:
		return nil
	}
}

// SetDeadline is net.Conn's. It is the last that fasthttp does before it lets a
// hijacked connection go.
func (c *conn) SetDeadline(t time.Time) error {
	if c.hijacking {
		c.hijacking = false
		c.hijack()
	}
	_ = c.SetReadDeadline(t)
	return c.SetWriteDeadline(t)
}

// SetReadDeadline is net.Conn's.
func (c *conn) SetReadDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.readBy = stamp(t)
	if c.nc != nil {
		return c.nc.SetReadDeadline(t)
	}
	c.wake()
	return nil
}

// SetWriteDeadline is net.Conn's.
func (c *conn) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writeBy = stamp(t)
	if c.nc != nil {
		return c.nc.SetWriteDeadline(t)
	}
	c.wake()
	return nil
}
