package load_test

import (
	"math"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/bench/load"
)

func TestSchedule(t *testing.T) {
	t.Parallel()
	type at struct {
		k   int64
		due time.Duration
	}
	tests := []struct {
		name     string
		rate     float64
		ramp     time.Duration
		duration time.Duration
		messages int64
		total    int64
		due      []at
	}{
		{"even", 1000, 0, time.Second, 0, 1000, []at{{0, 0}, {1, time.Millisecond}, {999, 999 * time.Millisecond}}},
		{"messages are first", 1000, 0, time.Second, 10, 10, nil},
		{"duration is first", 1000, 0, time.Second, 10_000, 1000, nil},
		{"no duration", 1000, 0, 0, 10_000, 10_000, []at{{9999, 9999 * time.Millisecond}}},
		{"less than one a second", 0.5, 0, 5 * time.Second, 0, 3, []at{{2, 4 * time.Second}}},
		{"between two", 1000, 0, 1500 * time.Microsecond, 0, 2, nil},
		// A rate that grows from 0 to 1,000 in 2 s is 500 on average: 1,000 messages, a quarter of them in the first half.
		{"ramp", 1000, 2 * time.Second, 3 * time.Second, 0, 2000, []at{
			{0, 0}, {250, time.Second}, {1000, 2 * time.Second}, {1001, 2001 * time.Millisecond},
		}},
		{"nothing but ramp", 1000, 2 * time.Second, 2 * time.Second, 0, 1000, nil},
		{"the end is within the ramp", 1000, 2 * time.Second, time.Second, 0, 250, nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := load.NewSchedule(test.rate, test.ramp, test.duration, test.messages)
			if s.Total() != test.total {
				t.Errorf("%d messages, want %d", s.Total(), test.total)
			}
			for _, at := range test.due {
				if due := s.Due(at.k); (due - at.due).Abs() > time.Microsecond {
					t.Errorf("message %d is due at %v, want %v", at.k, due, at.due)
				}
			}
			for k := range min(test.total, 3000) - 1 {
				if s.Due(k) > s.Due(k+1) {
					t.Fatalf("message %d is due after the next", k)
				}
			}
		})
	}
}

// TestScheduleDoesNotDrift: a day at an odd rate is as many messages as it should be, to the last.
func TestScheduleDoesNotDrift(t *testing.T) {
	t.Parallel()
	const rate = 99_991.7
	s := load.NewSchedule(rate, 0, 24*time.Hour, 0)
	if want := int64(math.Ceil(rate * 86_400)); s.Total() != want {
		t.Errorf("%d messages, want %d", s.Total(), want)
	}
}
