package fasthttp

import (
	"errors"
	"io"
	"net"
	"time"

	"github.com/sockeye-io/sockeye/engine"
)

// A request that only fasthttp's parser can tell the end of, or that does not fit
// memory, has a goroutine of its own. When fasthttp wants to read more than there is,
// the connection leaves its loop, for a net.Conn that can be waited on; when it is
// idle it goes back to one.

// serveAlone begins it. c.mu is held; the state is idle.
func (s *server) serveAlone(c *conn, ec *engine.Conn, large bool) {
	if s.stats.detached.Add(1) > s.maxDetached {
		s.stats.detached.Add(-1)
		s.refuse(c, ec)
		return
	}
	c.state = alone
	if large {
		_ = c.askToLeave() // reading does it too, but the loop would have to keep what comes until then
	}
	go func() {
		defer s.stats.detached.Add(-1)
		s.work(c)
	}()
}

// askToLeave lets the loop give the connection up. c.mu is held.
func (c *conn) askToLeave() error {
	if c.leaving || c.nc != nil {
		return nil
	}
	err := c.h.Post(c.leave)
	c.leaving = err == nil
	return err
}

// leave takes the connection from its loop, on it. Nothing is mailed from the time it
// was asked for, so all of it is written by now.
func (c *conn) leave(ec *engine.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == idle || c.state == over { // what wanted it has ended meanwhile
		c.leaving = false
		c.wake()
		return
	}
	nc, unread, err := ec.Detach() // OnClose comes when the callback is over
	if errors.Is(err, engine.ErrDetachBusy) {
		return // OnWritable follows
	}
	defer c.wake()
	c.leaving = false
	if err != nil {
		c.stuck = true
		return
	}
	c.nc = nc
	c.inflight, c.owed, c.armed = 0, 0, 0
	if len(unread) > 0 {
		c.store(unread)
	}
	if c.readBy != 0 {
		_ = nc.SetReadDeadline(began.Add(time.Duration(c.readBy)))
	}
	if c.writeBy != 0 {
		_ = nc.SetWriteDeadline(began.Add(time.Duration(c.writeBy)))
	}
	c.s.stats.left.Add(1)
}

// detached waits until the connection has left its loop; when reading, or until there
// is something to read that came before. c.mu is held, but for the waiting.
func (c *conn) detached(reading bool) error {
	for c.nc == nil {
		switch {
		case reading && c.pos < c.size():
			return nil
		case c.gone, reading && c.eof:
			return io.EOF
		case c.closed:
			return net.ErrClosed
		case reading && c.readBy != 0 && c.readBy <= now():
			return c.timeout("read")
		case c.stuck:
			return net.ErrClosed
		}
		switch err := c.askToLeave(); {
		case err == nil && reading:
			c.wait(c.readBy)
		case err == nil:
			c.wait(0)
		case errors.Is(err, engine.ErrMailboxFull):
			c.wait(now() + int64(time.Millisecond))
		default:
			return net.ErrClosed
		}
	}
	return nil
}

// readAlone is Read: what was received on the loop, then what comes. c.mu is held,
// and given back.
func (c *conn) readAlone(p []byte) (int, error) {
	defer c.mu.Unlock()
	if c.pos == c.size() {
		if c.boundary {
			return c.readNext(p)
		}
		if err := c.detached(true); err != nil {
			return 0, err
		}
	}
	c.boundary = false
	return c.readOn(p)
}

// stay is how long a connection waits for another request before it goes back to a loop:
// one that uploads a file after the other need not go to and fro.
const stay = 20 * time.Millisecond

// readNext is readAlone between two requests.
func (c *conn) readNext(p []byte) (n int, err error) {
	if nc := c.nc; nc != nil {
		by := c.readBy
		c.mu.Unlock()
		_ = nc.SetReadDeadline(time.Now().Add(stay))
		n, err = nc.Read(p)
		c.mu.Lock()
		if c.readBy = by; by == 0 {
			_ = nc.SetReadDeadline(time.Time{})
		} else {
			_ = nc.SetReadDeadline(began.Add(time.Duration(by)))
		}
		if t, ok := err.(net.Error); n > 0 || !ok || !t.Timeout() {
			c.boundary = n == 0
			return n, err
		}
	}
	c.ended = true
	return 0, io.EOF
}

// readOn reads what is left of the loop's, then from the connection that has left it.
// c.mu is held, but while that waits.
func (c *conn) readOn(p []byte) (int, error) {
	if c.pos < c.size() {
		n := copy(p, c.in[c.pos:])
		c.pos += int32(n)
		if c.pos == c.size() {
			c.settle()
		}
		return n, nil
	}
	nc := c.nc
	c.mu.Unlock()
	defer c.mu.Lock()
	return nc.Read(p)
}

// returned gives a connection that had left back to a loop, or closes it. c.mu is
// held, but while that waits.
func (s *server) returned(c *conn, keep bool) {
	nc := c.nc
	if p := c.take(); len(p) > 0 { // it was held when the connection left
		c.out = nil
		c.mu.Unlock()
		if _, err := nc.Write(p); err != nil {
			keep = false
		}
		c.mu.Lock()
	}
	if !keep {
		c.drop()
		c.closed, c.state = true, over
		c.mu.Unlock()
		linger(nc)
		s.left(c, running)
		c.mu.Lock()
		return
	}
	c.nc, c.state = nil, idle
	c.settle()
	c.mu.Unlock()
	under, early := stripped(nc)
	_ = under.SetDeadline(time.Time{})
	_, err := c.e.AdoptFor(under, early, s, s.options, c)
	c.mu.Lock()
	if err != nil {
		c.drop()
		c.closed, c.state = true, over
		s.left(c, running)
	}
}

// reopened is OnOpen for a connection that was here before.
func (s *server) reopened(c *conn, ec *engine.Conn) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.h = ec.Handle()
	c.scan = scan{}
	c.proceed(ec)
	return nil
}

// linger closes nc so that the peer gets the last answer: a reset, for bytes that
// nobody has read, could overtake it.
func linger(nc net.Conn) {
	defer nc.Close()
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
