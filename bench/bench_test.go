package bench_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/bench/load"
	"github.com/sockeye-io/sockeye/bench/probe"
	"github.com/sockeye-io/sockeye/bench/rig"
)

// contender is a server that can be measured.
type contender struct {
	name     string
	module   string // directory, seen from here
	pkg      string
	args     []string
	env      []string
	protocol load.Protocol
	// collect makes the server collect its garbage and give the pages back; nil if there is no way to ask.
	collect func(probe.Process) error
}

var (
	sockeye = contender{
		name: "sockeye", module: "..", pkg: "./cmd/sockeye",
		args:     []string{"serve", "--listen", "ws://127.0.0.1:0/", "--handler", "echo"},
		protocol: load.WebSocket,
	}
	rawGnet = rival("rawgnet", load.TCP)
	gorilla = rival("gorilla", load.WebSocket)
)

func rival(name string, p load.Protocol) contender {
	return contender{
		name: name, module: "rivals", pkg: "./cmd/" + name,
		args: []string{"--listen", "127.0.0.1:0"}, protocol: p, collect: collectOnSignal,
	}
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

// binaries holds the commands that were compiled, for the whole run.
var binaries = struct {
	sync.Mutex
	dir  string
	path map[string]string
}{path: map[string]string{}}

func TestMain(m *testing.M) {
	code := m.Run()
	if binaries.dir != "" {
		os.RemoveAll(binaries.dir)
	}
	os.Exit(code)
}

// build compiles a command once and gives its path.
func build(t *testing.T, module, pkg string) string {
	t.Helper()
	binaries.Lock()
	defer binaries.Unlock()
	if binaries.dir == "" {
		dir, err := os.MkdirTemp("", "sockeye-bench-")
		if err != nil {
			t.Fatal(err)
		}
		binaries.dir = dir
	}
	id := module + " " + pkg
	if path, ok := binaries.path[id]; ok {
		return path
	}
	path := filepath.Join(binaries.dir, strconv.Itoa(len(binaries.path)))
	if err := rig.Build(t.Context(), module, pkg, path); err != nil {
		t.Fatal(err)
	}
	binaries.path[id] = path
	return path
}

// pair is a server and the load on it. It lives as long as the test.
type pair struct {
	server *rig.Server
	load   *rig.Load
}

// start brings up c, pinned or not, and a load that is configured by cfg, with no connections yet.
func start(t *testing.T, c contender, pinned bool, cfg load.Config) pair {
	t.Helper()
	server := rig.Command{Path: build(t, c.module, c.pkg), Args: c.args, Env: c.env}
	client := rig.Command{Path: build(t, "..", "./bench/cmd/load")}
	if pinned {
		server.Pin, client.Pin = serverCPU, loadCPU
		server.Env = append(slices.Clone(c.env), "GOMAXPROCS=1")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	s, err := rig.Start(ctx, server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	cfg.Address, cfg.Protocol = s.Address, c.protocol
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
