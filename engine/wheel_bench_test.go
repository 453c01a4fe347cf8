package engine_test

import (
	"fmt"
	"testing"

	"github.com/sockeye-io/sockeye/engine"
)

// turn is how many ticks the wheel has.
const turn = 512

// spread is a wheel in which every slot waits, as many in each tick.
func spread(timers int) engine.Wheel {
	w := engine.NewWheel(timers)
	for s := range uint32(timers) {
		w.Schedule(s, 1+s%turn)
	}
	return w
}

// BenchmarkWheel: an operation is one timer, or for tick one tick of the clock
// with all that is due in it, each being scheduled again a turn later. The step
// from timer to timer finds them in the caches no better than a server would.
func BenchmarkWheel(b *testing.B) {
	const step = 7919
	for _, timers := range []int{1_000, 100_000} {
		b.Run(fmt.Sprintf("do=schedule/timers=%d", timers), func(b *testing.B) {
			w, s, n := spread(timers), uint32(0), uint32(timers)
			b.ReportAllocs()
			for b.Loop() {
				w.Schedule(s, 1+s%turn)
				s = (s + step) % n
			}
		})
		b.Run(fmt.Sprintf("do=cancel+schedule/timers=%d", timers), func(b *testing.B) {
			w, s, n := spread(timers), uint32(0), uint32(timers)
			b.ReportAllocs()
			for b.Loop() {
				w.Cancel(s)
				w.Schedule(s, 1+s%turn)
				s = (s + step) % n
			}
		})
	}
	for _, timers := range []int{0, 1_000, 100_000, 1_000_000} {
		b.Run(fmt.Sprintf("do=tick/timers=%d", timers), func(b *testing.B) {
			w, now, visits := spread(timers), uint32(0), 0
			again := func(s uint32) {
				w.Schedule(s, now+turn)
				visits++
			}
			b.ReportAllocs()
			for b.Loop() {
				now++
				w.Advance(now, again)
			}
			b.ReportMetric(float64(visits)/float64(b.N), "timers/op")
		})
	}
}
