package engine

import (
	"log/slog"
	"net"
	"runtime"
	"runtime/debug"

	"github.com/sockeye-io/sockeye/engine/internal/buffer"
)

// loop owns its connections: one goroutine calls its methods, except where a
// method says otherwise. What moves the bytes is behind wire; who calls in is a
// reactor (gnet, or enginetest): opened, received, gone, ready and drain.
type loop struct {
	id      int
	wire    wire
	log     *slog.Logger
	stats   loopStats
	engine  *Engine // nil in enginetest
	goodbye bool    // draining, in enginetest
	left    func()  // told, on the loop, of each connection that ended

	slots  slots
	wheel  *wheel
	clock  func() uint32 // ticks since the engine began
	now    uint32
	causes map[uint32]error // of connections that are closing, by slot
	made   services         // for SetHandler

	cur     *Conn    // whose callback runs: its writes are corked
	cork    []byte   // what cur has written
	view    []byte   // what cur's OnData was given, or its OnOpen will leave to it
	scratch []byte   // for AvailableBuffer where nothing is corked
	dirty   []*Conn  // those with something to do when the callback ends
	iov     [][]byte // scratch of flush
	spare   *queue   // free list

	mail    mailbox
	work    batch // taken from mail
	workPos int
	cursor  uint32 // slot a sweep goes on with
	busy    bool   // in a turn
	rung    bool   // by itself
	yield   int    // callbacks until the next runtime.Gosched
}

// wire is how a connection reaches the world. Its methods are called on the
// loop and never block.
type wire interface {
	// write and writev send what the kernel takes, in one system call. Fewer
	// bytes than given, or errAgain, mean that the rest must wait. writev may
	// change the slice, not the bytes.
	write(c *Conn, p []byte) (int, error)
	writev(c *Conn, bufs [][]byte) (int, error)
	// arm asks for one call of loop.ready when the kernel takes bytes again,
	// or when the connection broke.
	arm(c *Conn) error
	// shut sends FIN.
	shut(c *Conn) error
	// detach keeps the connection alive for writing when its reactor has
	// seen the peer's FIN and is about to let go of it.
	detach(c *Conn) error
	// close lets go of everything.
	close(c *Conn)
	// handOut makes a net.Conn of its own of the connection: the close that
	// follows does not end it.
	handOut(c *Conn) (net.Conn, error)
	// addr asks the kernel for an address; nil when it has none.
	addr(c *Conn, remote bool) net.Addr
}

const (
	// corkLimit is where a corked write leaves at once: larger ones are
	// written from where they are instead of being copied.
	corkLimit = 16 << 10
	// minAvailable is the least room that AvailableBuffer gives.
	minAvailable = 1 << 10
	// yieldEvery is the number of callbacks between two runtime.Gosched. A
	// loop that is always in or out of a system call and never yields keeps
	// Go's monitor thread awake, which costs 7 % of a core
	// (facts/performance.md); one yield in 64 callbacks costs nothing.
	yieldEvery = 64
	// mailSlice and sweepSlice bound what one wake-up of the mailbox does, in
	// tasks and in connections, so that sockets are served in between.
	mailSlice  = 1024
	sweepSlice = 256
)

func newLoop(id int, cfg *Config, clock func() uint32) *loop {
	l := &loop{
		id: id, log: cfg.Logger, clock: clock, now: clock(),
		left:    func() {},
		causes:  make(map[uint32]error),
		cork:    make([]byte, 0, corkLimit),
		scratch: make([]byte, 0, minAvailable),
		yield:   yieldEvery,
	}
	l.wheel = newWheel(l.now)
	l.mail.limit = cfg.MailboxBytes
	return l
}

// opened takes c in, with bytes that were received before it came to us. It
// answers the error that OnOpen had; the connection is gone then.
func (l *loop) opened(c *Conn, early []byte) error {
	outer := l.begin()
	left, err := l.admit(c, early, outer)
	if outer {
		l.rest(left)
	}
	return err
}

func (l *loop) admit(c *Conn, early []byte, outer bool) (left int, err error) {
	left = turnSlice
	if l.open() == 0 {
		l.tick() // nobody brought the time while there was nobody to see it
	}
	c.loop, c.active = l, l.now
	c.flags |= flagOpen
	l.slots.take(c)
	l.wheel.grow(int(l.slots.used))
	l.stats.opened.Add(1)
	l.enter(c)
	svc := c.svc
	l.view = early
	err = l.callOpen(c)
	l.view = nil
	if err != nil && c.svc != svc {
		l.fail(c, err) // another handler has it, which must hear of the end
	} else if err != nil {
		if len(l.cork) > 0 && c.out == nil {
			c.wire().write(c, l.cork) //nolint:errcheck // a farewell: it may be lost
		}
		l.cork, l.cur = l.cork[:0], nil
		l.release(c)
		l.letGo(c)
		l.flushDirty()
		return left, err
	}
	l.reschedule(c)
	if len(early) > 0 && !c.flags.has(flagClosing) {
		l.consume(c, early)
	}
	if outer {
		left = l.posted()
	}
	l.leave(c)
	return left, nil
}

