package load

import (
	"fmt"
	"time"
)

const (
	// inflightMost is how many messages a connection may have without an answer in an open loop. What is due beyond is
	// not sent and is lost.
	inflightMost = 1024
	// grace is Order.Grace unless it says otherwise.
	grace = int64(2 * time.Second)
	// burst is how many due messages are sent before the answers are read again.
	burst = 64
)

// openEcho is the open loop: messages are sent when they are due, in turn on the connections, whether or not those
// before them have been answered, and latency counts from when they were due.
type openEcho struct {
	common
	plan   schedule
	lanes  int   // the connections that it uses, the first
	stride int64 // from one message's connection to the next one's
	next   int64 // the next message
	unread int64
	grace  int64
}

func (l *Load) newOpenEcho(o Order) *openEcho {
	e := &openEcho{common: common{l}, plan: o.schedule(), lanes: l.conns.len(), stride: 1}
	if e.grace = int64(o.Grace); e.grace <= 0 {
		e.grace = grace
	}
	if e.plan.total > 0 {
		e.stride = max(1, int64(e.lanes)/e.plan.total) // fewer messages than connections are a sample of all
	}
	return e
}

func (o *Order) schedule() schedule { return newSchedule(o.Rate, o.Ramp, o.Duration, o.Messages) }

func (e *openEcho) tick(now int64) (int64, bool, error) {
	end := e.plan.end
	for sent := 0; e.next < e.plan.total && now < end+e.grace; sent++ {
		due := e.plan.due(e.next)
		if due > now || sent == burst {
			return due, false, nil
		}
		i := int(e.next * e.stride % int64(e.lanes))
		e.next++
		if err := e.send(i, due); err != nil {
			return 0, true, breach(i, err)
		}
	}
	if now < end {
		return end, false, nil
	}
	return end + e.grace, e.unread == 0 || now >= end+e.grace, nil
}

func (e *openEcho) send(i int, due int64) error {
	c := e.conns.at(i)
	now := e.now()
	e.tally.left(now, due)
	if c.stamps.n >= inflightMost {
		e.count.lost++
		e.tally.lost(e.plan.end+e.grace, due, 1)
		return nil
	}
	e.unread++
	return e.post(i, c, due)
}

func (e *openEcho) took(_ int, c *conn, now int64) error {
	if c.stamps.n == 0 {
		return errUnasked
	}
	e.unread--
	e.count.messages++
	e.tally.took(now, c.stamps.pop())
	return nil
}

// finish gives up what has not been answered, and the connections with it: what still comes would be in the way.
func (e *openEcho) finish(now int64) {
	for ; e.next < e.plan.total; e.next++ { // they were due, and it did not even come to send them
		due := e.plan.due(e.next)
		e.count.lost++
		e.tally.lost(now, due, 1)
		e.tally.left(now, due)
	}
	for i := range e.lanes {
		c := e.conns.at(i)
		if c.stamps.n == 0 {
			continue
		}
		for c.stamps.n > 0 {
			e.count.lost++
			e.tally.lost(now, c.stamps.pop(), 1)
		}
		e.reset(i)
	}
}

func (e *openEcho) waits() bool { return e.unread > 0 }

func (e *openEcho) stalled() error {
	return fmt.Errorf("load: nothing arrived for %v, %d messages in flight", e.cfg.Stall, e.unread)
}
