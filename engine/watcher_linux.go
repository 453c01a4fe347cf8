package engine

import (
	"fmt"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// watcher tells loops which of their connections became writable. gnet reports
// no such thing. It is a second epoll set that holds only connections whose
// output waits, one shot each; a goroutine sleeps on it in Go's own poller and
// posts to the mailbox of the loop. arm and forget are called on loops.
type watcher struct {
	r    *reactor
	fd   int
	file *os.File
	conn syscall.RawConn
	done chan struct{} // nil before start
}

func newWatcher(r *reactor) (*watcher, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("engine: watcher: %w", os.NewSyscallError("epoll_create1", err))
	}
	// Non-blocking is what lets os.File put it into the runtime's poller.
	if err = unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("engine: watcher: %w", err)
	}
	w := &watcher{r: r, fd: fd, file: os.NewFile(uintptr(fd), "watcher")}
	if w.conn, err = w.file.SyscallConn(); err != nil {
		_ = w.file.Close()
		return nil, fmt.Errorf("engine: watcher: %w", err)
	}
	return w, nil
}

// start begins to watch. The loops of the reactor are known by now.
func (w *watcher) start() {
	w.done = make(chan struct{})
	go func() {
		defer close(w.done)
		var events [128]unix.EpollEvent
		_ = w.conn.Read(func(uintptr) bool {
			for {
				n, err := unix.EpollWait(w.fd, events[:], 0)
				if n <= 0 && err != unix.EINTR {
					return false // sleep until there are more
				}
				for i := range max(n, 0) {
					w.post(&events[i])
				}
			}
		})
	}()
}

// An event carries its connection: the slot, and in the other word the loop
// (8 bits) and the low bits of the generation (24). 2^24 connections in one
// slot within the life of an event do not happen.
const genBits = 24

func (w *watcher) post(ev *unix.EpollEvent) {
	l, slot, low := w.r.loops[uint32(ev.Pad)>>genBits], uint32(ev.Fd), uint32(ev.Pad)<<(32-genBits)
	gen := l.slots.at(slot).gen.Load()
	if gen<<(32-genBits) == low {
		t := task{kind: taskReady, slot: slot, gen: gen}
		if ev.Events&(unix.EPOLLERR|unix.EPOLLHUP) != 0 {
			t.tag = tagBroken
		}
		_ = l.mail.put(t, nil, true)
	}
}

// arm asks for one event. The first time the descriptor is added; it leaves the
// set by itself when it is closed.
func (w *watcher) arm(c *Conn) error {
	ev := unix.EpollEvent{
		Events: unix.EPOLLONESHOT,
		Fd:     int32(c.slot),
		Pad:    int32(uint32(c.loop.id)<<genBits | c.gen()&(1<<genBits-1)),
	}
	if c.out != nil {
		ev.Events |= unix.EPOLLOUT // else only errors and hang-ups
	}
	err := unix.EpollCtl(w.fd, unix.EPOLL_CTL_MOD, int(c.fd), &ev)
	if err == unix.ENOENT {
		err = unix.EpollCtl(w.fd, unix.EPOLL_CTL_ADD, int(c.fd), &ev)
	}
	return os.NewSyscallError("epoll_ctl", err)
}

// forget takes a descriptor out that is about to be closed while a copy of it
// lives on: closing alone would leave it in the set.
func (w *watcher) forget(c *Conn) {
	_ = unix.EpollCtl(w.fd, unix.EPOLL_CTL_DEL, int(c.fd), nil)
}

func (w *watcher) close() {
	_ = w.file.Close()
	if w.done != nil {
		<-w.done
	}
}
