package load

import "fmt"

// broadcast publishes messages on the first connection and takes each on every one that is not mute. A message carries
// its number, by which a receiver knows what it has missed and when this one was due.
//
// In the closed loop one message is under way at a time. In the open loop they are published when they are due.
type broadcast struct {
	common
	pub       publisher
	plan      schedule // of the open loop
	open      bool
	end       int64
	total     int64
	next      int64 // messages published, or not published although they were due
	at        int64 // when the last was published, in the closed loop
	reading   int   // the connections from here on are mute
	receivers int   // of the others, those that are open
	owed      int64 // deliveries that have not come: next less conn.since, over all receivers
}

func (l *Load) newBroadcast(o Order) (*broadcast, error) {
	if l.cfg.Protocol != WebSocket || l.cfg.Payload < numberLen {
		return nil, fmt.Errorf("load: broadcast needs WebSocket and messages of %d bytes or more", numberLen)
	}
	n := l.conns.len()
	if o.Mute < 0 || o.Mute >= n {
		return nil, fmt.Errorf("load: %d of %d connections mute: the first reads what it publishes", o.Mute, n)
	}
	b := &broadcast{
		common: common{l}, pub: newPublisher(&l.format, l.published, o.Rate > 0), end: never, total: never,
		open: o.Rate > 0, reading: n - o.Mute, receivers: n - o.Mute,
	}
	if o.Messages > 0 {
		b.total = o.Messages
	}
	if o.Duration > 0 {
		b.end = int64(o.Duration)
	}
	if b.open {
		b.plan = o.schedule()
		b.total, b.end = b.plan.total, b.plan.end
	}
	for i := range n {
		c := l.conns.at(i)
		c.since = 0
		if i >= b.reading {
			if err := l.deafen(i, c); err != nil {
				return nil, breach(i, err)
			}
		}
	}
	l.format.numbered = true
	return b, nil
}

func (b *broadcast) tick(now int64) (int64, bool, error) {
	if b.open {
		return b.tickOpen(now)
	}
	if b.owed > 0 {
		if now < b.news+grace {
			return b.news + grace, false, nil
		}
		b.giveUp(now) // a connection that joined late, for instance; the next may reach it
	}
	if b.next == b.total || now >= b.end {
		return 0, true, nil
	}
	b.at = b.now()
	return b.end, false, b.publish()
}

func (b *broadcast) tickOpen(now int64) (int64, bool, error) {
	for sent := 0; b.next < b.total && now < b.end+grace; sent++ {
		due := b.plan.due(b.next)
		if due > now || sent == burst {
			return due, false, nil
		}
		b.tally.left(b.now(), due)
		if err := b.publish(); err != nil {
			return 0, true, err
		}
	}
	if now < b.end {
		return b.end, false, nil
	}
	return b.end + grace, b.owed == 0 || now >= b.end+grace, nil
}

func (b *broadcast) publish() error {
	b.owed += int64(b.receivers)
	b.next++
	if b.pub.add(b.next - 1) {
		b.count.sent++
	}
	if err := b.flush(); err != nil {
		return fmt.Errorf("load: the publisher: %w", err)
	}
	return nil
}

// flush writes what is to be published.
func (b *broadcast) flush() error {
	c := b.conns.at(0)
	all, err := b.pub.flush(int(c.fd))
	if err != nil {
		return err
	}
	return b.arm(0, c, !all)
}

// due is from when the latency of message k counts.
func (b *broadcast) due(k int64) int64 {
	if b.open {
		return b.plan.due(k)
	}
	return b.at
}

func (b *broadcast) took(_ int, c *conn, now int64) error {
	k := c.reader.number - b.pub.base
	if !b.open && k >= 0 && k < c.since {
		return nil // it was given up
	}
	if k < c.since || k >= b.next {
		return fmt.Errorf("message %d came when %d was next", k, c.since)
	}
	b.miss(now, c.since, k)
	c.since = k + 1
	b.owed--
	b.count.messages++
	b.tally.took(now, b.due(k))
	return nil
}

// giveUp counts what has not come as lost.
func (b *broadcast) giveUp(now int64) {
	for i := range b.reading {
		if c := b.conns.at(i); c.state == open && c.since < b.next {
			b.miss(now, c.since, b.next)
			c.since = b.next
		}
	}
}

// miss gives up the messages from k on, up to end.
func (b *broadcast) miss(now, k, end int64) {
	for ; k < end; k++ {
		b.owed--
		b.count.lost++
		if b.open {
			b.tally.lost(max(now, b.end+grace), b.due(k), 1)
			continue
		}
		b.tally.lost(max(now, b.at+grace), b.at, 1) // only the last one can be missing
	}
}

func (b *broadcast) waits() bool { return b.owed > 0 }

func (b *broadcast) broken(i int, why error) error {
	if i == 0 {
		return fmt.Errorf("load: the publisher: %w", why)
	}
	if ended(why) {
		b.count.ended++
	} else {
		b.tolerated(i, why)
	}
	if i < b.reading {
		b.receivers--
		b.miss(b.now(), b.conns.at(i).since, b.next)
	}
	return nil
}

// finish gives up what has not come, and closes the connections that would still get it.
func (b *broadcast) finish(now int64) {
	for ; b.open && b.next < b.total; b.next++ { // they were due, and it did not even come to publish them
		b.owed += int64(b.receivers)
		b.tally.left(now, b.plan.due(b.next))
	}
	b.published += b.next
	b.format.numbered = false
	for i := range b.conns.len() {
		c := b.conns.at(i)
		if c.state == closed {
			continue
		}
		behind := i < b.reading && c.since < b.next
		if behind {
			b.miss(now, c.since, b.next)
		}
		if behind || i >= b.reading || i == 0 && b.pub.unsent() > 0 {
			b.reset(i)
		}
	}
}
