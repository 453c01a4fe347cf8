package bench_test

import (
	"context"
	"encoding/json"
	"math"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockeye-io/sockeye/bench/load"
	"github.com/sockeye-io/sockeye/bench/load/second"
	"github.com/sockeye-io/sockeye/bench/result"
	"github.com/sockeye-io/sockeye/bench/rig"
)

// clients are the ways to measure an echo: the load, and the simpler ones that check it.
var clients = [...]string{"load", "gorilla", "engine"}

// TestSecondClients measures `sockeye serve` with each, and wants the same throughput and p50 within a tenth.
//
// The server must be the limit by far for all of them, or it would be their own cost that is compared: an echo costs the
// simpler clients more than it costs the server. Therefore the server has a third of its processor and two loops that do
// nothing have the rest, and there are so many connections that what waits for it when its turn comes outlasts the turn.
func TestSecondClients(t *testing.T) {
	requireBench(t)
	requireTwoProcessors(t)
	occupy(t, serverCPU, 2)
	perSecond, p50, _ := withEach(t, 1000, true)
	for i := 1; i < len(clients); i++ {
		x, y := perSecond[0].Over(perSecond[i]), p50[0].Over(p50[i])
		t.Logf("load to %-7s messages a second %v, p50 %v", clients[i], x, y)
		if math.Abs(x.Median()-1) > 0.1 || math.Abs(y.Median()-1) > 0.1 {
			t.Errorf("the load does not agree with %s within 10 %%", clients[i])
		}
	}
}

// TestLoadCPU is what the load costs itself, which bounds what can be measured with it: about seven tenths of a goroutine
// per connection, and as much as our own engine. That it is not made of our engine has other reasons, see package load.
func TestLoadCPU(t *testing.T) {
	requireBench(t)
	requireTwoProcessors(t)
	_, _, cpu := withEach(t, 100, false)
	for i := 1; i < len(clients); i++ {
		ratio := cpu[0].Over(cpu[i])
		t.Logf("load to %-7s CPU per message %v", clients[i], ratio)
		if m := ratio.Median(); m > 1.15 {
			t.Errorf("the load costs %.2f times what %s costs", m, clients[i])
		}
	}
}

const secondWindow = time.Second

// withEach measures the server with every client in turn: messages a second, p50 and the client's own CPU per message,
// both in microseconds, with one message of 20 B in flight on each connection. A strict one leaves out the rounds in which
// the load says that the server was not the limit, and fails when they are most.
func withEach(t *testing.T, connections int, strict bool) (perSecond, p50, cpu []result.Series) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	s, err := rig.Start(ctx, rig.Command{
		Path: self(t), Args: []string{"serve", "--listen", "ws://127.0.0.1:0/", "--handler", "echo"}, Pin: serverCPU,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	simple := filepath.Join(t.TempDir(), "second")
	if err := rig.Build(t.Context(), "..", "./bench/cmd/second", simple); err != nil {
		t.Fatal(err)
	}
	n := rounds(t)
	perSecond, p50, cpu = make([]result.Series, len(clients)), make([]result.Series, len(clients)), make([]result.Series, len(clients))
	for round := range n {
		var res [len(clients)]second.Result
		doubt := ""
		for k := range clients {
			i := (round + k) % len(clients)
			if clients[i] == "load" {
				res[i], doubt = byLoad(t, s.Address.String(), connections)
			} else {
				run(t, &res[i], connections, simple, "--client", clients[i], "--url", "ws://"+s.Address.String()+"/")
			}
		}
		if strict && doubt != "" {
			t.Logf("round %d does not count: %s", round+1, doubt)
			continue
		}
		for i, r := range res {
			perSecond[i] = append(perSecond[i], r.PerSecond())
			p50[i] = append(p50[i], float64(r.P50)/1e3)
			cpu[i] = append(cpu[i], float64(r.CPU)/1e3/float64(r.Messages))
		}
	}
	if 2*len(cpu[0]) < n {
		t.Fatalf("this machine is too busy to measure on: %d of %d rounds do not count", n-len(cpu[0]), n)
	}
	for i, name := range clients {
		t.Logf("%-7s %v messages a second, p50 %v us, its own CPU %v us per message", name, perSecond[i], p50[i], cpu[i])
	}
	return perSecond, p50, cpu
}

func byLoad(t *testing.T, address string, connections int) (res second.Result, doubt string) {
	t.Helper()
	var r load.Reply
	run(t, &r, connections, self(t), "bench", "load", "--address", address)
	h, err := load.Histogram(r.Latency)
	if err != nil {
		t.Fatal(err)
	}
	return second.Result{
		Messages: r.Messages, Elapsed: r.Elapsed, CPU: r.CPU, P50: time.Duration(h.ValueAtQuantile(50)),
	}, r.Saturated
}

// run runs a client, pinned, and decodes what it says.
func run(t *testing.T, into any, connections int, path string, args ...string) {
	t.Helper()
	args = append([]string{"-c", loadCPU, path}, args...)
	args = append(args, "--connections", strconv.Itoa(connections), "--duration", secondWindow.String())
	out, err := exec.CommandContext(t.Context(), "taskset", args...).Output()
	if err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	if err := json.Unmarshal(out, into); err != nil {
		t.Fatal(err)
	}
}

// occupy keeps a processor busy with n threads until the test ends.
func occupy(t *testing.T, cpu string, n int) {
	t.Helper()
	k, err := strconv.Atoi(cpu)
	if err != nil {
		t.Fatal(err)
	}
	var set unix.CPUSet
	set.Set(k)
	var stop atomic.Bool
	var running sync.WaitGroup
	for range n {
		running.Go(func() {
			runtime.LockOSThread() // and never unlock: the thread ends with the goroutine
			if err := unix.SchedSetaffinity(0, &set); err != nil {
				t.Error(err)
				return
			}
			for !stop.Load() {
			}
		})
	}
	t.Cleanup(func() { stop.Store(true); running.Wait() })
}
