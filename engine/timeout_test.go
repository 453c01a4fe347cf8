package engine_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/enginetest"
)

// ending notes when a connection ended, by the fake clock, and of what.
type ending struct {
	funcs
	l     *enginetest.Loop
	at    time.Duration
	cause error
	times int
}

func newEnding(l *enginetest.Loop) *ending {
	e := &ending{l: l, at: -1}
	e.close = func(_ *engine.Conn, err error) {
		e.at, e.cause = l.Now(), err
		e.times++
	}
	return e
}

// want checks that the end came d after from: not before, and soon.
func (e *ending) want(t *testing.T, from, d time.Duration, cause error) {
	t.Helper()
	switch took := e.at - from; {
	case e.at < 0:
		t.Errorf("not closed after %v", e.l.Now()-from)
	case took < d || took > d+3*tick:
		t.Errorf("closed after %v, want %v to %v", took, d, d+3*tick)
	}
	if !errors.Is(e.cause, cause) || e.times != 1 {
		t.Errorf("OnClose was called %d times, with %v, want %v", e.times, e.cause, cause)
	}
}

func TestIdleTimeout(t *testing.T) {
	t.Parallel()
	for _, idle := range []time.Duration{1, tick, 250 * time.Millisecond, time.Second, 5 * time.Minute} {
		for _, phase := range []time.Duration{0, 30 * time.Millisecond, 99 * time.Millisecond} {
			t.Run(fmt.Sprintf("%v at %v", idle, phase), func(t *testing.T) {
				t.Parallel()
				l := enginetest.NewLoop(t, engine.Config{})
				l.Advance(phase)
				e := newEnding(l)
				p := l.Connect(e, engine.Options{IdleTimeout: idle, Linger: -1})
				for range 5 {
					l.Advance(idle - 1)
					if p.Closed() {
						t.Fatalf("closed at %v", e.at)
					}
					p.Send([]byte("x"))
				}
				last := l.Now()
				l.Advance(idle + time.Second)
				e.want(t, last, idle, engine.ErrIdleTimeout)
				if l.Stats().ClosedBy[engine.CauseIdle] != 1 {
					t.Error("the cause was not counted")
				}
			})
		}
	}
}

// TestIdleTimeoutAfterSleep connects to a loop that had no connection for long:
// nobody told it the time meanwhile.
func TestIdleTimeoutAfterSleep(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{})
	for range 3 {
		l.Advance(time.Hour)
		e := newEnding(l)
		l.Connect(e, engine.Options{IdleTimeout: 5 * time.Second, Linger: -1})
		from := l.Now()
		l.Advance(10 * time.Second)
		e.want(t, from, 5*time.Second, engine.ErrIdleTimeout)
	}
}

// TestIdleTimeoutFlushes sends what was written before.
func TestIdleTimeoutFlushes(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{})
	e := newEnding(l)
	p := l.Connect(e, engine.Options{IdleTimeout: time.Second})
	p.Window(0)
	_ = p.Conn().WriteShared([]byte("the last word"))
	l.Advance(2 * time.Second)
	p.Window(-1)
	if got := string(p.Received()); got != "the last word" || !p.SawFIN() {
		t.Errorf("received %q, FIN %v", got, p.SawFIN())
	}
	p.CloseWrite()
	if !errors.Is(e.cause, engine.ErrIdleTimeout) {
		t.Errorf("OnClose was told %v", e.cause)
	}
}

func TestWriteTimeout(t *testing.T) {
	t.Parallel()
	for _, limit := range []time.Duration{tick, time.Second, 30 * time.Second, 2 * time.Minute} {
		t.Run(fmt.Sprint(limit), func(t *testing.T) {
			t.Parallel()
			l := enginetest.NewLoop(t, engine.Config{})
			l.Advance(77 * time.Millisecond)
			e := newEnding(l)
			p := l.Connect(e, engine.Options{WriteTimeout: limit})
			p.Window(0)
			_ = p.Conn().WriteShared(make([]byte, 1000))
			for range 5 { // a byte now and then is progress
				l.Advance(limit - 1)
				if p.Closed() {
					t.Fatalf("closed at %v", e.at)
				}
				p.Window(1)
			}
			last := l.Now()
			p.Send([]byte("what the peer sends is none"))
			l.Advance(limit + time.Second)
			e.want(t, last, limit, engine.ErrWriteTimeout)
			if st := l.Stats(); st.ClosedBy[engine.CauseWriteTimeout] != 1 || st.DroppedBytes != 995 {
				t.Errorf("%d closed by write timeout, %d bytes dropped", st.ClosedBy[engine.CauseWriteTimeout], st.DroppedBytes)
			}
		})
	}
}

func TestWriteTimeoutDefaultAndNever(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{})
	byDefault, never := newEnding(l), newEnding(l)
	p := l.Connect(byDefault, engine.Options{})
	q := l.Connect(never, engine.Options{WriteTimeout: -1})
	for _, p := range []*enginetest.Peer{p, q} {
		p.Window(0)
		_ = p.Conn().WriteShared(make([]byte, 1000))
	}
	l.Advance(3 * time.Hour)
	byDefault.want(t, 0, 30*time.Second, engine.ErrWriteTimeout)
	if q.Closed() {
		t.Fatal("WriteTimeout < 0 closed the connection")
	}
	// But a connection that is being closed does not wait for ever, and its
	// peer still has some time.
	q.Conn().Close()
	from := l.Now()
	l.Advance(time.Minute)
	never.want(t, from, 30*time.Second, nil)
}

