package engine

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"github.com/panjf2000/gnet/v2"
	"golang.org/x/sys/unix"
)

// reactor runs the loops on a gnet client engine: a group of event loops
// without listeners, into which every connection is enrolled, whether it was
// accepted, dialled or adopted. gnet polls and reads; writing and what follows
// from it is ours, because gnet's output has no limit, reports nothing and is
// dropped on a peer's FIN. gnet appears in the gnet*.go files and nowhere else.
type reactor struct {
	client *gnet.Client
	loops  []*loop
	els    []gnet.EventLoop // by loop
	bells  []*bell          // by loop
	watch  *watcher
}

// enrolment is the context of a connection until gnet has opened it.
type enrolment struct {
	c      *Conn
	early  []byte
	opened bool  // OnOpen was reached
	err    error // what the handler's OnOpen had against it
	handle Handle
}

// doorbell is the context of the connection that wakes a loop up. A byte
// written to its other end becomes a read event among those of the sockets, so
// that work posted by other goroutines, or by the loop to itself, never starves
// them; gnet's own Execute does (facts/gnet.md, section 1).
type doorbell struct{ l *loop }

func startReactor(cfg *Config, clock func() uint32, newLoop func(id int) *loop) (r *reactor, err error) {
	r = &reactor{}
	r.client, err = gnet.NewClient(r,
		gnet.WithNumEventLoop(cfg.Loops),
		gnet.WithReadBufferCap(cfg.ReadBuffer),
		gnet.WithTCPNoDelay(gnet.TCPDelay), // package net has switched it on
		gnet.WithLogger(gnetLogger{cfg.Logger}),
	)
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	if r.watch, err = newWatcher(r); err != nil {
		return nil, err
	}
	if err = r.client.Start(); err != nil {
		r.watch.close()
		return nil, fmt.Errorf("engine: start the loops: %w", err)
	}
	for i := range cfg.Loops {
		l := newLoop(i)
		if err = r.addLoop(l); err != nil {
			r.stop()
			return nil, err
		}
	}
	r.watch.start()
	return r, nil
}

// addLoop finds a loop of gnet that has no doorbell yet. gnet places what is
// enrolled on the loop with the fewest connections, so each doorbell lands on a
// loop of its own; gnet offers no list of them.
func (r *reactor) addLoop(l *loop) error {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return fmt.Errorf("engine: doorbell: %w", err)
	}
	l.wire = &gnetWire{r: r}
	f := os.NewFile(uintptr(fds[0]), "doorbell")
	nc, err := net.FileConn(f)
	_ = f.Close()
	if err == nil {
		var gc gnet.Conn
		gc, err = r.client.EnrollContext(nc, &doorbell{l})
		if err == nil {
			for _, el := range r.els {
				if el == gc.EventLoop() {
					err = errors.New("gnet gave two doorbells to one loop")
				}
			}
			r.els = append(r.els, gc.EventLoop())
		}
	}
	if err != nil {
		_ = unix.Close(fds[1])
		return fmt.Errorf("engine: doorbell: %w", err)
	}
	b := &bell{fd: fds[1]}
	l.mail.ring = b.ring
	r.bells = append(r.bells, b)
	r.loops = append(r.loops, l)
	return nil
}

// bell is our end of the socket pair that rings a loop. Whoever put a task may
// come to ring when the reactor has stopped: the lock keeps the byte from going
// to whoever has the descriptor's number by then.
type bell struct {
	mu sync.Mutex
	fd int // -1 when closed
}

var ding [1]byte

func (b *bell) ring() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fd >= 0 {
		// A full pipe means that the loop has not answered earlier rings yet.
		_, _ = rawWrite(b.fd, ding[:])
	}
}

func (b *bell) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	_ = unix.Close(b.fd)
	b.fd = -1
}

// enroll hands nc to a loop and waits until its OnOpen has run. nc is gnet's
// from here on: it is closed in every case, its descriptor lives on as a copy.
// The caller holds off stop meanwhile: gnet never answers after it.
func (r *reactor) enroll(nc net.Conn, en *enrolment) error {
	en.c.setRemote(nc.RemoteAddr())
	if _, err := r.client.EnrollContext(nc, en); err != nil {
		return fmt.Errorf("engine: enroll: %w", err)
	}
	if !en.opened { // epoll refused it; gnet tells nobody
		return errors.New("engine: enroll: the poller refused the connection")
	}
	return en.err
}

// stop ends the loops. Connections that are still there are closed without
// their handlers being told: the engine has ended them before.
func (r *reactor) stop() {
	r.watch.close()
	_ = r.client.Stop()
	for _, b := range r.bells {
		b.close()
	}
}

// OnBoot, OnShutdown and OnTick belong to gnet.EventHandler and do nothing.
func (r *reactor) OnBoot(gnet.Engine) gnet.Action { return gnet.None }

// OnShutdown does nothing.
func (r *reactor) OnShutdown(gnet.Engine) {}

// OnTick is never called: the engine has a clock of its own.
func (r *reactor) OnTick() (d time.Duration, a gnet.Action) { return tickLength, gnet.None }

