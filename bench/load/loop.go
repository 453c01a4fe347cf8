package load

import (
	"fmt"
	"runtime"

	"golang.org/x/sys/unix"
)

// pursue does w until it is done.
func (l *Load) pursue(w work) error {
	l.work = w
	defer func() { l.work = resting{} }()
	l.news = l.now()
	if err := punctual(); err != nil {
		return err
	}
	for {
		now := l.now()
		next, done, err := w.tick(now)
		if err != nil || done {
			return err
		}
		if stall := int64(l.cfg.Stall); stall > 0 {
			if !w.waits() {
				l.news = now
			} else if now-l.news >= stall {
				return w.stalled()
			}
			next = min(next, l.news+stall)
		}
		if err := l.handle(next); err != nil {
			return err
		}
		// A goroutine that never yields keeps Go's monitor thread awake, which takes some percent of the processor. For
		// the same reason it is not locked to its thread: then yielding would cost more than it saves.
		if l.turns++; l.turns%64 == 0 {
			runtime.Gosched()
			if err := punctual(); err != nil { // for it may be another thread now
				return err
			}
		}
	}
}

// handle waits until the time until for events, and goes through them.
func (l *Load) handle(until int64) error {
	events, err := l.wait(until)
	if err != nil {
		return err
	}
	for k := range events {
		ev := &events[k]
		i := int(ev.Fd)
		c := l.conns.at(i)
		if c.state == closed || int32(c.generation) != ev.Pad {
			continue // closed by what came before it
		}
		if err := l.ready(i, c, ev.Events); err != nil {
			if err := l.breaks(i, err); err != nil {
				return err
			}
		}
	}
	return nil
}

// breaks closes a connection that failed and tells the work.
func (l *Load) breaks(i int, why error) error {
	l.kill(i)
	l.news = l.now()
	return l.work.broken(i, why)
}

// ready goes on with a connection: it reads once, and what is left comes up again.
func (l *Load) ready(i int, c *conn, events uint32) error {
	switch {
	case c.state == dialing:
		l.news = l.now()
		if err := l.connected(i, c); err != nil || c.state != open {
			return err
		}
		return l.work.opened(i, c)
	case c.mute: // it was watched for its end alone
		return errEnd
	}
	if events&unix.EPOLLOUT != 0 {
		if err := l.writable(i, c); err != nil {
			return err
		}
	}
	if events&^unix.EPOLLOUT == 0 {
		return nil
	}
	n, errno := rawRead(int(c.fd), l.in)
	switch {
	case errno == unix.EAGAIN:
		return nil
	case errno != 0:
		return fmt.Errorf("read: %w", errno)
	case n == 0:
		return l.ends(i, c)
	}
	return l.arrived(i, c, l.in[:n])
}

func (l *Load) writable(i int, c *conn) error {
	l.news = l.now()
	if b, ok := l.work.(*broadcast); ok && i == 0 {
		return b.flush()
	}
	return l.flush(i, c)
}

// ends is the end of what the server sends.
func (l *Load) ends(i int, c *conn) error {
	switch {
	case c.state == upgrading:
		return fmt.Errorf("%w after the answer %.120q", errEnd, l.answers[i])
	case c.state == leaving && (c.told || l.cfg.Protocol == TCP):
		l.kill(i)
		l.news = l.now()
		return l.work.gone(i)
	case c.state == leaving:
		return errUnclean
	}
	return fmt.Errorf("%w with %d messages in flight", errEnd, c.stamps.n)
}

// arrived takes what the server sent. It is news as far as something comes of it: a server that only pings is one that
// says nothing.
func (l *Load) arrived(i int, c *conn, p []byte) error {
	if c.state == upgrading {
		l.news = l.now()
		rest, err := l.answered(i, c, p)
		if err != nil || c.state == upgrading {
			return err
		}
		p = rest
		if err := l.work.opened(i, c); err != nil {
			return err
		}
	}
	now := l.now()
	for len(p) > 0 {
		before := c.reader.got
		n, whole, err := c.reader.next(&l.format, p)
		if err == errClosing && c.state == leaving {
			c.told = true
			return nil
		}
		if err != nil {
			return err
		}
		p = p[n:]
		if c.state != leaving && (whole || c.reader.got != before) {
			l.news = now
		}
		if !whole || c.state == leaving {
			continue // what comes before the server's close frame is of no interest
		}
		if l.format.checks(c.reader.seen - 1) {
			l.count.checked++
		}
		if err := l.work.took(i, c, now); err != nil {
			return err
		}
		if c.state == closed {
			return nil
		}
	}
	if err := l.work.after(i, c, now); err != nil || c.state != open {
		return err
	}
	return l.pong(c)
}

// pong answers the last ping (RFC 6455 section 5.5.3), or leaves it for later when a message is half sent.
func (l *Load) pong(c *conn) error {
	if c.reader.ping == nil || !c.reader.ping.whole || c.unsent > 0 || l.publishing(c) {
		return nil
	}
	pong := maskedFrame(opPong, c.reader.ping.payload)
	c.reader.ping = nil
	if n, errno := rawWrite(int(c.fd), pong); errno != 0 || n < len(pong) {
		return fmt.Errorf("pong: %d of %d bytes taken: %w", n, len(pong), errno)
	}
	return nil
}

// publishing is whether a broadcast may have half sent a message on c.
func (l *Load) publishing(c *conn) bool {
	b, ok := l.work.(*broadcast)
	return ok && c == b.conns.at(0) && b.pub.unsent() > 0
}
