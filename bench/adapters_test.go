package bench_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/bench/contender"
	"github.com/sockeye-io/sockeye/bench/load"
	"github.com/sockeye-io/sockeye/bench/result"
	"github.com/sockeye-io/sockeye/bench/rig"
	"github.com/sockeye-io/sockeye/bench/vitals"
)

// The original that the adapters' WebSocket is a drop-in for, and the drop-in in its three modes: on the loop; in a
// goroutine that waits for the descriptor; and in one that reads from a net.Conn, when that is all there is.
var (
	fasthttpWS   = named("fasthttp")
	callbackMode = adapters("callback")
	blockingMode = adapters("blocking")
	originalMode = adapters("original")
)

// adapters is the server of bench/cmd/adapters that --as chooses.
func adapters(as string) contender.Contender {
	return contender.Contender{
		Server: result.Server{Name: as}, Protocol: load.WebSocket, Go: true,
		Module: ".", Package: "./bench/cmd/adapters", Args: []string{"--as", as},
	}
}

// adapterConnections is fewer than TestIdleRSS has: the original needs 23 KB for each.
const adapterConnections = 5_000

// TestAdapterIdleRSS holds the memory of the drop-in's connections that have echoed one message and then rest. The
// figure that counts is the one after a forced collection: unlike sockeye serve, a program with the drop-in in it
// collects its garbage when it likes, and what fasthttp leaves of a request is garbage.
func TestAdapterIdleRSS(t *testing.T) {
	requireCount(t)
	requireFiles(t, adapterConnections+200)
	var table restingTable
	for _, test := range []struct {
		c     contender.Contender
		limit float64 // B after a collection, 0 is none
	}{{fasthttpWS, 0}, {originalMode, 0}, {blockingMode, 4096}, {callbackMode, 1024}} {
		t.Run(test.c.Name, func(t *testing.T) {
			if test.limit == 0 {
				requireBench(t)
			}
			p := start(t, test.c, false, load.Config{Payload: 1024})
			rss := table.measure(t, test.c, p.server, func(n int) {
				p.do(t, load.Order{Connections: n, OneByOne: true})
			})
			table.burst(t, p)
			if test.limit > 0 && rss > test.limit {
				t.Errorf("%.0f B per idle connection, more than %.0f", rss, test.limit)
			}
		})
	}
	t.Logf("per idle WebSocket connection, %d to %d of them, after one echo of 1,024 B each%s",
		fewConnections, adapterConnections, table.String())
}

// restingTable has a row for each server: bytes per connection.
type restingTable struct{ strings.Builder }

// measure lets connect bring the connections up to each count, adds a row, and gives the RSS after a collection.
func (b *restingTable) measure(t *testing.T, c contender.Contender, s *rig.Server, connect func(n int)) float64 {
	t.Helper()
	if b.Len() == 0 {
		fmt.Fprintf(b, "\n%-12s %12s %14s %12s %12s", "", "RSS at rest", "RSS collected", "of it: heap", "stacks")
	}
	var resting, collected [2]int64
	var inside [2]vitals.Vitals
	for i, n := range [...]int{fewConnections, adapterConnections} {
		connect(n)
		resting[i] = settledRSS(t, s.Process)
		if err := s.Collect(); err != nil {
			t.Fatal(err)
		}
		collected[i] = settledRSS(t, s.Process)
		inside[i] = ask(t, s)
	}
	per := func(few, many int64) float64 { return float64(many-few) / (adapterConnections - fewConnections) }
	rss := per(collected[0], collected[1])
	fmt.Fprintf(b, "\n%-12s %10.0f B %12.0f B %10.0f B %10.0f B", c.Name, per(resting[0], resting[1]), rss,
		per(int64(inside[0].HeapBytes), int64(inside[1].HeapBytes)),
		per(int64(inside[0].StackBytes), int64(inside[1].StackBytes)))
	return rss
}

// burst adds to the row what every connection keeps after all have echoed a message at the same time, which stacks and
// pools grow by.
func (b *restingTable) burst(t *testing.T, p pair) {
	t.Helper()
	before, err := p.server.Process.Memory()
	if err != nil {
		t.Fatal(err)
	}
	p.do(t, load.Order{Messages: adapterConnections})
	settledRSS(t, p.server.Process)
	if err := p.server.Collect(); err != nil {
		t.Fatal(err)
	}
	after := settledRSS(t, p.server.Process)
	fmt.Fprintf(b, "; %+d B when all echo at once", (after-before.RSS)/adapterConnections)
}

// TestAdapterGoroutines counts the goroutines of the drop-in's server in callback mode: connections need none.
func TestAdapterGoroutines(t *testing.T) {
	requireCount(t)
	requireFiles(t, adapterConnections+200)
	p := start(t, callbackMode, false, load.Config{})
	// The first connection starts the engine.
	first, err := load.New(load.Config{Address: p.server.Address, Protocol: load.WebSocket})
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Grow(1); err != nil {
		t.Error(err)
	}
	if err := first.Close(); err != nil {
		t.Error(err)
	}
	before := ask(t, p.server).Goroutines
	t.Logf("%d goroutines without a connection", before)
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for _, n := range []int{fewConnections, adapterConnections} {
		p.do(t, load.Order{Connections: n, Messages: int64(n)})
		// fasthttp takes ten seconds to end the goroutines that served the handshakes.
		deadline := time.Now().Add(time.Minute)
		now := ask(t, p.server).Goroutines
		for now > before+5 && time.Now().Before(deadline) {
			<-tick.C
			now = ask(t, p.server).Goroutines
		}
		t.Logf("%d goroutines with %d connections", now, n)
		if now > before+5 || now < before-5 {
			t.Errorf("%d goroutines with %d connections, %d without", now, n, before)
		}
	}
}

// ask gives what the server says of itself.
func ask(t *testing.T, s *rig.Server) vitals.Vitals {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	v, err := s.Vitals(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// TestAdapterCPUPerMessage tells what an echo costs in each mode, and in the original.
func TestAdapterCPUPerMessage(t *testing.T) {
	requireBench(t)
	contenders := []contender.Contender{fasthttpWS, originalMode, blockingMode, callbackMode}
	cost := cpuPerMessage(t, load.Config{Payload: 20}, contenders...)
	for i, c := range contenders[1:] {
		t.Logf("%s to fasthttp/websocket %v", c.Name, cost[i+1].Over(cost[0]))
	}
}
