package bench_test

import (
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/bench/contender"
	"github.com/sockeye-io/sockeye/bench/load"
	"github.com/sockeye-io/sockeye/bench/result"
)

// One message of 20 B is in flight on each connection: in a WebSocket frame, or for raw gnet as 20 B of TCP, which is
// the bare cost of a loop.
const (
	cpuConnections = 100
	cpuWindow      = 300 * time.Millisecond
)

// TestCalibration measures two servers that are not ours, and fails when their ratio is far from 8.01 to 9.00, which
// is what long measurements gave (facts/performance.md). No other figure of this machine is worth much then.
func TestCalibration(t *testing.T) {
	requireBench(t)
	cost := cpuPerMessage(t, load.Config{Payload: 20}, rawGnet, gorilla)
	ratio := cost[0].Over(cost[1])
	t.Logf("raw gnet to gorilla %v, expected 0.89", ratio)
	if m := ratio.Median(); m < 0.75 || m > 1.0 {
		t.Errorf("raw gnet to gorilla is %.3f, expected 0.75 to 1.00: this machine is too busy to measure on", m)
	}
}

// TestCPUPerMessage holds the server CPU per echo to that of raw gnet and of gorilla/websocket.
func TestCPUPerMessage(t *testing.T) {
	requireBench(t)
	cost := cpuPerMessage(t, load.Config{Payload: 20}, sockeye, rawGnet, gorilla)
	for i, limit := range map[int]struct {
		name string
		max  float64
	}{1: {"raw gnet", 1.15}, 2: {"gorilla/websocket", 0.85}} {
		ratio := cost[0].Over(cost[i])
		t.Logf("sockeye to %-17s %v, at most %.2f", limit.name, ratio, limit.max)
		if m := ratio.Median(); m > limit.max {
			t.Errorf("sockeye costs %.3f times what %s costs per message, more than %.2f", m, limit.name, limit.max)
		}
	}
}

// cpuPerMessage is the server CPU per message in microseconds, in short windows that take turns, so that whatever else
// the machine does meets all alike. Who goes first changes every round.
func cpuPerMessage(t *testing.T, cfg load.Config, contenders ...contender.Contender) []result.Series {
	t.Helper()
	requireTwoProcessors(t)
	pairs := make([]pair, len(contenders))
	for i, c := range contenders {
		pairs[i] = start(t, c, true, cfg)
		// The first window warms up: sockets grow their buffers, pools fill, the collector finds its pace.
		pairs[i].do(t, load.Order{Connections: cpuConnections, Duration: cpuWindow})
	}
	cost := make([]result.Series, len(contenders))
	rate := make([]result.Series, len(contenders))
	preempted := make([]result.Series, len(contenders))
	for round := range rounds(t) {
		for k := range contenders {
			i := (round + k) % len(contenders)
			w := window(t, pairs[i])
			cost[i] = append(cost[i], w.micros)
			rate[i] = append(rate[i], w.perSecond)
			preempted[i] = append(preempted[i], w.preempted)
		}
	}
	for i, c := range contenders {
		t.Logf("%-8s %v us CPU per message; %v messages a second, %v involuntary switches a second",
			c.Name, cost[i], rate[i], preempted[i])
	}
	return cost
}

type measured struct {
	micros    float64 // server CPU per message
	perSecond float64 // messages
	preempted float64 // involuntary context switches of the server, per second
}

func window(t *testing.T, p pair) measured {
	t.Helper()
	switches, err := p.server.Process.Switches()
	if err != nil {
		t.Fatal(err)
	}
	cpu, err := p.server.Process.CPUTime()
	if err != nil {
		t.Fatal(err)
	}
	res := p.do(t, load.Order{Duration: cpuWindow})
	cpuAfter, err := p.server.Process.CPUTime()
	if err != nil {
		t.Fatal(err)
	}
	switchesAfter, err := p.server.Process.Switches()
	if err != nil {
		t.Fatal(err)
	}
	return measured{
		micros:    float64((cpuAfter - cpu).Nanoseconds()) / 1e3 / float64(res.Messages),
		perSecond: float64(res.Messages) / res.Elapsed.Seconds(),
		preempted: float64(switchesAfter.Sub(switches).Involuntary) / res.Elapsed.Seconds(),
	}
}