// TestWriteTimeoutNothingWaits wants no timeout where nothing waits.
func TestWriteTimeoutNothingWaits(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{})
	p := l.Connect(echo{}, engine.Options{WriteTimeout: time.Second})
	for range 10 {
		p.Window(0)
		p.Send([]byte("x"))
		l.Advance(time.Second)
		p.Window(-1)
		l.Advance(time.Minute)
	}
	if p.Closed() {
		t.Error("closed")
	}
}

func TestLinger(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ set, want time.Duration }{
		{0, time.Second}, {tick, tick}, {3 * time.Second, 3 * time.Second}, {-1, 0},
	} {
		t.Run(fmt.Sprint(tt.set), func(t *testing.T) {
			t.Parallel()
			l := enginetest.NewLoop(t, engine.Config{})
			l.Advance(42 * time.Millisecond)
			e := newEnding(l)
			p := l.Connect(e, engine.Options{Linger: tt.set, IdleTimeout: tick})
			// Linger begins when the last byte has left.
			p.Window(0)
			_ = p.Conn().WriteShared(make([]byte, 1000))
			p.Conn().Close()
			l.Advance(5 * time.Second)
			if p.SawFIN() || p.Closed() {
				t.Fatal("FIN before the output has left")
			}
			p.Window(-1)
			from := l.Now()
			if p.SawFIN() != (tt.want > 0) {
				t.Errorf("FIN: %v", p.SawFIN())
			}
			for range 3 { // what arrives is discarded and changes nothing
				p.Send([]byte("late"))
				l.Advance(tt.want / 4)
			}
			l.Advance(tt.want + time.Second)
			e.want(t, from, tt.want, nil)
			if n := len(p.Received()); n != 1000 {
				t.Errorf("received %d bytes, want 1000", n)
			}
		})
	}
}

// TestLingerEndsWithPeer does not wait longer than the peer.
func TestLingerEndsWithPeer(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(p *enginetest.Peer){
		"fin":   func(p *enginetest.Peer) { p.CloseWrite() },
		"reset": func(p *enginetest.Peer) { p.Reset(nil) },
	} {
		l := enginetest.NewLoop(t, engine.Config{})
		e := newEnding(l)
		p := l.Connect(e, engine.Options{})
		_ = p.Handle().Close()
		l.Drain()
		if p.Closed() || !p.SawFIN() {
			t.Fatalf("%s: closed %v, FIN %v after Close", name, p.Closed(), p.SawFIN())
		}
		leave(p)
		e.want(t, 0, 0, nil)
	}
}

// TestSetTimer replaces and cancels; OnTimer may set it again.
func TestSetTimer(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{})
	var fired []time.Duration
	again := time.Duration(0)
	h := &timerFuncs{timer: func(c *engine.Conn) {
		fired = append(fired, l.Now())
		c.SetTimer(again)
	}}
	p := l.Connect(h, engine.Options{})
	c := p.Conn()
	c.SetTimer(time.Minute)
	c.SetTimer(time.Second) // instead
	l.Advance(2 * time.Minute)
	if len(fired) != 1 || fired[0] < time.Second || fired[0] > time.Second+2*tick {
		t.Fatalf("fired at %v, want once at 1s", fired)
	}
	c.SetTimer(time.Second)
	c.SetTimer(0)
	l.Advance(time.Minute)
	c.SetTimer(time.Second)
	c.SetTimer(-1)
	l.Advance(time.Minute)
	if len(fired) != 1 {
		t.Fatalf("a cancelled timer fired at %v", fired[1:])
	}
	again = time.Second
	c.SetTimer(again)
	l.Advance(time.Minute)
	if n := len(fired) - 1; n < 50 || n > 60 {
		t.Errorf("fired %d times in a minute, want about 55", n)
	}
	n := len(fired)
	c.Close()
	c.SetTimer(tick)
	l.Advance(time.Minute)
	if len(fired) != n {
		t.Error("the timer of a closed connection fired")
	}
}

// TestTimersTogether has every timer at once: each ends at its own time.
func TestTimersTogether(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{})
	e := newEnding(l)
	var fired []time.Duration
	h := &timerFuncs{funcs: e.funcs, timer: func(c *engine.Conn) {
		fired = append(fired, l.Now())
		c.SetTimer(700 * time.Millisecond)
	}}
	p := l.Connect(h, engine.Options{IdleTimeout: time.Minute, WriteTimeout: 20 * time.Second, Linger: -1})
	p.Conn().SetTimer(700 * time.Millisecond)
	p.Window(0)
	l.Advance(10 * time.Second)
	_ = p.Conn().WriteShared(make([]byte, 10))
	from := l.Now()
	l.Advance(time.Minute)
	e.want(t, from, 20*time.Second, engine.ErrWriteTimeout)
	if n := len(fired); n < 33 || n > 43 {
		t.Errorf("OnTimer was called %d times in 30 s", n)
	}
}
