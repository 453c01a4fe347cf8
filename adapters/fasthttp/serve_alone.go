package fasthttp

import (
	"errors"
	"io"
	"net"
	"time"

	"github.com/sockeye-io/sockeye/engine"
)

// A request that does not fit memory, or that only fasthttp's parser can tell the end
// of, is read by fasthttp itself, from a net.Conn, on a goroutine of its own. When the
// connection is idle again it goes back to a loop.

// leave begins it. c.mu is held; the state is idle.
func (s *server) leave(c *conn, ec *engine.Conn) {
	if s.stats.detached.Add(1) > s.maxDetached {
		s.stats.detached.Add(-1)
		s.refuse(c, ec)
		return
	}
	c.state = alone
	c.leaving = true
	// Not here: OnData has not answered what it takes.
	if err := ec.Handle().Post(c.leave); err != nil {
		s.stats.detached.Add(-1)
		s.refuse(c, ec)
	}
}

// leave takes the connection from its loop, on it.
func (c *conn) leave(ec *engine.Conn) {
	nc, unread, err := detach(ec)
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.wake()
	if errors.Is(err, errBusy) {
		ec.SetTimer(time.Millisecond) // as soon as there is one
		return
	}
	c.leaving = false
	if err != nil {
		c.stuck = err
		if c.state == alone {
			c.s.stats.detached.Add(-1)
			c.s.refuse(c, ec)
		}
		return
	}
	c.nc = nc
	if len(unread) > 0 {
		c.store(unread)
	}
	if c.readBy != 0 {
		_ = nc.SetReadDeadline(began.Add(time.Duration(c.readBy)))
	}
	if c.writeBy != 0 {
		_ = nc.SetWriteDeadline(began.Add(time.Duration(c.writeBy)))
	}
	if c.state == alone {
		c.s.stats.left.Add(1)
		c.boundary = true
		go c.s.serveAlone(c)
	}
}

// serveAlone is run, on a goroutine of its own.
func (s *server) serveAlone(c *conn) {
	keep := s.run(c)
	c.mu.Lock()
	if c.state == hijacked {
		c.mu.Unlock()
		return
	}
	s.stats.detached.Add(-1)
	nc := c.nc
	c.drop()
	if !keep {
		c.closed, c.state = true, over
		c.mu.Unlock()
		lingering(nc)
		s.left(c, alone)
		return
	}
	c.nc, c.state = nil, idle
	c.mu.Unlock()
	_ = nc.SetDeadline(time.Time{})
	if _, err := c.e.AdoptFor(nc, nil, s, s.options, c); err != nil {
		c.mu.Lock()
		c.closed, c.state = true, over
		c.mu.Unlock()
		s.left(c, alone)
	}
}

// reopened is OnOpen for a connection that was here before.
func (s *server) reopened(c *conn, ec *engine.Conn) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.h = ec.Handle()
	c.armed, c.inflight, c.owed = 0, 0, 0
	c.scan = scan{}
	c.arm(ec, s.idle)
	return nil
}

// readAlone is Read: what was received on the loop, then what comes. c.mu is held,
// and given back.
func (c *conn) readAlone(p []byte) (int, error) {
	if c.pos < len(c.in) {
		defer c.mu.Unlock()
		c.boundary = false
		n := copy(p, c.in[c.pos:])
		c.pos += n
		return n, nil
	}
	nc := c.nc
	c.mu.Unlock()
	if c.boundary {
		c.ended = true
		return 0, io.EOF
	}
	return nc.Read(p)
}

// lingering closes nc so that the peer gets the last answer: a reset, for bytes that
// nobody has read, could overtake it.
func lingering(nc net.Conn) {
	defer nc.Close() //nolint:errcheck // there is nobody to tell
	half, ok := nc.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	_ = nc.SetReadDeadline(time.Now().Add(time.Second))
	var sink [2048]byte
	for n := 0; n < 256<<10; {
		m, err := nc.Read(sink[:])
		if err != nil {
			return
		}
		n += m
	}
}
