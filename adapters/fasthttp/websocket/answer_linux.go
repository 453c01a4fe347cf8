package websocket

import (
	"time"

	"golang.org/x/sys/unix"
)

// sendAtOnce writes what out has if that can be done without waiting for anybody, and tells whether that is done with. Some of it
// may have been written when it is not.
func (c *Conn) sendAtOnce(out *buffer) bool {
	if c.source != sourceRaw || !c.lock.tryLock() {
		return false
	}
	done := !c.landed && c.lock.failed() == nil
	if done {
		if out.attempt == nil {
			out.attempt = out.write
		}
		// An error comes again when somebody waits.
		_ = c.desc.Write(out.attempt)
		switch {
		case out.n == 0:
			done = false
		case out.n < len(out.frames):
			c.sendRest(out)
		case out.closing:
			_ = c.lock.fail(ErrCloseSent)
		}
	}
	c.lock.unlock()
	return done
}

// write is called with the descriptor, and never waits for it.
func (b *buffer) write(fd uintptr) bool {
	b.n, _ = unix.Write(int(fd), b.frames)
	b.n = max(b.n, 0)
	return true
}

// sendRest writes what there was no room for, under the lock for writing.
//
//go:noinline
func (c *Conn) sendRest(out *buffer) {
	err := c.setDeadline(time.Now().Add(writeWait))
	if err == nil {
		_, err = c.conn().Write(out.frames[out.n:])
	}
	switch {
	case err != nil:
		_ = c.lock.fail(err)
	case out.closing:
		_ = c.lock.fail(ErrCloseSent)
	}
}
