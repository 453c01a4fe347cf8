package engine

import (
	"context"
	"fmt"
	"net"
	"reflect"
	"sync"
	"sync/atomic"
	"time"
)

// Engine holds connections on a few loops. Its methods may be called from any
// goroutine, but those that wait for a loop not from a callback, which is what
// the loop is busy with: Dial, Adopt, Shutdown and Close.
//
// New starts nothing. Loops start with the first Serve, Dial or Adopt;
// listeners begin to accept with Serve. An engine that has started anything
// must be ended with Shutdown or Close.
type Engine struct {
	cfg   Config
	began time.Time

	mu        sync.Mutex
	state     state
	reactor   *reactor // nil until something needs it
	listeners map[*Listener]struct{}
	ticker    chan struct{} // closed to stop the clock
	serving   chan struct{} // closed by Serve: listeners begin to accept
	draining  chan struct{} // closed when nothing new is taken
	stopped   chan struct{} // closed when all is over

	// gate is held for reading while a connection is handed to the reactor,
	// which must not stop meanwhile.
	gate    sync.RWMutex
	open    atomic.Int64  // connections, those on their way in included
	emptied chan struct{} // told, without waiting, whenever open is zero

	accepted, dialed, adopted, refused atomic.Uint64
	acceptErrors                       atomic.Uint64
	packets, packetsDropped, panics    atomic.Uint64

	adoptees atomic.Pointer[adoptees]
}

type state uint8

const (
	stateNew state = iota
	stateServing
	stateDraining
	stateStopped
)

// New checks cfg and makes an engine of it.
func New(cfg Config) (*Engine, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	return &Engine{
		cfg:       cfg,
		began:     time.Now(),
		listeners: make(map[*Listener]struct{}),
		serving:   make(chan struct{}),
		draining:  make(chan struct{}),
		stopped:   make(chan struct{}),
		emptied:   make(chan struct{}, 1),
	}, nil
}

// Loops returns the number of loops.
func (e *Engine) Loops() int { return e.cfg.Loops }

// Serve lets the listeners accept and waits until the engine has been ended by
// Shutdown or Close, for which it answers ErrServerClosed. When ctx ends first,
// Serve calls Close and answers the cause of ctx. It may be called once.
func (e *Engine) Serve(ctx context.Context) error {
	e.mu.Lock()
	if e.state != stateNew {
		defer e.mu.Unlock()
		if e.state == stateServing {
			return fmt.Errorf("engine: Serve was called twice")
		}
		return ErrServerClosed
	}
	if err := e.startLocked(); err != nil {
		e.mu.Unlock()
		return err
	}
	e.state = stateServing
	close(e.serving)
	e.mu.Unlock()
	select {
	case <-e.stopped:
		return ErrServerClosed
	case <-ctx.Done():
		_ = e.Close()
		return context.Cause(ctx)
	}
}

// startLocked starts the loops and their clock, once.
func (e *Engine) startLocked() error {
	if e.state >= stateDraining {
		return ErrServerClosed
	}
	if e.reactor != nil {
		return nil
	}
	r, err := startReactor(&e.cfg, e.ticks, func(id int) *loop {
		l := newLoop(id, &e.cfg, e.ticks)
		l.engine, l.left = e, e.left
		return l
	})
	if err != nil {
		return err
	}
	e.reactor = r
	e.ticker = make(chan struct{})
	go e.tick(r.loops, e.ticker)
	return nil
}

func (e *Engine) start() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.startLocked()
}

// ticks is the clock of the loops.
func (e *Engine) ticks() uint32 { return uint32(time.Since(e.began) / tickLength) }

// tick wakes the loops that hold connections up, so that they see the time.
func (e *Engine) tick(loops []*loop, stop chan struct{}) {
	t := time.NewTicker(tickLength)
	defer t.Stop()
	for {
		select {
		case <-stop:
			return
		case <-t.C:
			for _, l := range loops {
				if l.stats.opened.Load() != l.stats.closed.Load() {
					l.mail.ring()
				}
			}
		}
	}
}