// OnOpen is gnet's, on the loop.
func (r *reactor) OnOpen(gc gnet.Conn) ([]byte, gnet.Action) {
	if d, ok := gc.Context().(*doorbell); ok {
		d.l.wire.(*gnetWire).el = gc.EventLoop()
		return nil, gnet.None
	}
	en := gc.Context().(*enrolment)
	c := en.c
	c.link, c.fd = gc, int32(gc.Fd())
	gc.SetContext(c)
	trim(gc)
	el := gc.EventLoop()
	for i := range r.els {
		if r.els[i] == el {
			w := r.loops[i].wire.(*gnetWire)
			w.inside = c
			en.opened = true
			en.err = r.loops[i].opened(c, en.early)
			en.handle = c.Handle()
			return nil, w.leave()
		}
	}
	return nil, gnet.Close
}

// OnTraffic is gnet's, on the loop. gnet never keeps a byte: its own inbound
// buffer has no limit.
func (r *reactor) OnTraffic(gc gnet.Conn) gnet.Action {
	p, _ := gc.Next(-1)
	switch x := gc.Context().(type) {
	case *Conn:
		w := x.loop.wire.(*gnetWire)
		w.inside = x
		x.loop.received(x, p)
		return w.leave()
	case *doorbell:
		if eventsPoint {
			x.l.wire.(*gnetWire).forget(x.l)
		}
		x.l.drain()
	}
	return gnet.None
}

// OnClose is gnet's, on the loop, before it closes the descriptor.
func (r *reactor) OnClose(gc gnet.Conn, err error) gnet.Action {
	c, ok := gc.Context().(*Conn)
	if !ok || !c.flags.has(flagOpen) {
		return gnet.None
	}
	switch {
	case err == nil:
		err = ErrServerClosed
	case err == io.EOF: // nothing was read: the event itself told that the connection broke
		err = socketError(int(c.fd), io.EOF)
	case errors.Is(err, io.EOF):
		err = io.EOF
	}
	c.loop.gone(c, err)
	return gnet.None
}

// gnetWire reaches the connections that gnet holds for one loop.
type gnetWire struct {
	r      *reactor
	el     gnet.EventLoop
	inside *Conn // whose OnOpen or OnTraffic runs
	ended  bool  // it was closed meanwhile

	// Connections that were closed outside their own events may have one in
	// the batch that is being handled. Where events are pointers these keep
	// the collector from them: since the last ring of the doorbell, which is
	// in a batch once, and since the last but one.
	closed, closedBefore []gnet.Conn
}

// forget lets the collector have what was closed in batches that are over.
func (w *gnetWire) forget(l *loop) {
	clear(w.closedBefore)
	w.closed, w.closedBefore = w.closedBefore[:0], w.closed
	if len(w.closedBefore) > 0 && l.open() == 0 {
		l.mail.ring() // the clock does not while there is no connection
	}
}

// leave tells gnet what to do after a callback of its own. Closing a connection
// by any other way while gnet is in its callback would let gnet go on with a
// descriptor that may be somebody else's.
func (w *gnetWire) leave() gnet.Action {
	w.inside = nil
	if w.ended {
		w.ended = false
		return gnet.Close
	}
	return gnet.None
}

func (w *gnetWire) write(c *Conn, p []byte) (int, error) { return rawWrite(int(c.fd), p) }

func (w *gnetWire) writev(c *Conn, bufs [][]byte) (int, error) { return rawWritev(int(c.fd), bufs) }

func (w *gnetWire) arm(c *Conn) error { return w.r.watch.arm(c) }

func (w *gnetWire) shut(c *Conn) error { return unix.Shutdown(int(c.fd), unix.SHUT_WR) }

// detach copies the descriptor, since gnet closes its own when its OnClose
// returns. The copy shares the watcher's interest in the original.
func (w *gnetWire) detach(c *Conn) error {
	fd, err := unix.FcntlInt(uintptr(c.fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("dup", err)
	}
	w.r.watch.forget(c)
	c.fd, c.link = int32(fd), &bareWire{w.r.watch}
	c.flags = c.flags&^flagArmed | flagOwnWire
	return nil
}

func (w *gnetWire) close(c *Conn) {
	if c == w.inside {
		w.ended = true
		return
	}
	gc := c.link.(gnet.Conn)
	if eventsPoint {
		w.closed = append(w.closed, gc)
	}
	_ = w.el.Close(gc)
}

func (w *gnetWire) handOut(c *Conn) (net.Conn, error) { return handOut(c, w.r.watch) }

func (w *gnetWire) addr(c *Conn, remote bool) net.Addr { return socketAddr(int(c.fd), remote) }

// bareWire holds a descriptor that gnet has let go of: nothing is read from it
// any more, only what waits is written.
type bareWire struct{ watch *watcher }

func (w *bareWire) write(c *Conn, p []byte) (int, error)       { return rawWrite(int(c.fd), p) }
func (w *bareWire) writev(c *Conn, bufs [][]byte) (int, error) { return rawWritev(int(c.fd), bufs) }
func (w *bareWire) arm(c *Conn) error                          { return w.watch.arm(c) }
func (w *bareWire) shut(c *Conn) error                         { return unix.Shutdown(int(c.fd), unix.SHUT_WR) }
func (w *bareWire) detach(*Conn) error                         { return nil }
func (w *bareWire) close(c *Conn)                              { _ = unix.Close(int(c.fd)) }
func (w *bareWire) handOut(c *Conn) (net.Conn, error)          { return handOut(c, w.watch) }
func (w *bareWire) addr(c *Conn, remote bool) net.Addr         { return socketAddr(int(c.fd), remote) }
