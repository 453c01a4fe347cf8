package load

import (
	"fmt"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	// spin is how long before a message is due the thread stops sleeping and asks over and over: waking up takes some
	// microseconds, and more on a virtual processor.
	spin = 20 * time.Microsecond
	// asleep is the shortest wait that was one. A call that found something ready takes less and was work.
	asleep = 3 * time.Microsecond
)

// poller is an epoll, level-triggered: what is left comes up again.
type poller struct {
	fd     int
	events []unix.EpollEvent
	coarse bool // this kernel has no epoll_pwait2, which came with Linux 5.11: time is in milliseconds
	waited int64
}

func newPoller() (poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return poller{}, fmt.Errorf("load: epoll_create1: %w", err)
	}
	return poller{fd: fd, events: make([]unix.EpollEvent, 512)}, nil
}

func (p *poller) add(i int, c *conn, events uint32) error {
	return p.control(unix.EPOLL_CTL_ADD, i, c, events)
}

func (p *poller) change(i int, c *conn, events uint32) error {
	return p.control(unix.EPOLL_CTL_MOD, i, c, events)
}

func (p *poller) control(op, i int, c *conn, events uint32) error {
	ev := unix.EpollEvent{Events: events, Fd: int32(i), Pad: int32(c.generation)}
	_, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_CTL,
		uintptr(p.fd), uintptr(op), uintptr(c.fd), uintptr(unsafe.Pointer(&ev)), 0, 0)
	if errno != 0 {
		return fmt.Errorf("epoll_ctl: %w", errno)
	}
	return nil
}

// wait waits for events until the time until of the load's clock, and no longer. It counts what was waiting in waited.
func (l *Load) wait(until int64) ([]unix.EpollEvent, error) {
	p := &l.poller
	start := l.now()
	n, errno := p.sleep(until - start - int64(spin))
	near := int64(spin)
	if p.coarse {
		near += int64(time.Millisecond)
	}
	now := l.now()
	for errno == 0 && n == 0 && now < until && until-now <= near {
		n, errno = p.sleep(0)
		now = l.now()
	}
	if now-start > int64(asleep) {
		p.waited += now - start
	}
	if errno != 0 && errno != unix.EINTR {
		return nil, fmt.Errorf("load: epoll_wait: %w", errno)
	}
	return p.events[:max(n, 0)], nil
}

// punctual makes this thread wake up when it asked to. By itself Linux adds up to 50 us (PR_SET_TIMERSLACK).
func punctual() error {
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("load: prctl: %w", err)
	}
	return nil
}

// sleep waits for at most ns, or not at all if that is not positive.
func (p *poller) sleep(ns int64) (int, syscall.Errno) {
	fd, events, max := uintptr(p.fd), uintptr(unsafe.Pointer(&p.events[0])), uintptr(len(p.events))
	if ns <= 0 {
		n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, fd, events, max, 0, 0, 0)
		return int(n), errno
	}
	ns = min(ns, int64(time.Hour))
	if !p.coarse {
		ts := unix.NsecToTimespec(ns)
		n, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT2, fd, events, max, uintptr(unsafe.Pointer(&ts)), 0, 0)
		if errno != unix.ENOSYS {
			return int(n), errno
		}
		p.coarse = true
	}
	n, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT, fd, events, max, uintptr(ns/int64(time.Millisecond)), 0, 0)
	return int(n), errno
}
