package fasthttp

import (
	"time"

	"github.com/sockeye-io/sockeye/engine"
)

// arm lets OnTimer be called after d, later ones having the timer go on. Zero is
// never. The timer is set when there is none, or when it would be late: once in a
// timeout, not for each request.
func (c *conn) arm(ec *engine.Conn, d time.Duration) {
	if d <= 0 {
		c.deadline = 0
		return
	}
	t := now()
	c.deadline = t + int64(d)
	if c.armed == 0 || c.armed > c.deadline {
		c.armed = c.deadline
		ec.SetTimer(d)
	}
}

// OnTimer is engine.TimerHandler's.
func (s *server) OnTimer(ec *engine.Conn) {
	c := ec.User().(*conn)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.armed = 0
	if c.state != idle || c.deadline == 0 || c.closed {
		return
	}
	if d := c.deadline - now(); d > 0 {
		c.armed = c.deadline
		ec.SetTimer(time.Duration(d))
		return
	}
	if len(c.in) == 0 && c.served > 0 {
		s.finished(c, ec)
		return
	}
	// fasthttp knows what to answer to a request that did not come.
	c.fail = failTimeout
	c.boundary, c.end = true, c.size()
	c.state = running
	if !s.pool.submit(c) {
		s.refuse(c, ec)
	}
}
