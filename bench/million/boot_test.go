package million_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/bench/million"
)

// TestGuest boots one with a thousand connections.
func TestGuest(t *testing.T) {
	if testing.Short() {
		t.Skip("boots a guest")
	}
	if _, err := exec.LookPath(million.DefaultKernel); err != nil {
		const lacks = "needs user-mode-linux"
		if os.Getenv("SOCKEYE_CI") == "1" {
			t.Fatal(lacks)
		}
		t.Skip(lacks)
	}
	if os.Getuid() != 0 {
		t.Skip("needs root, for vm.max_map_count")
	}
	c := good()
	c.Connections, c.MemoryMiB, c.Rest, c.Hold, c.Timeout = 1000, 512, 500*time.Millisecond, time.Millisecond, 4*time.Minute
	var progress bytes.Buffer
	r, err := million.Run(t.Context(), c, &progress)
	if errors.Is(err, million.ErrUnavailable) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if t.Failed() {
			t.Logf("%s\n%v\n%q", &progress, r.Error, r.Console)
			_ = r.Table(t.Output())
		}
	}()
	if !r.Whole() {
		t.Fatal("not whole")
	}
	want := []struct {
		name        string
		connections int
	}{
		{million.Started, 0},
		{million.Connected, 100},
		{million.Connected, 250},
		{million.Connected, 500},
		{million.Connected, 1000},
		{million.Held, 1000},
		{million.Closed, 0},
	}
	if len(r.Stages) != len(want) {
		t.Fatalf("%d stages", len(r.Stages))
	}
	for i, w := range want {
		s := r.Stages[i]
		if s.Name != w.name || s.Connections != w.connections || s.Sockets < 2*w.connections || s.Sockets > 2*w.connections+8 {
			t.Errorf("stage %d: %+v", i, s)
		}
		if w.connections > 0 && (s.Echoes == nil || s.Echoes.Messages != 100 || s.Echoes.Lost != 0) {
			t.Errorf("stage %d: echoes %+v", i, s.Echoes)
		}
	}
	first, all := r.Stages[0], r.Stages[4]
	if each := (all.Slab - first.Slab) / 1000; each < 4000 || each > 20_000 {
		t.Errorf("%d bytes of the kernel's memory for a connection", each)
	}
	if all.ServerRSS <= first.ServerRSS/2 || all.Collected <= 0 || all.ServerCPU <= first.ServerCPU {
		t.Errorf("%+v", all)
	}
}
