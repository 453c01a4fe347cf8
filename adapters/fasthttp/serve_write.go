package fasthttp

import (
	"errors"
	"net"
	"os"
	"time"

	"github.com/sockeye-io/sockeye/engine"
)

const (
	// maxHeld is the size of a response that may wait for the end of its run.
	maxHeld = 16 << 10
	// maxWindow is how much of a response may be on its way to the loop: the writer
	// waits then. What waits for the peer beside it is at most LowWater.
	maxWindow = 64 << 10
)

// timeout is the error of an operation whose deadline has passed.
func (c *conn) timeout(op string) error {
	network := "tcp"
	if c.other != nil {
		network = c.other.local.Network()
	}
	return &net.OpError{Op: op, Net: network, Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: os.ErrDeadlineExceeded}
}

// Write is net.Conn's. On the loop it never waits; elsewhere it does while the peer
// does not read.
func (c *conn) Write(p []byte) (int, error) {
	c.mu.Lock()
	if c.closed || c.state == idle { // by a handler that has returned
		c.mu.Unlock()
		return 0, net.ErrClosed
	}
	if nc := c.nc; nc != nil {
		c.mu.Unlock()
		return nc.Write(p)
	}
	if c.state == looping {
		c.mu.Unlock()
		return c.ec.Write(p)
	}
	defer c.mu.Unlock()
	if c.state == running && c.hold && len(c.take())+len(p) <= maxHeld {
		if c.out == nil {
			c.out = newBuffer()
			c.out.b = c.out.b[:0]
		}
		c.out.b = append(c.out.b, p...)
		return len(p), nil
	}
	if err := c.flush(); err != nil {
		return 0, err
	}
	return c.send(p)
}

// flush sends what is held. c.mu is held.
func (c *conn) flush() error {
	if c.out == nil {
		return nil
	}
	_, err := c.send(c.out.b)
	c.out.free(c.out.b)
	c.out = nil
	return err
}

// send hands p to the loop, and waits while it has enough. c.mu is held, but for the
// waiting.
func (c *conn) send(p []byte) (n int, err error) {
	for n < len(p) {
		piece := p[n:min(len(p), n+max(c.s.window/2, 1))]
		switch {
		case c.closed:
			return n, net.ErrClosed
		case c.nc != nil: // it has left its loop meanwhile
			nc := c.nc
			c.mu.Unlock()
			m, err := nc.Write(p[n:])
			c.mu.Lock()
			return n + m, err
		case c.leaving || c.inflight > 0 && int(c.inflight)+len(piece) > c.s.window:
			if !c.waitForPeer() {
				return n, c.timeout("write")
			}
		default:
			if err := c.post(mailData, piece); err != nil {
				return n, err
			}
			n += len(piece)
		}
	}
	return n, nil
}

// waitForPeer is wait for a writer. Another worker may run meanwhile, so that peers which
// do not read are no burden to those that do.
func (c *conn) waitForPeer() bool {
	if c.state == running && c.s.pool.pause() {
		defer c.s.pool.resume()
	}
	return c.wait(c.writeBy)
}

// post mails p. A full mailbox is looked at again soon: its loop is at work on it.
func (c *conn) post(tag int, p []byte) error {
	for pause := time.Millisecond; ; pause = min(2*pause, 100*time.Millisecond) {
		err := c.h.Mail(tag, p)
		if err == nil {
			c.inflight += int32(len(p))
			return nil
		}
		if !errors.Is(err, engine.ErrMailboxFull) {
			return net.ErrClosed
		}
		c.wait(now() + int64(pause))
	}
}

// mail ends a run: the loop has the connection again.
func (s *server) mail(c *conn, tag int, p []byte) {
	if c.post(tag, p) != nil {
		c.state = over // OnClose is told, or was
		c.drop()
	}
}

// wait sleeps until something has changed, or the time by has come: it answers false
// then. c.mu is held, but for the waiting.
func (c *conn) wait(by int64) bool {
	cond := c.waiters()
	if by == 0 {
		cond.Wait()
		return true
	}
	d := by - now()
	if d <= 0 {
		return false
	}
	t := time.AfterFunc(time.Duration(d), func() {
		c.mu.Lock() // so that it does not ring before there is somebody to hear it
		defer c.mu.Unlock()
		cond.Broadcast()
	})
	cond.Wait()
	t.Stop()
	return true
}
