package fasthttp

import (
	"errors"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/valyala/fasthttp"
)

// What the loop does: it collects requests, and lets them run.

// OnOpen is engine.Handler's.
func (s *server) OnOpen(ec *engine.Conn) error {
	if c, ok := ec.User().(*conn); ok {
		return s.reopened(c, ec)
	}
	c := &conn{s: s}
	c.opened(ec)
	if s.maxPerIP > 0 && !s.perIP.enter(c, s.maxPerIP) {
		s.stats.refused.Add(1)
		c.closed = true
		_, _ = ec.Write(s.refusal(fasthttp.StatusTooManyRequests, "The number of connections from your ip exceeds MaxConnsPerIP"))
		ec.Close()
	}
	ec.SetUser(c)
	s.open.Add(1)
	s.told(c, fasthttp.StateNew)
	c.mu.Lock()
	c.arm(ec, s.read)
	c.mu.Unlock()
	return nil
}

// OnData is engine.Handler's.
func (s *server) OnData(ec *engine.Conn, p []byte) (int, error) {
	c := ec.User().(*conn)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != idle {
		return c.ahead(p)
	}
	fresh := len(c.in) == 0
	if fresh && s.onLoop {
		c.in = p
	} else {
		c.store(p)
	}
	s.progress(c, ec)
	if c.state == idle && fresh && c.pos < c.size() && c.served > 0 {
		c.arm(ec, s.read) // from its first byte; that of the first request is counted from OnOpen
	}
	if c.own == nil && c.in != nil {
		c.settle()
	}
	return len(p), nil
}

// maxOnTheWay is what may come between the time a connection is to leave its loop and
// the time it does: a few reads, or more when our output waits for a peer that goes on
// sending.
const maxOnTheWay = 512 << 10

// ahead keeps what has come while the connection is not idle. When it gets too much
// the connection leaves its loop, so that its peer is held back.
func (c *conn) ahead(p []byte) (int, error) {
	n := len(c.in) - int(c.pos) + len(p)
	if n > c.s.inbound {
		if n > c.s.inbound+maxOnTheWay {
			return 0, engine.ErrInboundLimit
		}
		_ = c.askToLeave()
	}
	c.store(p)
	return len(p), nil
}

// progress lets requests run that are there. c.mu is held; the state is idle.
func (s *server) progress(c *conn, ec *engine.Conn) {
	for c.state == idle && !c.closed && c.pos < c.size() {
		v := c.scan.next(c.in[c.pos:], &s.limits)
		if v == needMore {
			if !c.eof {
				break
			}
			c.fail, v = failEOF, hopeless
		}
		c.end = c.pos + c.scan.end
		c.boundary, c.scan = true, scan{}
		switch v {
		case whole:
			if s.onLoop {
				if ec.Buffered() > s.low {
					c.end = c.pos
					return // OnWritable goes on
				}
				s.loopRun(c, ec)
				continue
			}
		case hopeless:
			if c.fail == noFailure {
				c.fail = failCut
			}
			c.end = c.size()
		case odd, large:
			s.serveAlone(c, ec, v == large)
			return
		}
		c.state = running
		if !s.pool.submit(c) {
			s.refuse(c, ec)
		}
		return
	}
	if c.state != idle {
		return
	}
	if c.pos == c.size() && (c.eof || c.drain) {
		s.finished(c, ec)
	}
}

// loopRun runs requests on the loop, from the one that is whole.
func (s *server) loopRun(c *conn, ec *engine.Conn) {
	c.state, c.ec = looping, ec
	c.mu.Unlock()
	keep := s.run(c)
	c.mu.Lock()
	c.ec = nil
	if c.state == hijacked {
		return
	}
	c.state = idle
	if !keep {
		s.finished(c, ec)
		return
	}
	c.settle()
	if c.pos == c.size() {
		c.arm(ec, s.idle)
	}
}

// finished closes a connection that nothing runs on.
func (s *server) finished(c *conn, ec *engine.Conn) {
	c.closed = true
	c.drop()
	ec.Close()
}

// refuse answers 503 to a request that nobody has time for.
func (s *server) refuse(c *conn, ec *engine.Conn) {
	s.stats.refused.Add(1)
	c.state = idle
	_, _ = ec.Write(s.refusal(fasthttp.StatusServiceUnavailable,
		"The connection cannot be served because Server.Concurrency limit exceeded"))
	s.finished(c, ec)
}

// The mail of a conn: the next bytes of a response, and those that are its last ones
// for now.
const (
	mailData = iota
	mailKeep
	mailClose
)

// OnMail is engine.MailHandler's: what a worker has written.
func (s *server) OnMail(ec *engine.Conn, tag int, p []byte) {
	c := ec.User().(*conn)
	_, _ = ec.Write(p) // a connection that takes no more hears of it in OnClose
	c.mu.Lock()
	defer c.mu.Unlock()
	if ec.Buffered() > s.low {
		c.owed += int32(len(p)) // OnWritable follows
	} else {
		c.inflight -= int32(len(p)) + c.owed
		c.owed = 0
		c.wake()
	}
	if tag == mailData || c.state != running && c.state != alone {
		return
	}
	c.state = idle
	if tag == mailClose {
		s.finished(c, ec)
		return
	}
	c.settle()
	c.proceed(ec)
}

// proceed goes on when a run is over. c.mu is held.
func (c *conn) proceed(ec *engine.Conn) {
	c.s.progress(c, ec)
	switch {
	case c.state != idle || c.closed:
	case len(c.in) == 0:
		c.arm(ec, c.s.idle)
	default:
		c.arm(ec, c.s.read)
	}
}

// OnWritable is engine.WritableHandler's.
func (s *server) OnWritable(ec *engine.Conn) {
	c := ec.User().(*conn)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inflight -= c.owed
	c.owed = 0
	c.wake()
	switch {
	case c.leaving:
		c.mu.Unlock()
		c.leave(ec)
		c.mu.Lock()
	case c.state == idle && len(c.in) > 0:
		s.progress(c, ec)
	}
}

// OnEOF is engine.EOFHandler's: the peer sends no more, and may still read.
func (s *server) OnEOF(ec *engine.Conn) {
	c := ec.User().(*conn)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.eof = true
	c.wake()
	if c.state == idle && !c.closed {
		s.progress(c, ec)
	}
}

// OnDrain is engine.DrainHandler's.
func (s *server) OnDrain(ec *engine.Conn) {
	c := ec.User().(*conn)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.drain = true
	if c.state == idle && len(c.in) == 0 {
		s.finished(c, ec)
	}
}

// OnClose is engine.Handler's.
func (s *server) OnClose(ec *engine.Conn, err error) {
	if errors.Is(err, engine.ErrDetached) {
		return // it has left its loop, no more; it may be back on another
	}
	c := ec.User().(*conn)
	c.mu.Lock()

	c.gone, c.closed = true, true
	c.inflight, c.owed = 0, 0
	was := c.state
	if was == idle {
		c.drop()
		c.state = over
	}
	c.wake()
	c.mu.Unlock()
	s.left(c, was)
}

// left counts a connection that has ended; it may be that its handler has not.
func (s *server) left(c *conn, was connState) {
	s.perIP.leave(c)
	if was != hijacked {
		s.told(c, fasthttp.StateClosed)
	}
	if s.open.Add(-1) == 0 {
		s.pool.quiet()
	}
}
