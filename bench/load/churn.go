package load

// churn opens connections, echoes one message on each, and closes it with the closing handshake. They have places of
// their own behind the connections that are there already, Order.Concurrency of them.
type churn struct {
	common
	plan  schedule // of the open loop
	open  bool     // there is a schedule
	end   int64    // when no more are begun
	total int64

	from  int // the first place
	free  []int
	busy  int
	next  int64 // connections begun
	freed int64 // when a place became free after there was none
	look  int64
}

func (l *Load) newChurn(o Order) *churn {
	c := &churn{
		common: common{l}, end: never, total: never, open: o.Rate > 0, from: l.conns.len(),
	}
	if o.Messages > 0 {
		c.total = o.Messages
	}
	if o.Duration > 0 {
		c.end = int64(o.Duration)
	}
	if c.open {
		c.plan = o.schedule()
		c.total, c.end = c.plan.total, c.plan.end
	}
	for range atOnce(o.Concurrency) {
		c.free = append(c.free, l.conns.add())
	}
	return c
}

func (c *churn) tick(now int64) (next int64, done bool, err error) {
	if c.look, err = c.overdue(c.from, now, c.look); err != nil {
		return 0, true, err
	}
	if c.end != never && now >= c.end+grace {
		return 0, true, nil
	}
	if c.open {
		return c.tickOpen(now)
	}
	for c.next < c.total && len(c.free) > 0 && now < c.end {
		if err := c.begin(now); err != nil {
			return 0, true, err
		}
		now = c.now()
	}
	if c.next < c.total && now < c.end {
		return min(c.look, c.end), false, nil
	}
	return c.look, c.busy == 0, nil
}

func (c *churn) tickOpen(now int64) (int64, bool, error) {
	for begun := 0; c.next < c.total && len(c.free) > 0; begun++ {
		due := c.plan.due(c.next)
		if due > now || begun == burst {
			return min(due, c.look), false, nil
		}
		// That there was no free place when it was due is the server's doing.
		c.tally.left(c.now(), max(due, c.freed))
		if err := c.begin(due); err != nil {
			return 0, true, err
		}
	}
	if c.next < c.total || now < c.end {
		return min(c.look, c.end+grace), false, nil
	}
	return c.look, c.busy == 0, nil
}

// begin takes a place for a new connection, whose latency counts from since.
func (c *churn) begin(since int64) error {
	i := c.free[len(c.free)-1]
	c.free = c.free[:len(c.free)-1]
	c.busy++
	c.next++
	c.conns.at(i).since = since
	if err := c.dial(i); err != nil {
		return c.breaks(i, err)
	}
	return nil
}

func (c *churn) waits() bool { return c.busy > 0 }

func (c *churn) opened(i int, k *conn) error { return c.post(i, k, k.since) }

func (c *churn) took(_ int, k *conn, now int64) error {
	if k.stamps.n == 0 {
		return errUnasked
	}
	c.tally.took(now, k.stamps.pop())
	return c.leave(k)
}

func (c *churn) gone(i int) error {
	c.count.messages++
	c.vacate(i)
	return nil
}

func (c *churn) broken(i int, why error) error {
	if i < c.from {
		return breach(i, why) // one of those that were there
	}
	c.tolerated(i, why)
	c.vacate(i)
	return nil
}

func (c *churn) vacate(i int) {
	if len(c.free) == 0 {
		c.freed = c.now()
	}
	c.free = append(c.free, i)
	c.busy--
}

// finish gives up those that are under way, or were never begun although they were due.
func (c *churn) finish(now int64) {
	for i := c.from; i < c.conns.len(); i++ {
		if k := c.conns.at(i); k.state != closed {
			c.count.lost++
			c.tally.lost(now, k.since, 1)
			c.reset(i)
		}
	}
	for ; c.open && c.next < c.total; c.next++ {
		c.count.lost++
		c.tally.lost(now, c.plan.due(c.next), 1)
	}
}
