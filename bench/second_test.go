package bench_test

import (
	"context"
	"encoding/json"
	"math"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/bench/load"
	"github.com/sockeye-io/sockeye/bench/load/second"
	"github.com/sockeye-io/sockeye/bench/result"
	"github.com/sockeye-io/sockeye/bench/rig"
)

// clients are the ways to measure an echo: the load, and the simpler ones that check it.
var clients = [...]string{"load", "gorilla", "engine"}

// TestSecondClients measures `sockeye serve` with each, and wants the same throughput and p50 within a tenth.
//
// The server must be the limit by far for all of them, or it would be their own cost that is compared. On two processors
// of the same kind that needs a slower server: it is built with the race detector.
func TestSecondClients(t *testing.T) {
	requireBench(t)
	requireTwoProcessors(t)
	path := filepath.Join(t.TempDir(), "sockeye-race")
	t.Setenv("GOFLAGS", "-race")
	if err := rig.Build(t.Context(), "..", "./cmd/sockeye", path); err != nil {
		t.Skipf("needs the race detector: %v", err)
	}
	t.Setenv("GOFLAGS", "")
	perSecond, p50, _ := withEach(t, path)
	for i := 1; i < len(clients); i++ {
		x, y := perSecond[0].Over(perSecond[i]), p50[0].Over(p50[i])
		t.Logf("load to %-7s messages a second %v, p50 %v", clients[i], x, y)
		if math.Abs(x.Median()-1) > 0.1 || math.Abs(y.Median()-1) > 0.1 {
			t.Errorf("the load does not agree with %s within 10 %%", clients[i])
		}
	}
}

// TestLoadCPU is why the load is made of raw system calls rather than of our own engine: what it costs itself bounds what
// can be measured with it.
func TestLoadCPU(t *testing.T) {
	requireBench(t)
	requireTwoProcessors(t)
	path := filepath.Join(t.TempDir(), "sockeye")
	if err := rig.Build(t.Context(), "..", "./cmd/sockeye", path); err != nil {
		t.Fatal(err)
	}
	_, _, cpu := withEach(t, path)
	for i := 1; i < len(clients); i++ {
		ratio := cpu[0].Over(cpu[i])
		t.Logf("load to %-7s CPU per message %v", clients[i], ratio)
		if ratio.Median() >= 1 {
			t.Errorf("the load costs more than %s", clients[i])
		}
	}
}

const (
	secondConnections = 100
	secondWindow      = time.Second
)

// withEach measures the server with every client in turn: messages a second, p50 and the client's own CPU per message,
// both in microseconds, with one message of 20 B in flight on each connection.
func withEach(t *testing.T, server string) (perSecond, p50, cpu []result.Series) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	s, err := rig.Start(ctx, rig.Command{
		Path: server, Args: []string{"serve", "--listen", "ws://127.0.0.1:0/", "--handler", "echo"}, Pin: serverCPU,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	dir := t.TempDir()
	for _, name := range []string{"load", "second"} {
		if err := rig.Build(t.Context(), "..", "./bench/cmd/"+name, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	perSecond, p50, cpu = make([]result.Series, len(clients)), make([]result.Series, len(clients)), make([]result.Series, len(clients))
	for round := range rounds(t) {
		for k := range clients {
			i := (round + k) % len(clients)
			var r second.Result
			if clients[i] == "load" {
				r = byLoad(t, filepath.Join(dir, "load"), s.Address.String())
			} else {
				run(t, &r, filepath.Join(dir, "second"), "--client", clients[i], "--url", "ws://"+s.Address.String()+"/")
			}
			perSecond[i] = append(perSecond[i], r.PerSecond())
			p50[i] = append(p50[i], float64(r.P50)/1e3)
			cpu[i] = append(cpu[i], float64(r.CPU)/1e3/float64(r.Messages))
		}
	}
	for i, name := range clients {
		t.Logf("%-7s %v messages a second, p50 %v us, its own CPU %v us per message", name, perSecond[i], p50[i], cpu[i])
	}
	return perSecond, p50, cpu
}

func byLoad(t *testing.T, path, address string) second.Result {
	t.Helper()
	var r load.Reply
	run(t, &r, path, "--address", address)
	h, err := load.Histogram(r.Latency)
	if err != nil {
		t.Fatal(err)
	}
	if r.Saturated != "" {
		t.Logf("load: %s", r.Saturated)
	}
	return second.Result{
		Messages: r.Messages, Elapsed: r.Elapsed, CPU: r.CPU, P50: time.Duration(h.ValueAtQuantile(50)),
	}
}

// run runs a client, pinned, and decodes what it says.
func run(t *testing.T, into any, path string, args ...string) {
	t.Helper()
	args = append([]string{"-c", loadCPU, path}, args...)
	args = append(args, "--connections", strconv.Itoa(secondConnections), "--duration", secondWindow.String())
	out, err := exec.CommandContext(t.Context(), "taskset", args...).Output()
	if err != nil {
		t.Fatalf("%v: %v", args, err)
	}
	if err := json.Unmarshal(out, into); err != nil {
		t.Fatal(err)
	}
}
