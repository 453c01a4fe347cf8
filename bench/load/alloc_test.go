package load_test

import (
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/bench/load"
)

// TestWorksDoNotAllocate: a collection of the load's in the middle of a work would be felt by the server. What a work
// allocates must not depend on how many messages there are. The server is in this process and does not allocate either,
// and what the runtime allocates for its polling is allowed for.
func TestWorksDoNotAllocate(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	tcp := load.Config{Address: plainEcho(t), Protocol: load.TCP, Depth: 4}
	ws := load.Config{Address: plainBroadcast(t), Protocol: load.WebSocket}
	tests := []struct {
		name  string
		cfg   load.Config
		order load.Order // Messages are the few
	}{
		{"closed loop", tcp, load.Order{Work: load.Echo, Messages: 100}},
		{"open loop", tcp, load.Order{Work: load.Echo, Messages: 40, Rate: 4000}},
		{"mixed", tcp, load.Order{Work: load.Mixed, Messages: 40, Rate: 4000}},
		{"broadcast", ws, load.Order{Work: load.Broadcast, Messages: 20}},
		{"broadcast, open loop", ws, load.Order{Work: load.Broadcast, Messages: 20, Rate: 2000}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			l := newLoad(t, test.cfg)
			if err := l.Grow(5); err != nil {
				t.Fatal(err)
			}
			allocs := func(times int64) float64 {
				o := test.order
				o.Messages *= times
				o.Interval = time.Hour
				return testing.AllocsPerRun(3, func() {
					if n, err := l.Work(o); err != nil || n < o.Messages {
						t.Fatal(n, err)
					}
				})
			}
			few, many := allocs(1), allocs(20)
			t.Logf("%v allocations for %d messages, %v for %d", few, test.order.Messages, many, 20*test.order.Messages)
			if many > few+20 {
				t.Errorf("%v allocations for %d messages, %v for %d", few, test.order.Messages, many, 20*test.order.Messages)
			}
		})
	}
}