// left is told by the loops of each connection that has ended.
func (e *Engine) left() {
	if e.open.Add(-1) == 0 {
		select {
		case e.emptied <- struct{}{}:
		default:
		}
	}
}

// Adopt takes over a connection that another server accepted, with the bytes
// that server has read from it and not used; they are the first that OnData is
// given. The connection is the engine's from here on, and nc is closed, also
// when Adopt fails: its descriptor lives on as a copy. It returns when OnOpen
// has run. TCP and Unix stream connections are held by a loop alone; any other
// net.Conn costs two goroutines besides. Errors: ErrServerClosed,
// ErrTooManyConns, what OnOpen returned, or of the system.
func (e *Engine) Adopt(nc net.Conn, buffered []byte, h Handler) (Handle, error) {
	return e.AdoptWith(nc, buffered, h, Options{})
}

// AdoptWith is Adopt with limits of one's own.
func (e *Engine) AdoptWith(nc net.Conn, buffered []byte, h Handler, o Options) (Handle, error) {
	return e.AdoptFor(nc, buffered, h, o, nil)
}

// AdoptFor is AdoptWith for a handler that has to know more of this connection
// than of others: Conn.User answers user from OnOpen on.
func (e *Engine) AdoptFor(nc net.Conn, buffered []byte, h Handler, o Options, user any) (Handle, error) {
	svc, err := e.adopts(h, o)
	if err != nil {
		_ = nc.Close()
		return Handle{}, err
	}
	e.adopted.Add(1)
	if err := unblock(nc); err != nil {
		_ = nc.Close()
		return Handle{}, err
	}
	return e.admitConn(nc, &Conn{svc: svc, user: user}, buffered)
}

// Dial connects and returns when OnOpen has run on the loop. ctx bounds the
// connecting. Networks are tcp, tcp4, tcp6, unix and unixpacket. It blocks its
// caller, no loop; call it from as many goroutines as connections are wanted at
// once. Errors: those of net.Dialer, ErrServerClosed, ErrTooManyConns, or what
// OnOpen returned.
func (e *Engine) Dial(ctx context.Context, network, addr string, h Handler, o DialOptions) (Handle, error) {
	svc, err := newService(h, o.Options)
	if err != nil {
		return Handle{}, err
	}
	switch network {
	case "tcp", "tcp4", "tcp6", "unix", "unixpacket":
	default:
		return Handle{}, fmt.Errorf("engine: dial: %w", net.UnknownNetworkError(network))
	}
	d := net.Dialer{KeepAliveConfig: keepAlive(0)}
	nc, err := d.DialContext(ctx, network, addr)
	if err != nil {
		return Handle{}, fmt.Errorf("engine: %w", err)
	}
	e.dialed.Add(1)
	return e.admit(nc, svc, nil)
}

// admit puts a connected socket on a loop. nc is taken over in every case.
func (e *Engine) admit(nc net.Conn, svc *service, early []byte) (Handle, error) {
	return e.admitConn(nc, &Conn{svc: svc}, early)
}

func (e *Engine) admitConn(nc net.Conn, c *Conn, early []byte) (Handle, error) {
	if err := e.start(); err != nil {
		_ = nc.Close()
		return Handle{}, err
	}
	e.gate.RLock()
	defer e.gate.RUnlock()
	if n := e.open.Add(1); e.cfg.MaxConns > 0 && n > int64(e.cfg.MaxConns) {
		e.refused.Add(1)
		e.left()
		_ = nc.Close()
		return Handle{}, ErrTooManyConns
	}
	select {
	case <-e.draining:
		e.left()
		_ = nc.Close()
		return Handle{}, ErrServerClosed
	default:
	}
	en := enrolment{c: c, early: early}
	var err error
	if enrollable(nc) {
		err = e.reactor.enroll(nc, &en)
	} else {
		err = e.reactor.pump(nc, &en)
	}
	if !en.opened {
		e.refused.Add(1)
		e.left() // no loop did it
	}
	return en.handle, err
}

