package engine

import "syscall"

// touch lets c be looked at when the running callback ends.
func (l *loop) touch(c *Conn) {
	if !c.flags.has(flagDirty) {
		c.flags |= flagDirty
		l.dirty = append(l.dirty, c)
	}
}

// write takes p for c: corked when it is c's callback that runs, else queued
// until that callback ends.
func (l *loop) write(c *Conn, p []byte) error {
	switch {
	case len(p) == 0:
		return nil
	case c.out != nil:
		if c.out.bytes >= c.svc.high {
			if err := l.room(c); err != nil {
				return err
			}
			if c.out == nil {
				return l.write(c, p)
			}
		}
		c.out.add(p, c.flags.has(flagPacket))
		l.waits(c)
		return nil
	case c.flags.has(flagPacket):
		return l.send(c, p, false)
	case l.cur != c:
		c.out = l.newQueue()
		c.out.add(p, false)
		l.waits(c)
		l.touch(c)
		return nil
	case len(l.cork)+len(p) > corkLimit:
		return l.uncork(c, p)
	}
	l.cork = append(l.cork, p...)
	return nil
}

// writeShared is write for bytes that may be referenced for ever. Outside c's
// own callback it goes out at once: one message to many is one write each.
func (l *loop) writeShared(c *Conn, p []byte) error {
	switch {
	case l.cur == c || c.flags.has(flagPacket) || len(p) == 0:
		return l.write(c, p)
	case c.out == nil:
		return l.send(c, p, true)
	case c.out.bytes >= c.svc.high:
		if err := l.room(c); err != nil {
			return err
		}
		if c.out == nil {
			return l.send(c, p, true)
		}
	}
	c.out.addShared(p)
	l.waits(c)
	return nil
}

// uncork sends what is corked, and p behind it.
func (l *loop) uncork(c *Conn, p []byte) error {
	cork := l.cork
	l.cork = l.cork[:0]
	switch {
	case c.out != nil: // the kernel was full in the middle of the callback
		c.out.add(cork, false)
		c.out.add(p, false)
		return nil
	case len(cork) == 0:
		return l.send(c, p, false)
	case len(p) == 0:
		return l.send(c, cork, false)
	}
	l.iov = append(l.iov[:0], cork, p)
	n, err := l.sent(c.wire().writev(c, l.iov))
	if err != nil {
		l.doom(c, err)
		return err
	}
	if n < len(cork)+len(p) {
		c.out = l.newQueue()
		if n < len(cork) {
			c.out.add(cork[n:], false)
			n = len(cork)
		}
		c.out.add(p[n-len(cork):], false)
		l.arm(c)
	}
	return nil
}

// send writes p, with nothing waiting before it, and queues the rest.
func (l *loop) send(c *Conn, p []byte, shared bool) error {
	n, err := l.sent(c.wire().write(c, p))
	if err != nil {
		l.doom(c, err)
		return err
	}
	if n < len(p) {
		c.out = l.newQueue()
		if shared {
			c.out.addShared(p[n:])
		} else {
			c.out.add(p[n:], c.flags.has(flagPacket))
		}
		l.arm(c)
	}
	return nil
}

// sent counts a system call and turns errAgain into a short write.
func (l *loop) sent(n int, err error) (int, error) {
	l.stats.writes.Add(1)
	if err == errAgain {
		return 0, nil
	}
	l.stats.bytesWritten.Add(uint64(n))
	return n, err
}

// flush writes what waits until it is gone or the kernel is full.
func (l *loop) flush(c *Conn) error {
	q := c.out
	for q != nil && q.bytes > 0 {
		l.iov = l.iov[:0]
		want := 0
		for i := q.head; i < len(q.segs) && len(l.iov) < maxIov; i++ {
			r := q.segs[i].rest()
			l.iov = append(l.iov, r)
			want += len(r)
			if c.flags.has(flagPacket) {
				break
			}
		}
		var n int
		var err error
		if len(l.iov) == 1 {
			n, err = l.sent(c.wire().write(c, l.iov[0]))
		} else {
			n, err = l.sent(c.wire().writev(c, l.iov))
		}
		clear(l.iov)
		if err != nil {
			return err
		}
		if n > 0 {
			q.taken(n)
			q.since = l.now
		}
		if n < want {
			l.arm(c)
			return nil
		}
	}
	l.freeQueue(c)
	return nil
}

// arm waits for c to become writable.
func (l *loop) arm(c *Conn) {
	if c.flags.has(flagArmed) {
		return
	}
	if err := c.wire().arm(c); err != nil {
		l.doom(c, err)
		return
	}
	c.flags |= flagArmed
	l.waits(c)
	l.reschedule(c)
}

// waits marks c when its output has passed LowWater.
func (l *loop) waits(c *Conn) {
	if c.out != nil && c.out.bytes > c.svc.low {
		c.flags |= flagOver
	}
}

// room is asked when as much waits for c as may. What waits for nothing but the
// end of a callback is offered to the kernel first: only then is the peer slow.
func (l *loop) room(c *Conn) error {
	if !c.flags.has(flagArmed) {
		if err := l.flush(c); err != nil {
			l.doom(c, err)
			return err
		}
	}
	if c.out != nil && c.out.bytes >= c.svc.high {
		abandon(c)
		l.doom(c, ErrSlowConsumer)
		return ErrSlowConsumer
	}
	return nil
}

// ready hears from the wire that c takes bytes again, or that it broke. One call
// may be left over from an arm that was answered twice.
func (l *loop) ready(c *Conn, broken bool) {
	c.flags &^= flagArmed
	if c.out == nil {
		if broken && c.flags.has(flagEOF) { // see listen
			l.finish(c, syscall.ECONNRESET)
			return
		}
		l.relieved(c)
		l.listen(c)
		return
	}
	if err := l.flush(c); err != nil {
		l.finish(c, err)
		return
	}
	l.relieved(c)
	if c.flags.has(flagOpen) && c.out == nil {
		l.emptied(c)
	}
	l.listen(c)
}

// relieved calls OnWritable when output had passed LowWater and is back, or when
// Detach waits for it and all has left. It is called where flushDirty follows or
// runs, so it does not flush others itself.
func (l *loop) relieved(c *Conn) {
	if !c.flags.has(flagOver|flagBusy) || c.flags.has(flagClosing) || c.Buffered() > c.svc.low {
		return
	}
	if c.out != nil && !c.flags.has(flagOver) {
		return
	}
	c.flags &^= flagOver
	if c.out == nil {
		c.flags &^= flagBusy
	}
	if c.svc.onWritable != nil {
		l.enter(c)
		l.call(c, callWritable)
		l.settle(c)
	}
}

// flushDirty looks at the connections that something was written to, or that
// were closed, outside or inside the callback that has just ended. OnClose may
// add more.
func (l *loop) flushDirty() {
	for i := 0; i < len(l.dirty); i++ {
		c := l.dirty[i]
		l.dirty[i] = nil
		c.flags &^= flagDirty
		if !c.flags.has(flagOpen) {
			continue
		}
		if c.flags.has(flagSwitched) {
			l.switched(c)
		}
		if c.flags.has(flagDoomed) {
			l.finish(c, nil)
			continue
		}
		if c.out != nil && !c.flags.has(flagArmed) {
			if err := l.flush(c); err != nil {
				l.finish(c, err)
				continue
			}
		}
		l.relieved(c)
		if c.out == nil {
			l.emptied(c)
		}
	}
	l.dirty = l.dirty[:0]
}
