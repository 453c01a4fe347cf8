package load

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// conn is one connection, or the place of one. What it sends is Load.out over and over, so a position in the endless
// stream is enough to know what comes next. A million of them are held at once: 136 B each.
type conn struct {
	fd         int32
	generation uint32 // how many have had this place: events of those before are told by it
	state      state
	armed      bool  // EPOLLOUT is on
	mute       bool  // nothing is read from it
	told       bool  // leaving: the server has sent its close frame
	phase      int32 // bytes of the current message that are already sent
	unsent     int64 // bytes that are to be sent
	since      int64 // the work's own: from when latency counts, or the number of the next message
	begun      int64 // when dialing or leaving began
	stamps     stamps
	reader     reader
}

// state is how far a connection is.
type state uint8

const (
	closed    state = iota // there is none
	dialing                // connect is under way
	upgrading              // the request is sent, the answer is not whole
	open
	leaving // our close frame is sent, the server has not closed yet
)

// flush writes what is unsent; what the socket does not take follows when it is writable again.
func (l *Load) flush(i int, c *conn) error {
	for c.unsent > 0 {
		p := l.out[c.phase:]
		if int64(len(p)) > c.unsent {
			p = p[:c.unsent]
		}
		n, errno := rawWrite(int(c.fd), p)
		if errno == unix.EAGAIN {
			return l.arm(i, c, true)
		}
		if errno != 0 {
			return fmt.Errorf("write: %w", errno)
		}
		c.unsent -= int64(n)
		c.phase = int32((int(c.phase) + n) % l.frame)
	}
	return l.arm(i, c, false)
}

// post sends one more message, or has it sent after those before it. at is from when its latency counts.
func (l *Load) post(i int, c *conn, at int64) error {
	c.stamps.push(at)
	c.unsent += int64(l.frame)
	return l.flush(i, c)
}

func (l *Load) arm(i int, c *conn, out bool) error {
	if c.armed == out {
		return nil
	}
	c.armed = out
	events := uint32(unix.EPOLLIN)
	if out {
		events |= unix.EPOLLOUT
	}
	return l.poller.change(i, c, events)
}

// kill closes the connection at once and leaves its place free. The kernel takes it out of the epoll.
func (l *Load) kill(i int) {
	c := l.conns.at(i)
	if c.state == closed {
		return
	}
	unix.Close(int(c.fd))
	delete(l.answers, i)
	*c = conn{generation: c.generation + 1, since: c.since, stamps: stamps{more: c.stamps.more}}
}

// reset makes the server see a reset rather than an end (SO_LINGER of zero), and no port is left in TIME_WAIT.
func (l *Load) reset(i int) {
	c := l.conns.at(i)
	if c.state != closed {
		_ = unix.SetsockoptLinger(int(c.fd), unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	}
	l.kill(i)
}

// compact closes the gaps that closed connections have left.
func (l *Load) compact() error {
	n := 0
	for i := range l.conns.len() {
		c := l.conns.at(i)
		if c.state == closed {
			continue
		}
		if i != n {
			to := l.conns.at(n)
			*c, *to = *to, *c
			c.generation, to.generation = to.generation, c.generation
			events := uint32(unix.EPOLLIN)
			if to.armed {
				events |= unix.EPOLLOUT
			}
			if err := l.poller.change(n, to, events); err != nil {
				return err
			}
		}
		n++
	}
	l.conns.cut(n)
	return nil
}
