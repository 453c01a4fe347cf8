package load_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/bench/load"
)

func TestBroadcast(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name  string
		ask   func(message, connection int) verb
		order load.Order
		want  load.Result
	}{
		{"closed loop", nil, load.Order{Connections: 5, Messages: 10}, load.Result{Connections: 5, Messages: 50, Sent: 10}},
		{"one alone", nil, load.Order{Connections: 1, Messages: 10}, load.Result{Connections: 1, Messages: 10, Sent: 10}},
		{
			"open loop", nil,
			load.Order{Connections: 5, Rate: 1000, Duration: 50 * ms},
			load.Result{Connections: 5, Messages: 250, Sent: 50},
		},
		{
			"mute ones are closed at the end", nil,
			load.Order{Connections: 5, Mute: 2, Messages: 10},
			load.Result{Connections: 3, Messages: 30, Sent: 10},
		},
		{"the server ends two", func(message, connection int) verb {
			if message == 4 && (connection == 2 || connection == 4) {
				return end
			}
			return deliver
		}, load.Order{Connections: 5, Messages: 10}, load.Result{Connections: 3, Messages: 5*4 + 3*6, Sent: 10, Ended: 2, Lost: 2}},
		{
			"the server ends a mute one", func(message, connection int) verb {
				if message == 4 && connection == 4 {
					return end
				}
				return deliver
			},
			load.Order{Connections: 5, Mute: 1, Rate: 100, Messages: 10},
			load.Result{Connections: 4, Messages: 40, Sent: 10, Ended: 1},
		},
		{"the server leaves some out", func(message, connection int) verb {
			if message == 4 && connection == 2 || message == 9 && connection == 3 {
				return skip // the first shows when the next comes, the other at the end
			}
			return deliver
		}, load.Order{Connections: 5, Rate: 1000, Messages: 10}, load.Result{Connections: 4, Messages: 48, Sent: 10, Lost: 2}},
		{"the server leaves one out, closed loop", func(message, connection int) verb {
			if message == 4 && connection == 2 {
				return skip
			}
			return deliver
		}, load.Order{Connections: 5, Messages: 10}, load.Result{Connections: 5, Messages: 49, Sent: 10, Lost: 1}},
		{
			"the server says something twice", func(message, connection int) verb {
				if message == 4 && connection == 2 {
					return twice
				}
				return deliver
			},
			load.Order{Connections: 5, Rate: 1000, Messages: 10},
			load.Result{
				Connections: 4, Messages: 45, Sent: 10, Failed: 1,
				Why: "load: connection 2: message 4 came when 5 was next",
			},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			l := newLoad(t, load.Config{Address: meddlingBroadcast(t, test.ask), Protocol: load.WebSocket, Check: 1})
			test.order.Work = load.Broadcast
			// One by one, so that the server numbers them as the load does.
			for n := range test.order.Connections {
				if err := l.Grow(n + 1); err != nil {
					t.Fatal(err)
				}
			}
			res, err := l.Do(test.order)
			if err != nil {
				t.Fatal(err)
			}
			got := counts(res)
			got.Checked = 0
			if got.Failed > 0 {
				got.Lost = 0 // as many as were published before it was noticed
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			// What is left works, and what was missed is not in the way.
			res, err = l.Do(load.Order{Work: load.Broadcast, Messages: 1})
			if err != nil || res.Messages+res.Lost != int64(test.want.Connections) {
				t.Errorf("afterwards: %+v, %v", counts(res), err)
			}
		})
	}
}

// TestBroadcastLatency: from when it was due, with a server that holds all back until it has the last.
func TestBroadcastLatencyCountsFromDue(t *testing.T) {
	t.Parallel()
	l := newLoad(t, load.Config{Address: holdingBroadcast(t, 50), Protocol: load.WebSocket})
	res, err := l.Do(load.Order{Connections: 1, Work: load.Broadcast, Rate: 1000, Messages: 50})
	if err != nil {
		t.Fatal(err)
	}
	h := histogram(t, res.Latency) // they are due at 0, 1, ... 49 ms
	if p50 := time.Duration(h.ValueAtQuantile(50)); res.Messages != 50 || p50 < 23*ms || h.Max() < int64(48*ms) {
		t.Errorf("%+v, p50 %v, longest %v", counts(res), p50, time.Duration(h.Max()))
	}
}

func TestBroadcastNeeds(t *testing.T) {
	t.Parallel()
	ws := plainBroadcast(t)
	tests := []struct {
		name  string
		cfg   load.Config
		order load.Order
		fails string
	}{
		{"WebSocket", load.Config{Address: plainEcho(t), Protocol: load.TCP}, load.Order{Messages: 1}, "needs WebSocket"},
		{"room for a number", load.Config{Address: ws, Protocol: load.WebSocket, Payload: 7}, load.Order{Messages: 1}, "8 bytes"},
		{"one that listens", load.Config{Address: ws, Protocol: load.WebSocket}, load.Order{Messages: 1, Mute: 2}, "2 of 2"},
		{"an end", load.Config{Address: ws, Protocol: load.WebSocket}, load.Order{}, "without an end"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.order.Work, test.order.Connections = load.Broadcast, 2
			_, err := newLoad(t, test.cfg).Do(test.order)
			if err == nil || !strings.Contains(err.Error(), test.fails) {
				t.Errorf("error %v, want one with %q", err, test.fails)
			}
		})
	}
}
