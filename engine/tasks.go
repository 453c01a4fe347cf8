package engine

// drain does what other goroutines want, a slice at a time, and what time has
// brought. The reactor calls it on the loop after the mailbox has rung.
func (l *loop) drain() {
	l.begin()
	l.rung = false
	l.tick()
	n := l.perform(mailSlice)
	l.flushDirty()
	l.rest(n) // sockets first, then what is left
}

// exec does one task. It answers false when it wants to be called again: a
// sweep that has more connections to visit, with all later tasks behind it, so
// that the order of one sender is kept.
func (l *loop) exec(t *task) (done bool) {
	var c *Conn
	if t.kind < taskLoop {
		if c = l.slots.get(t.slot, t.gen); c == nil {
			l.stats.dropped.Add(uint64(t.n))
			return true
		}
	}
	if l.cur != nil && (t.kind == taskReady || t.kind == taskLoop) {
		l.settle(l.cur) // they run callbacks, which have corks of their own
	}
	switch t.kind {
	case taskWrite:
		if _, err := c.Write(l.work.arena[t.off : t.off+t.n]); err != nil {
			l.stats.dropped.Add(uint64(t.n))
		}
	case taskMail:
		l.callMail(c, t.tag, l.work.arena[t.off:t.off+t.n])
	case taskPost:
		l.visit(c, t.visitor)
	case taskClose:
		c.Close()
	case taskReady:
		l.ready(c, t.tag == tagBroken)
	case taskLoop:
		t.loop()
	case taskSweep:
		return l.sweep(t)
	}
	return true
}

func (l *loop) callMail(c *Conn, tag int, p []byte) {
	defer func() {
		if v := recover(); v != nil {
			l.doom(c, l.panicked(v))
		}
	}()
	if c.flags.has(flagClosing) || c.svc.onMail == nil { // it was for the handler before, see SetHandler
		l.stats.dropped.Add(uint64(len(p)))
		return
	}
	c.svc.onMail.OnMail(c, tag, p)
}

// visit lets v have c; a panic in it ends the connection.
func (l *loop) visit(c *Conn, v Visitor) {
	defer func() {
		if v := recover(); v != nil {
			l.doom(c, l.panicked(v))
		}
	}()
	v.Visit(c)
}

// sweep visits the next slice of connections.
func (l *loop) sweep(t *task) (done bool) {
	for n := 0; n < sweepSlice; l.cursor++ {
		if l.cursor >= l.slots.used {
			l.cursor = 0
			return true
		}
		if c := l.slots.at(l.cursor).c; c != nil && (t.want == nil || c.svc.h == t.want) {
			l.visit(c, t.visitor)
			n++
		}
	}
	return false
}

// tick brings the loop's clock and its wheel forward.
func (l *loop) tick() {
	if now := l.clock(); now != l.now {
		l.now = now
		l.wheel.advance(now, l.expire)
	}
}

// passed tells whether the deadline at has come; ticks wrap.
func (l *loop) passed(at uint32) bool { return int32(at-l.now) <= 0 }

// due is the tick of SetTimer, or of the linger's end. It is kept with the slot,
// which has the room.
func (l *loop) due(c *Conn) *uint32 { return &l.slots.at(c.slot).at }

// expire is called by the wheel when a deadline of the slot may have come.
func (l *loop) expire(slot uint32) {
	c := l.slots.at(slot).c
	if c == nil {
		return
	}
	s := c.svc
	switch {
	case c.flags.has(flagTimer) && l.passed(*l.due(c)):
		c.flags &^= flagTimer
		if c.flags.has(flagShut) {
			l.finish(c, nil) // the peer did not close for Linger
		} else if s.onTimer != nil {
			l.run(c, callTimer)
		}
	case c.out != nil && l.stall(c) > 0 && l.passed(c.out.since+l.stall(c)):
		abandon(c)
		l.finish(c, ErrWriteTimeout)
	case s.idle > 0 && !c.flags.has(flagClosing) && l.passed(c.active+s.idle):
		l.beginClose(c, ErrIdleTimeout)
		l.flushDirty()
	}
	if c.flags.has(flagOpen) {
		l.reschedule(c)
	}
}

// stall is the time in ticks that output may wait without progress. A
// connection that is being closed never waits without end.
func (l *loop) stall(c *Conn) uint32 {
	if c.svc.writeStall == 0 && c.flags.has(flagClosing) {
		return since(defaultStall)
	}
	return c.svc.writeStall
}

// reschedule puts c where the wheel will meet its first deadline.
func (l *loop) reschedule(c *Conn) {
	at, some := uint32(0), false
	first := func(t uint32) {
		if !some || int32(t-at) < 0 {
			at, some = t, true
		}
	}
	if c.flags.has(flagTimer) {
		first(*l.due(c))
	}
	if c.svc.idle > 0 && !c.flags.has(flagClosing) {
		first(c.active + c.svc.idle)
	}
	if n := l.stall(c); c.out != nil && n > 0 {
		first(c.out.since + n)
	}
	if some {
		l.wheel.schedule(c.slot, at)
	} else {
		l.wheel.cancel(c.slot)
	}
}
