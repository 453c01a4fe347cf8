package engine

import (
	"io"

	"github.com/sockeye-io/sockeye/engine/internal/buffer"
)

// How a connection ends. beginClose: no more callbacks but OnClose, no more
// writes, output is flushed. flushed: FIN, then wait for the peer's. doom: what
// waits is dropped, and the end comes when the running callback has returned.
// finish: everything is released and OnClose is told.
//
// OnClose is never called from inside another callback, so only doom and
// beginClose may be reached from there.

func (l *loop) beginClose(c *Conn, err error) {
	c.flags = c.flags&^flagTimer | flagClosing
	if err != nil {
		l.causes[c.slot] = err
	}
	buffer.Put(c.in)
	c.in = nil
	if c.out != nil && c.svc.writeStall == 0 {
		c.out.since = l.now // the limit of stall begins now
	}
	l.reschedule(c)
	l.touch(c)
}

// doom ends c without flushing.
func (l *loop) doom(c *Conn, err error) {
	if !c.flags.has(flagOpen) || c.flags.has(flagDoomed) {
		return
	}
	if !c.flags.has(flagClosing) && err != nil {
		l.causes[c.slot] = err
	}
	c.flags |= flagClosing | flagDoomed
	if l.cur == c {
		l.stats.dropped.Add(uint64(len(l.cork)))
		l.cork = l.cork[:0]
	}
	l.freeQueue(c)
	l.touch(c)
}

// fail ends c because a callback returned err or panicked. The peer of an
// error is owed what was written; a panic is no explanation.
func (l *loop) fail(c *Conn, err error) {
	if _, ok := err.(*PanicError); ok {
		l.doom(c, err)
	} else if c.flags.has(flagOpen) && !c.flags.has(flagClosing) {
		l.beginClose(c, err)
	}
}

// emptied goes on with what waited for the output to leave. One that is doomed ends
// without FIN: Detach may have given it out.
func (l *loop) emptied(c *Conn) {
	switch {
	case c.flags.has(flagDoomed):
	case c.flags.has(flagClosing):
		l.flushed(c)
	case c.flags.has(flagHalf) && !c.flags.has(flagHalved):
		c.flags |= flagHalved
		if err := c.wire().shut(c); err != nil {
			l.finish(c, err)
		}
	}
}

// flushed goes on with a close whose output has left.
func (l *loop) flushed(c *Conn) {
	if c.flags.has(flagShut) {
		return
	}
	if c.flags.has(flagEOF) || c.svc.linger == 0 || c.wire().shut(c) != nil {
		l.finish(c, nil)
		return
	}
	c.flags |= flagShut | flagTimer
	*l.due(c) = l.clock() + c.svc.linger + 1
	l.reschedule(c)
}

// finish ends c now. The cause that began the close, if one did, is what
// OnClose is told.
func (l *loop) finish(c *Conn, err error) {
	if !c.flags.has(flagOpen) {
		return
	}
	cause := causeOf(err)
	if c.flags.has(flagClosing) {
		err = l.causes[c.slot] // nil: a local Close
		cause = causeOf(err)
	} else if cause == CauseLocal {
		cause = CauseReset // an error of the wire that we have no name for
	}
	l.stats.closedBy[cause].Add(1)
	l.release(c)
	l.callClose(c, err)
	l.letGo(c)
}

// release takes c out of every table. From here on it answers ErrClosed.
func (l *loop) release(c *Conn) {
	c.flags &^= flagOpen
	delete(l.causes, c.slot)
	l.wheel.cancel(c.slot)
	l.slots.release(c)
	buffer.Put(c.in)
	c.in = nil
	l.freeQueue(c)
}

// letGo is the last that happens to a connection.
func (l *loop) letGo(c *Conn) {
	c.wire().close(c)
	c.link, c.user = nil, nil
	l.stats.closed.Add(1)
	l.left()
}

// gone hears that the peer has sent FIN (err is io.EOF) or that the connection
// broke. The reactor lets go of c when gone returns, unless it was detached.
func (l *loop) gone(c *Conn, err error) {
	if c.flags.has(flagOpen) {
		outer := l.begin()
		l.ended(c, err)
		l.flushDirty() // OnClose may have written to others
		if outer {
			l.rest(turnSlice)
		}
	}
}

func (l *loop) ended(c *Conn, err error) {
	if err != io.EOF {
		l.finish(c, err)
		return
	}
	c.flags |= flagEOF
	hold := c.svc.onEOF != nil && !c.flags.has(flagClosing|flagHalf)
	if c.flags.has(flagShut) || c.out == nil && !hold {
		l.finish(c, io.EOF)
		return
	}
	// Half-closed: the peer may still be reading, and is owed the rest.
	if err := c.wire().detach(c); err != nil {
		l.finish(c, err)
		return
	}
	if hold {
		l.run(c, callEOF)
	} else if !c.flags.has(flagClosing) {
		l.beginClose(c, io.EOF)
		l.flushDirty()
	}
	l.listen(c)
}

// listen lets the wire report the end of a half-closed connection from which
// nothing is read and to which nothing is written for now.
func (l *loop) listen(c *Conn) {
	if c.flags&(flagOpen|flagEOF|flagArmed|flagDoomed) == flagOpen|flagEOF {
		if err := c.wire().arm(c); err != nil {
			l.finish(c, err)
		}
	}
}
