package bench_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/bench/contender"
	"github.com/sockeye-io/sockeye/bench/load"
	"github.com/sockeye-io/sockeye/bench/rig"
)

var (
	sockeye = named("sockeye")
	rawGnet = named("rawgnet")
	gorilla = named("gorilla")
)

func named(name string) contender.Contender {
	list, err := contender.Named(name)
	if err != nil {
		panic(err)
	}
	return list[0]
}

const (
	serverCPU = "0"
	loadCPU   = "1"
)

// requireBench skips unless the measurements were asked for.
func requireBench(t *testing.T) {
	t.Helper()
	if os.Getenv("SOCKEYE_BENCH") != "1" {
		t.Skip("a measurement, which wants a machine of its own: set SOCKEYE_BENCH=1 to make it")
	}
}

// requireCount is requireBench for what is counted, not timed, and therefore
// holds on a busy machine too: SOCKEYE_BENCH=count asks for nothing else.
func requireCount(t *testing.T) {
	t.Helper()
	if os.Getenv("SOCKEYE_BENCH") != "count" {
		requireBench(t)
	}
}

// requireTwoProcessors skips where server and load would take turns on one.
func requireTwoProcessors(t *testing.T) {
	t.Helper()
	if runtime.NumCPU() < 2 {
		t.Skip("needs two processors, one for the server and one for the load")
	}
}

// rounds is how often each contender is measured.
func rounds(t *testing.T) int {
	t.Helper()
	text := os.Getenv("SOCKEYE_BENCH_ROUNDS")
	if text == "" {
		return 9
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("SOCKEYE_BENCH_ROUNDS=%q: want a positive number", text)
	}
	return n
}

// builds holds what was compiled, for the whole run.
var builds = struct {
	sync.Mutex
	contender.Bench
}{Bench: contender.Bench{Root: ".."}}

func TestMain(m *testing.M) {
	code := m.Run()
	if builds.Dir != "" {
		os.RemoveAll(builds.Dir)
	}
	os.Exit(code)
}

// self is the program sockeye, which is server and load too.
func self(t *testing.T) string {
	t.Helper()
	builds.Lock()
	defer builds.Unlock()
	if builds.Self == "" {
		dir, err := os.MkdirTemp("", "sockeye-bench-")
		if err != nil {
			t.Fatal(err)
		}
		builds.Dir = dir
		path := filepath.Join(dir, "sockeye")
		if err := rig.Build(t.Context(), "..", "./cmd/sockeye", path); err != nil {
			t.Fatal(err)
		}
		builds.Self = path
	}
	return builds.Self
}

// build makes a server ready.
func build(t *testing.T, c contender.Contender) *contender.Built {
	t.Helper()
	self(t)
	x, err := builds.Build(t.Context(), &c)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// pair is a server and the load on it. It lives as long as the test.
type pair struct {
	server *rig.Server
	load   *rig.Load
}

// startServer brings up c for echo, pinned or not.
func startServer(t *testing.T, x *contender.Built, pin string) *rig.Server {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	s, err := x.Start(ctx, "echo", pin)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// start brings up c, pinned or not, and a load that is configured by cfg, with no connections yet.
func start(t *testing.T, c contender.Contender, pinned bool, cfg load.Config) pair {
	t.Helper()
	x := build(t, c)
	client, pin := rig.Command{Path: self(t), Args: []string{"bench", "load"}}, ""
	if pinned {
		client.Pin, pin = loadCPU, serverCPU
	}
	s := startServer(t, x, pin)
	cfg.Address, cfg.Protocol = s.Address, c.Protocol
	l, err := rig.StartLoad(client, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Stop(); err != nil {
			t.Error(err)
		}
	})
	return pair{s, l}
}

// do gives the load an order that must succeed.
func (p pair) do(t *testing.T, o load.Order) load.Result {
	t.Helper()
	res, err := p.load.Do(o)
	if err != nil {
		t.Fatal(err)
	}
	return res
}
