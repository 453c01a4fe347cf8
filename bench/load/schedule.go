package load

import (
	"math"
	"time"
)

// schedule is when the messages of an open loop are due: evenly spaced, after a ramp in which the rate grows from zero in
// a straight line. All of it is fixed beforehand, whatever becomes of the messages. Times count from the start.
type schedule struct {
	rate  float64 // per second
	ramp  float64 // in seconds
	total int64
	end   int64 // when the last piece of it is over, in nanoseconds
}

// newSchedule ends after messages or after duration, whichever is first; zero is no limit.
func newSchedule(rate float64, ramp, duration time.Duration, messages int64) schedule {
	s := schedule{rate: rate, ramp: ramp.Seconds(), total: math.MaxInt64}
	if duration > 0 {
		s.total, s.end = s.until(int64(duration)), int64(duration)
	}
	if messages > 0 && messages < s.total {
		s.total = messages
		s.end = s.due(messages)
	}
	return s
}

// due is when message k is, counted from zero.
func (s *schedule) due(k int64) int64 {
	ramped := s.rate * s.ramp / 2
	if float64(k) < ramped {
		return int64(1e9 * math.Sqrt(2*s.ramp*float64(k)/s.rate))
	}
	return int64(1e9 * (s.ramp + (float64(k)-ramped)/s.rate))
}

// until is how many are due before the time t.
func (s *schedule) until(t int64) int64 {
	x := float64(t) / 1e9
	n := s.rate * x * x / 2
	if s.ramp > 0 {
		n /= s.ramp
	}
	if x >= s.ramp {
		n = s.rate*s.ramp/2 + s.rate*(x-s.ramp)
	}
	k := int64(n)
	for s.due(k) < t { // rounding, and the first is due at the very start
		k++
	}
	for k > 0 && s.due(k-1) >= t {
		k--
	}
	return k
}
