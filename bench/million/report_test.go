package million_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/bench/million"
	"github.com/sockeye-io/sockeye/bench/result"
)

var update = flag.Bool("update", false, "write the files in testdata instead of comparing with them")

// golden compares got with testdata/name.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (go test -update writes it anew):\n%s", path, diff)
	}
}

const asked = 1_000_000

// made is the report of a guest that printed these stages with these many connections, and end.
func made(t *testing.T, end *million.End, stages ...million.Stage) *million.Report {
	t.Helper()
	r := &million.Report{
		Schema: million.Schema, Connections: asked, MemoryMiB: 12288, Elapsed: 1000 * time.Second,
		Started: time.Date(2026, 11, 23, 3, 45, 0, 0, time.UTC),
		Host:    result.Machine{CPU: "A processor", Kernel: "6.18.0", LoadBefore: 0.1, LoadAfter: 1.2},
		Server:  result.Server{Name: "sockeye", Version: "v1.2.3"},
	}
	lines := []million.Line{{Boot: &million.Boot{Kernel: "6.1.0", MemoryBytes: 12 << 30, Processors: 1}}}
	for i := range stages {
		s := &stages[i]
		s.At, s.Took = time.Duration(i)*time.Minute, time.Minute
		s.Sockets, s.ServerCPU = 2*s.Connections+1, s.At/2
		s.ServerRSS = 10<<20 + 600*int64(s.Connections)
		s.Collected = 9<<20 + 500*int64(s.Connections)
		s.Slab = 8<<20 + 8000*int64(s.Connections)
		if s.Connections > 0 {
			s.Echoes = &million.Echoes{Messages: 10_000, P50: 250 * time.Microsecond, P99: 3 * time.Millisecond, Max: time.Second}
		}
		lines = append(lines, million.Line{Stage: s})
	}
	if end != nil {
		lines = append(lines, million.Line{End: end})
	}
	for _, l := range lines {
		var b bytes.Buffer
		if err := l.Encode(&b); err != nil {
			t.Fatal(err)
		}
		if err := r.Line(bytes.TrimSpace(b.Bytes())); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func TestTable(t *testing.T) {
	t.Parallel()
	started := million.Stage{Name: million.Started}
	tenth := million.Stage{Name: million.Connected, Connections: 100_000}
	all := million.Stage{Name: million.Connected, Connections: asked}
	held := million.Stage{Name: million.Held, Connections: asked}
	closed := million.Stage{Name: million.Closed}
	kills := []string{"oom-kill:constraint=none", "Out of memory: Killed process 26 (server) total-vm:9,anon-rss:8"}
	silent := made(t, nil, started)
	silent.Error, silent.Console = "million: the guest was not done after 40m0s", []string{"Kernel panic"}
	for name, c := range map[string]struct {
		report *million.Report
		whole  bool
		memory bool
	}{
		"whole":  {made(t, &million.End{Connections: asked}, started, tenth, all, held, closed), true, false},
		"fewer":  {made(t, &million.End{Connections: 100_000}, started, tenth, closed), false, false},
		"exit":   {made(t, &million.End{Connections: asked, Exit: "rig: server: exit status 1"}, started, all, closed), false, false},
		"broken": {made(t, &million.End{Connections: 123_456, Error: "load: connection 9: reset"}, started, tenth), false, false},
		"memory": {
			made(t, &million.End{Connections: 587_000, Error: "load: EOF", ServerDied: true, Kills: kills}, started, tenth), false, true,
		},
		"silent": {silent, false, false},
		"dead":   {made(t, &million.End{Error: "guest: mount /proc: no"}), false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.report.Whole() != c.whole || c.report.OutOfMemory() != c.memory {
				t.Errorf("whole %v, out of memory %v", c.report.Whole(), c.report.OutOfMemory())
			}
			var b bytes.Buffer
			if err := c.report.Table(&b); err != nil {
				t.Fatal(err)
			}
			golden(t, name+".txt", b.Bytes())
		})
	}
}

func TestReportComesBack(t *testing.T) {
	t.Parallel()
	r := made(t, &million.End{Connections: 5}, million.Stage{Name: million.Connected, Connections: 5})
	var b bytes.Buffer
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	got, err := million.Read(&b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, got); diff != "" {
		t.Error(diff)
	}
	if _, err := million.Read(bytes.NewReader([]byte(`{"schema":99}`))); err == nil {
		t.Error("another version's was read")
	}
}