// received gives c what its wire has read.
func (l *loop) received(c *Conn, p []byte) {
	l.stats.bytesRead.Add(uint64(len(p)))
	l.stats.reads.Add(1)
	c.active = l.now
	if c.flags.has(flagOpen) && !c.flags.has(flagClosing) {
		outer := l.begin()
		l.enter(c)
		l.consume(c, p)
		if outer {
			left := l.posted()
			l.leave(c)
			l.rest(left)
		} else {
			l.leave(c)
		}
	}
	if l.yield--; l.yield == 0 {
		l.yield = yieldEvery
		runtime.Gosched()
	}
}

// consume offers p, behind what was left before, and keeps what is left now. A
// handler that hands the connection on leaves it to the next one.
func (l *loop) consume(c *Conn, p []byte) {
	in := c.in
	c.in = nil // p may be a view of it: nobody else gives it back meanwhile
	if in != nil {
		in = buffer.Append(in, p)
		p = in.B
	}
	n, err := 0, error(nil)
	for more := true; more; {
		c.flags &^= flagSwitched
		p = p[n:]
		l.view = p
		n, err = l.callData(c, p)
		more = c.flags.has(flagSwitched) && n < len(p) && err == nil && c.flags&(flagClosing|flagPacket) == 0
	}
	l.view = nil
	// What is left after an error or a Close of its own is of no use.
	if err == nil && c.flags&(flagClosing|flagPacket) == 0 {
		switch rest := p[n:]; {
		case len(rest) == 0:
		case len(rest) > c.svc.maxInbound:
			err = ErrInboundLimit
		case in != nil:
			in.B = in.B[:copy(in.B, rest)]
			c.in = in
			return
		default:
			c.in = buffer.Append(buffer.Get(len(rest)), rest)
		}
	}
	buffer.Put(in)
	if err != nil {
		l.fail(c, err)
	}
}

// enter begins a callback of c: from now on its writes are corked.
func (l *loop) enter(c *Conn) { l.cur = c }

// leave ends a callback: what was written leaves.
func (l *loop) leave(c *Conn) {
	l.settle(c)
	if len(l.dirty) > 0 {
		l.flushDirty()
	}
}

// settle is leave for c alone: others are flushed by who called.
func (l *loop) settle(c *Conn) {
	if len(l.cork) > 0 {
		_ = l.uncork(c, nil) // it dooms c when it fails
	}
	l.cur = nil
}

// run is a whole callback that takes nothing but the connection.
func (l *loop) run(c *Conn, k callback) {
	l.enter(c)
	l.call(c, k)
	l.leave(c)
}

// callback is one of the callbacks that take nothing but the connection.
type callback uint8

const (
	callEOF callback = iota
	callWritable
	callTimer
	callDrain
)

// call runs a callback; one that panics ends the connection.
func (l *loop) call(c *Conn, k callback) {
	defer func() {
		if v := recover(); v != nil {
			l.doom(c, l.panicked(v))
		}
	}()
	switch k {
	case callEOF:
		c.svc.onEOF.OnEOF(c)
	case callWritable:
		c.svc.onWritable.OnWritable(c)
	case callTimer:
		c.svc.onTimer.OnTimer(c)
	case callDrain:
		c.svc.onDrain.OnDrain(c)
	}
}

func (l *loop) callOpen(c *Conn) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = l.panicked(v)
		}
	}()
	return c.svc.h.OnOpen(c)
}

func (l *loop) callData(c *Conn, p []byte) (n int, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = l.panicked(v)
		}
	}()
	n, err = c.svc.h.OnData(c, p)
	if uint(n) > uint(len(p)) && err == nil {
		panic("engine: OnData consumed bytes that it was not given")
	}
	return n, err
}

func (l *loop) callClose(c *Conn, err error) {
	defer func() {
		if v := recover(); v != nil {
			_ = l.panicked(v)
		}
	}()
	c.svc.h.OnClose(c, err)
}

func (l *loop) panicked(v any) error {
	err := &PanicError{Value: v, Stack: debug.Stack()}
	l.stats.panics.Add(1)
	l.log.Error("engine: handler panic", "loop", l.id, "panic", v, "stack", string(err.Stack))
	return err
}

// open returns the number of connections, from any goroutine.
func (l *loop) open() uint64 { return l.stats.opened.Load() - l.stats.closed.Load() }
