package engine

import (
	"fmt"
	"net"
)

// Detach gives the connection out of the engine: nc is a net.Conn of its own, which
// the caller must close, and unread a copy of what was received and not consumed, to
// be used before nc is read. Within OnData that is all that OnData was given: the
// caller knows how much of it he has used, and what OnData answers means nothing any
// more. What was written is sent first.
//
// The connection is over for the engine when the running callback returns: OnClose
// is told ErrDetached, handles are stale, what other goroutines have written for it
// and has not had its turn is dropped, and MaxConns has room for another.
//
// A TCP or Unix socket becomes a *net.TCPConn or *net.UnixConn with the options that
// it has. Any other connection becomes a wrapper of the one that was adopted or
// accepted, because a read or write of ours may be under way; NetConn gives that one.
//
// Errors: ErrClosed; ErrDetachBusy when the kernel has not taken all output:
// OnWritable is called when it has; or of the system, when descriptors are used up or
// the peer is gone. The connection stays as it is then, unless it broke.
func (c *Conn) Detach() (nc net.Conn, unread []byte, err error) {
	if c.Closing() {
		return nil, nil, ErrClosed
	}
	l := c.loop
	if err := l.empty(c); err != nil {
		return nil, nil, err
	}
	nc, err = c.wire().handOut(c)
	if err != nil {
		return nil, nil, fmt.Errorf("engine: detach: %w", err)
	}
	unread = l.unread(c)
	l.doom(c, ErrDetached)
	return nc, unread, nil
}

// empty sends all output of c, and a FIN that is owed behind it.
func (l *loop) empty(c *Conn) error {
	if l.cur == c && len(l.cork) > 0 {
		if err := l.uncork(c, nil); err != nil {
			return err
		}
	}
	if c.out != nil && !c.flags.has(flagArmed) {
		if err := l.flush(c); err != nil {
			l.doom(c, err)
			return err
		}
	}
	if c.out != nil {
		c.flags |= flagBusy
		return ErrDetachBusy
	}
	if c.flags.has(flagHalf) && !c.flags.has(flagHalved) {
		c.flags |= flagHalved
		if err := c.wire().shut(c); err != nil {
			l.doom(c, err)
			return err
		}
	}
	return nil
}

// unread copies what c has received and not consumed.
func (l *loop) unread(c *Conn) []byte {
	switch {
	case l.cur == c && l.view != nil:
		return append([]byte(nil), l.view...)
	case c.in != nil:
		return append([]byte(nil), c.in.B...)
	}
	return nil
}
