package load

import (
	"fmt"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// conn is one connection. What it sends is l.out over and over, so a position in the endless stream is enough to know
// what comes next.
type conn struct {
	fd       int
	inflight int  // messages sent or to be sent whose reply is not whole yet
	unsent   int  // bytes that are to be sent
	phase    int  // bytes of the current message that are already sent
	armed    bool // EPOLLOUT is on
	reader   reader
}

// ready reads once and sends what the replies allow. The connection is level-triggered: what is left comes up again.
func (l *Load) ready(i int, events uint32) error {
	c := &l.conns[i]
	if events&unix.EPOLLOUT != 0 {
		if err := l.flush(i); err != nil {
			return fmt.Errorf("load: connection %d: %w", i, err)
		}
	}
	if events&^unix.EPOLLOUT == 0 {
		return nil
	}
	n, errno := rawRead(c.fd, l.in)
	switch {
	case errno == unix.EAGAIN:
		return nil
	case errno != 0:
		return fmt.Errorf("load: connection %d: read: %w", i, errno)
	case n == 0:
		return fmt.Errorf("load: connection %d: closed by the server with %d messages in flight", i, c.inflight)
	}
	if err := l.arrived(i, l.in[:n]); err != nil {
		return fmt.Errorf("load: connection %d: %w", i, err)
	}
	return nil
}

// arrived takes what the server sent and sends what the replies in it allow.
func (l *Load) arrived(i int, p []byte) error {
	c := &l.conns[i]
	messages, err := c.reader.read(l, p)
	if err != nil {
		return err
	}
	if messages > c.inflight {
		return fmt.Errorf("%d replies to %d messages", messages, c.inflight)
	}
	c.inflight -= messages
	l.inflight -= int64(messages)
	l.done += int64(messages)
	if err := l.refill(i); err != nil {
		return err
	}
	return l.pong(i)
}

// pong answers the last ping (RFC 6455 section 5.5.3), or leaves it for later when a message is half sent.
func (l *Load) pong(i int) error {
	c := &l.conns[i]
	if !c.reader.pinged || c.unsent > 0 {
		return nil
	}
	c.reader.pinged = false
	if _, err := unix.Write(c.fd, maskedFrame(opPong, c.reader.ping)); err != nil {
		return fmt.Errorf("pong: %w", err)
	}
	return nil
}

// refill brings the connection back to Depth messages in flight, as far as the window allows.
func (l *Load) refill(i int) error {
	c := &l.conns[i]
	if l.cfg.Batch && c.inflight > 0 {
		return nil
	}
	n := int(min(int64(l.cfg.Depth-c.inflight), l.left))
	if n <= 0 {
		return nil
	}
	l.left -= int64(n)
	l.inflight += int64(n)
	c.inflight += n
	c.unsent += n * l.frame
	return l.flush(i)
}

// flush writes what is unsent; what the socket does not take follows when it is writable again.
func (l *Load) flush(i int) error {
	c := &l.conns[i]
	for c.unsent > 0 {
		p := l.out[c.phase:]
		if len(p) > c.unsent {
			p = p[:c.unsent]
		}
		n, errno := rawWrite(c.fd, p)
		if errno == unix.EAGAIN {
			return l.arm(i, true)
		}
		if errno != 0 {
			return fmt.Errorf("write: %w", errno)
		}
		c.unsent -= n
		c.phase = (c.phase + n) % l.frame
	}
	return l.arm(i, false)
}

func (l *Load) arm(i int, out bool) error {
	c := &l.conns[i]
	if c.armed == out {
		return nil
	}
	c.armed = out
	ev := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(i)}
	if out {
		ev.Events |= unix.EPOLLOUT
	}
	if err := unix.EpollCtl(l.epoll, unix.EPOLL_CTL_MOD, c.fd, &ev); err != nil {
		return fmt.Errorf("epoll_ctl: %w", err)
	}
	return nil
}

// rawRead and rawWrite leave out the scheduler's bookkeeping around a system call that may block. These cannot: the
// sockets are non-blocking, and the thread has nothing else to run.
func rawRead(fd int, p []byte) (int, syscall.Errno) {
	n, _, errno := unix.RawSyscall(unix.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
	return int(n), errno
}

func rawWrite(fd int, p []byte) (int, syscall.Errno) {
	n, _, errno := unix.RawSyscall(unix.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
	return int(n), errno
}
