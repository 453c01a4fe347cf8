package load

import "fmt"

// echo is the closed loop: every connection has Depth messages in flight, and an answer lets the next be sent.
type echo struct {
	common
	left   int64 // messages that may still be sent
	end    int64 // when no more are sent
	unread int64 // messages sent whose answer has not come
	begun  bool
}

func (l *Load) newEcho(o Order) *echo {
	e := &echo{common: common{l}, left: never, end: never}
	if o.Messages > 0 {
		e.left = o.Messages
	}
	if o.Duration > 0 {
		e.end = int64(o.Duration)
	}
	return e
}

func (e *echo) tick(now int64) (int64, bool, error) {
	if !e.begun {
		e.begun = true
		for i := range e.conns.len() {
			if err := e.refill(i, e.conns.at(i), e.now()); err != nil {
				return 0, true, breach(i, err)
			}
		}
	}
	if now >= e.end {
		e.left = 0 // only the answers still come in
		return never, e.unread == 0, nil
	}
	return e.end, e.unread == 0, nil
}

func (e *echo) waits() bool { return e.unread > 0 }

func (e *echo) stalled() error {
	return fmt.Errorf("load: nothing arrived for %v, %d messages in flight", e.cfg.Stall, e.unread)
}

func (e *echo) took(_ int, c *conn, now int64) error {
	if c.stamps.n == 0 {
		return errUnasked
	}
	e.unread--
	e.count.messages++
	e.tally.took(now, c.stamps.pop())
	return nil
}

func (e *echo) after(i int, c *conn, now int64) error {
	if now >= e.end {
		return nil
	}
	return e.refill(i, c, now)
}

// refill brings the connection back to Depth messages in flight, as far as there are messages left.
func (e *echo) refill(i int, c *conn, now int64) error {
	inflight := int(c.stamps.n)
	if e.cfg.Batch && inflight > 0 {
		return nil
	}
	n := min(int64(e.cfg.Depth-inflight), e.left)
	if n <= 0 {
		return nil
	}
	e.left -= n
	e.unread += n
	for range n {
		c.stamps.push(now)
	}
	c.unsent += n * int64(e.frame)
	return e.flush(i, c)
}

// visit sends one message on the connection i and waits for the answer.
func (l *Load) visit(i int) error {
	e := &echo{common: common{l}, left: 1, end: never, begun: true}
	if err := e.refill(i, l.conns.at(i), l.now()); err != nil {
		return breach(i, err)
	}
	return l.pursue(e)
}
