package bench_test

import (
	"syscall"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/bench/contender"
	"github.com/sockeye-io/sockeye/bench/load"
	"github.com/sockeye-io/sockeye/bench/probe"
)

// The slope between two counts of connections leaves out what the server holds without any. 15,000 sockets fit the
// usual limit of 20,000 descriptors in each of the two processes.
const (
	fewConnections  = 1_000
	manyConnections = 15_000
)

// TestIdleRSS holds the memory of a WebSocket connection that has echoed one message and then rests, as the server is
// run: sockeye serve collects its garbage by itself once connections have stopped coming. The rivals are told both as
// they rest and after a collection that was forced, as the figures of facts/peers.md are; SOCKEYE_BENCH=count leaves
// them out.
func TestIdleRSS(t *testing.T) {
	requireCount(t)
	requireFiles(t, manyConnections+200)
	t.Run("sockeye", func(t *testing.T) {
		const limit = 700
		s := idleSlope(t, sockeye, false)
		t.Logf("%.0f B per idle connection as it rests, at most %d", s.resting, limit)
		if s.resting > limit {
			t.Errorf("%.0f B per idle connection, more than %d", s.resting, limit)
		}
	})
	// Raw gnet shows what a connection costs before there is any protocol.
	for _, c := range []contender.Contender{rawGnet, gorilla} {
		t.Run(c.Name, func(t *testing.T) {
			requireBench(t)
			s := idleSlope(t, c, true)
			t.Logf("%.0f B per idle connection as it rests, %.0f B after a forced collection", s.resting, s.collected)
		})
	}
}

// slope is bytes of RSS per connection.
type slope struct {
	resting   float64 // once RSS no longer changes
	collected float64 // after a collection, if there was one
}

func idleSlope(t *testing.T, c contender.Contender, collect bool) slope {
	t.Helper()
	p := start(t, c, false, load.Config{Payload: 1024})
	var resting, collected [2]int64
	for i, n := range [...]int{fewConnections, manyConnections} {
		// As many messages as connections, one in flight on each: every connection echoes one.
		p.do(t, load.Order{Connections: n, Messages: int64(n)})
		resting[i] = settledRSS(t, p.server.Process)
		if !collect {
			continue
		}
		if err := p.server.Collect(); err != nil {
			t.Fatal(err)
		}
		collected[i] = settledRSS(t, p.server.Process)
	}
	const added = manyConnections - fewConnections
	t.Logf("RSS with %d and with %d connections: %d and %d kB",
		fewConnections, manyConnections, resting[0]>>10, resting[1]>>10)
	if collect {
		t.Logf("after a forced collection: %d and %d kB", collected[0]>>10, collected[1]>>10)
	}
	return slope{
		resting:   float64(resting[1]-resting[0]) / added,
		collected: float64(collected[1]-collected[0]) / added,
	}
}

// settledRSS waits until RSS has stayed within 64 KiB for 3 s.
func settledRSS(t *testing.T, p probe.Process) int64 {
	t.Helper()
	const (
		interval = 250 * time.Millisecond
		quiet    = 3 * time.Second
		patience = time.Minute
	)
	tick := time.NewTicker(interval)
	defer tick.Stop()
	deadline := time.Now().Add(patience)
	var level int64
	var since time.Time
	for now := range tick.C {
		m, err := p.Memory()
		if err != nil {
			t.Fatal(err)
		}
		if d := m.RSS - level; d > 64<<10 || d < -64<<10 {
			level, since = m.RSS, now
		} else if now.Sub(since) >= quiet {
			return m.RSS
		}
		if now.After(deadline) {
			t.Logf("RSS is not at rest after %v, took the last value", patience)
			return m.RSS
		}
	}
	panic("unreachable")
}

func requireFiles(t *testing.T, n uint64) {
	t.Helper()
	var lim syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &lim); err != nil {
		t.Fatal(err)
	}
	if lim.Max < n {
		t.Skipf("a process may have %d descriptors, needs %d: raise it with ulimit -Hn", lim.Max, n)
	}
}
