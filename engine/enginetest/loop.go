// Package enginetest is a loop in memory, with a fake clock and scripted peers:
// what net/http/httptest is to net/http. Everything runs in the goroutine of the
// test, in a fixed order, with the loop of package engine itself and nothing of
// the operating system.
//
//	l := enginetest.NewLoop(t, engine.Config{})
//	p := l.Connect(handler, engine.Options{}) // OnOpen has run
//	p.Send([]byte("ping"))                    // OnData has run
//	p.Received()                              // what the handler answered
//	l.Advance(time.Minute)                    // timers have fired
package enginetest

import (
	"bytes"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/internal/seam"
)

// Loop is a loop without a socket. Its methods are for the goroutine of the
// test, and not for callbacks. What other goroutines do with a Handle waits
// until Drain, or for the end of the next event; what a callback does with one is
// done when it ends.
type Loop struct {
	t     testing.TB
	s     seam.Loop
	now   time.Duration
	rung  atomic.Bool
	rings atomic.Int64
	buf   []byte
	next  int
	peers []*Peer
}

// tick is how often the clock of an engine wakes its loops up.
const tick = 100 * time.Millisecond

// NewLoop makes a loop that is closed with the test. Of cfg, Loops and MaxConns
// mean nothing here.
func NewLoop(t testing.TB, cfg engine.Config) *Loop {
	t.Helper()
	l := &Loop{t: t}
	s, err := seam.NewLoop(cfg, func() uint32 { return uint32(l.now / tick) }, func() {
		l.rings.Add(1)
		l.rung.Store(true)
	})
	if err != nil {
		t.Fatal(err)
	}
	l.s, l.buf = s, make([]byte, s.ReadBuffer())
	t.Cleanup(l.Close)
	return l
}

// Connect brings a connection. The test fails when OnOpen refuses it.
func (l *Loop) Connect(h engine.Handler, o engine.Options) *Peer {
	l.t.Helper()
	p, err := l.Try(h, o, nil)
	if err != nil {
		l.t.Fatal(err)
	}
	return p
}

// ConnectPackets is Connect for a connection like those of unixpacket: every
// Send is one packet, and so is every Write.
func (l *Loop) ConnectPackets(h engine.Handler, o engine.Options) *Peer {
	l.t.Helper()
	p := l.newPeer()
	p.packets = true
	if err := p.open(h, o, nil); err != nil {
		l.t.Fatal(err)
	}
	return p
}

// Try brings a connection from which early has been read before, as Adopt does,
// and answers the error that OnOpen had. The peer is there in any case, with
// what it was sent.
func (l *Loop) Try(h engine.Handler, o engine.Options, early []byte) (*Peer, error) {
	p := l.newPeer()
	return p, p.open(h, o, early)
}

func (l *Loop) newPeer() *Peer {
	l.next++
	p := &Peer{l: l, id: l.next, window: -1}
	l.peers = append(l.peers, p)
	return p
}

func (p *Peer) open(h engine.Handler, o engine.Options, early []byte) error {
	// A peer of its own length ends with the bytes: who keeps them is caught.
	early = append(make([]byte, 0, len(early)), early...)
	c, err := p.l.s.Open((*wire)(p), h, o, p.packets, early)
	spoil(early)
	if err != nil {
		return err
	}
	p.c = c
	p.handle = p.Conn().Handle()
	return nil
}

// Advance moves the clock on by d, tick by tick. The loop is woken up at each
// tick while it has connections, as an engine does it: timers fire, the mailbox
// is emptied.
func (l *Loop) Advance(d time.Duration) {
	for end := l.now + d; l.now < end; {
		step := min(tick-l.now%tick, end-l.now)
		l.now += step
		if l.now%tick == 0 && l.Stats().Open > 0 {
			l.s.Drain()
			l.Drain()
		}
	}
}

// Stall moves the clock on by d while the loop does not wake up, as if a
// callback had blocked it.
func (l *Loop) Stall(d time.Duration) { l.now += d }

// Now returns the time of the fake clock, which begins at zero.
func (l *Loop) Now() time.Duration { return l.now }

// Drain runs what waits in the mailbox until there is nothing left. It does not
// return when a task always posts another one; see Step.
func (l *Loop) Drain() {
	for l.Step() {
	}
}

// Step lets the loop answer once when its mailbox has rung, and tells whether
// it had. One answer does a bounded number of tasks.
func (l *Loop) Step() bool {
	if !l.rung.Swap(false) {
		return false
	}
	l.s.Drain()
	return true
}

// Rings returns how often the mailbox wanted the loop to wake up.
func (l *Loop) Rings() int { return int(l.rings.Load()) }

// Stats returns what the loop has counted.
func (l *Loop) Stats() engine.Stats { return l.s.Stats().(engine.Stats) }

// Shutdown lets every handler end its connections, as Engine.Shutdown does at
// its beginning. It does not wait.
func (l *Loop) Shutdown() {
	l.s.Shutdown()
	l.Drain()
}

// Close ends every connection with ErrServerClosed, as Engine.Close does.
// Handles answer ErrServerClosed or ErrClosed from then on.
func (l *Loop) Close() {
	l.s.Close()
	l.Drain()
	l.s.CloseMailbox()
}

// errNoPeer is for scripts that go on with a peer that has left.
var errNoPeer = errors.New("enginetest: the peer has already closed its side")

// addr is the made-up address of a peer.
func (l *Loop) addr(id int) string {
	return fmt.Sprintf("192.0.2.%d:%d", 1+id/50000%250, 10000+id%50000)
}

var spoilt = bytes.Repeat([]byte{0xdb}, 16<<10)

func spoil(p []byte) {
	for len(p) > 0 {
		p = p[copy(p, spoilt):]
	}
}