// Shutdown stops accepting, lets every handler end its connections (OnDrain,
// or Close where there is none), and waits until they are gone and their output
// is flushed. When ctx ends first, what is left is closed and the cause of ctx
// returned. A second Shutdown waits for the first, no longer than its own ctx.
// It must not be called from a callback.
func (e *Engine) Shutdown(ctx context.Context) error {
	if !e.drain() {
		select {
		case <-e.stopped:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	_ = e.sweep(nil, VisitorFunc(sayGoodbye), true)
	var err error
	for err == nil && e.open.Load() > 0 {
		select {
		case <-e.emptied:
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
	}
	e.halt()
	return err
}

func sayGoodbye(c *Conn) {
	if c.svc.onDrain != nil && !c.flags.has(flagClosing) {
		c.svc.onDrain.OnDrain(c)
	} else {
		c.Close()
	}
}

// Close ends everything at once; what waits to be written is dropped. It ends a
// Shutdown that is under way too.
func (e *Engine) Close() error {
	if e.drain() {
		e.halt()
	} else {
		e.settle()
		_ = e.sweep(nil, VisitorFunc(hangUp), true)
		<-e.stopped
	}
	return nil
}

func hangUp(c *Conn) { c.Abort(ErrServerClosed) }

// drain begins the end: nothing new is taken. It answers false when that has
// begun before.
func (e *Engine) drain() bool {
	e.mu.Lock()
	if e.state >= stateDraining {
		e.mu.Unlock()
		return false
	}
	e.state = stateDraining
	close(e.draining)
	lns := e.listeners
	e.listeners = nil
	e.mu.Unlock()
	for ln := range lns {
		_ = ln.Close()
	}
	e.settle()
	return true
}

// settle waits, once draining has begun, for what was on its way in.
func (e *Engine) settle() {
	e.gate.Lock()
	e.gate.Unlock() //nolint:staticcheck // a barrier, not a critical section
}

// halt ends what is left and stops the loops.
func (e *Engine) halt() {
	if e.reactor != nil {
		_ = e.sweep(nil, VisitorFunc(hangUp), true)
		for e.open.Load() > 0 {
			<-e.emptied
		}
		close(e.ticker)
		for _, l := range e.reactor.loops {
			l.mail.close()
		}
		e.reactor.stop()
	}
	e.mu.Lock()
	e.state = stateStopped
	e.mu.Unlock()
	close(e.stopped)
}

// Each lets v visit every connection that h handles, on their loops: one task
// for each loop, which goes on in slices so that nothing starves, and allocates
// nothing. It keeps its place in the order of the calls of its goroutine, those
// of Handle included. The handler's type must be comparable. It returns at once:
// nil, or ErrMailboxFull when a loop had no room, whose connections are not
// visited then.
func (e *Engine) Each(h Handler, v Visitor) error {
	if h != nil && !reflect.TypeOf(h).Comparable() {
		panic("engine: Each with a handler that cannot be compared") // here, not on the loops
	}
	return e.sweep(h, v, false)
}

func (e *Engine) sweep(h Handler, v Visitor, always bool) (err error) {
	e.mu.Lock()
	r := e.reactor
	e.mu.Unlock()
	if r == nil {
		return nil
	}
	t := task{kind: taskSweep, want: h, visitor: v}
	if s, ok := v.(interface{ Size() int }); ok {
		t.n = s.Size()
	}
	for _, l := range r.loops {
		if e := l.mail.put(t, nil, always); e != nil {
			err = e
			if e == ErrMailboxFull {
				l.stats.fullMail.Add(1)
			}
		}
	}
	return err
}

// Stats reads all counters. It may be called from anywhere, callbacks included.
func (e *Engine) Stats() Stats {
	s := Stats{
		Accepted: e.accepted.Load(), Dialed: e.dialed.Load(), Adopted: e.adopted.Load(),
		Refused: e.refused.Load(), AcceptErrors: e.acceptErrors.Load(),
		Packets: e.packets.Load(), PacketsDropped: e.packetsDropped.Load(), HandlerPanics: e.panics.Load(),
	}
	e.mu.Lock()
	r := e.reactor
	e.mu.Unlock()
	if r != nil {
		for _, l := range r.loops {
			l.addTo(&s)
		}
	}
	return s
}
