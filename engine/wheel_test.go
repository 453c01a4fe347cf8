package engine_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/enginetest"
)

const tick = 100 * time.Millisecond

// TestTimersAgainstList compares the wheel with a list of deadlines that is
// searched at each tick, over random schedules, cancellations, callbacks that
// schedule again, and jumps of the clock longer than a turn of the wheel.
func TestTimersAgainstList(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			rnd := rand.New(rand.NewPCG(seed, 1))
			l := enginetest.NewLoop(t, engine.Config{})

			const conns = 300
			due := make(map[int]time.Duration) // the oracle
			again := make(map[int]time.Duration)
			var fired []string
			set := func(c *engine.Conn, id int, d time.Duration) {
				c.SetTimer(d)
				delete(due, id)
				if d > 0 {
					// Up to the next tick, and the running one does not count.
					due[id] = l.Now().Truncate(tick) + (d + tick - 1).Truncate(tick) + tick
				}
			}
			h := &timerFuncs{}
			h.timer = func(c *engine.Conn) {
				id := c.User().(int)
				fired = append(fired, fmt.Sprintf("%v conn %d", l.Now(), id))
				if at, ok := due[id]; !ok || at > l.Now() {
					t.Errorf("conn %d fired at %v, due %v (%v)", id, l.Now(), at, ok)
				}
				delete(due, id)
				if d := again[id]; d > 0 {
					delete(again, id)
					set(c, id, d)
				}
			}
			var peers []*enginetest.Peer
			for id := range conns {
				p := l.Connect(h, engine.Options{})
				p.Conn().SetUser(id)
				peers = append(peers, p)
			}
			delay := func() time.Duration {
				switch rnd.IntN(4) {
				case 0:
					return time.Duration(rnd.IntN(5)) * tick
				case 1:
					return time.Duration(rnd.Int64N(int64(time.Second)))
				case 2:
					return time.Duration(rnd.IntN(600)) * tick
				}
				return time.Duration(rnd.IntN(5000)) * tick
			}
			for range 400 {
				for range rnd.IntN(40) {
					id := rnd.IntN(conns)
					set(peers[id].Conn(), id, delay())
					if rnd.IntN(4) == 0 {
						again[id] = delay()
					}
				}
				if rnd.IntN(10) == 0 {
					l.Stall(time.Duration(rnd.IntN(1200)) * tick)
				}
				for range rnd.IntN(60) {
					fired = fired[:0]
					next := (l.Now() + tick).Truncate(tick)
					var want []string
					for id, at := range due {
						if at <= next {
							want = append(want, fmt.Sprintf("%v conn %d", next, id))
						}
					}
					l.Advance(next - l.Now())
					slices.Sort(want)
					slices.Sort(fired)
					// Those set again by their own callback cannot be due in the
					// same tick, so that the sets are equal.
					if diff := cmp.Diff(want, fired, equateEmpty); diff != "" {
						t.Fatalf("fired at %v (-want +got):\n%s", next, diff)
					}
				}
			}
		})
	}
}

// TestTimerFarAway lets a timer be further away than the wheel's turns reach and
// closes connections while their timers wait.
func TestTimerFarAway(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{})
	var at time.Duration
	h := &timerFuncs{timer: func(*engine.Conn) { at = l.Now() }}
	p := l.Connect(h, engine.Options{})
	q := l.Connect(&timerFuncs{timer: func(*engine.Conn) { t.Error("the timer of a closed connection fired") }}, engine.Options{})
	p.Conn().SetTimer(3 * time.Hour)
	q.Conn().SetTimer(time.Hour)
	q.Reset(nil)
	l.Advance(3 * time.Hour)
	if at != 0 {
		t.Fatalf("fired at %v, before its 3 hours", at)
	}
	l.Advance(tick)
	if at != 3*time.Hour+tick {
		t.Fatalf("fired at %v, want 3h0m0.1s", at)
	}
	l.Advance(time.Hour)
	if at != 3*time.Hour+tick {
		t.Fatal("fired twice")
	}
}

// TestTimerNotEarly sets timers in the middle of a tick, after the loop has
// slept, and after it was stalled: none may fire before its time.
func TestTimerNotEarly(t *testing.T) {
	t.Parallel()
	for _, d := range []time.Duration{1, tick - 1, tick, tick + 1, time.Second, 7*time.Second + 30*time.Millisecond} {
		for _, phase := range []time.Duration{0, 1, 50 * time.Millisecond, tick - 1} {
			for _, stall := range []time.Duration{0, 10 * time.Second} {
				l := enginetest.NewLoop(t, engine.Config{})
				l.Advance(time.Minute + phase)
				var set, fired time.Duration
				h := &timerFuncs{timer: func(*engine.Conn) { fired = l.Now() }}
				p := l.Connect(h, engine.Options{})
				l.Stall(stall)
				h.data = func(c *engine.Conn, b []byte) (int, error) {
					set = l.Now()
					c.SetTimer(d)
					return len(b), nil
				}
				p.Send([]byte("set"))
				l.Advance(d + 2*tick)
				if took := fired - set; took < d || took > d+2*tick {
					t.Errorf("SetTimer(%v) %v into a tick after %v without a wake-up: fired after %v", d, phase, stall, took)
				}
			}
		}
	}
}
