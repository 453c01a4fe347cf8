package report_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/bench/report"
	"github.com/sockeye-io/sockeye/bench/result"
)

func gobench(t *testing.T, f *result.File) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := report.Gobench(&b, f); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestGobench(t *testing.T) {
	t.Parallel()
	f := made(1)
	f.Cells = slices.DeleteFunc(f.Cells, func(c result.Cell) bool { return c.Server != "sockeye" && c.Server != "bun" })
	golden(t, "gobench.txt", gobench(t, f))
}

// Every metric has a unit of its own.
func TestGobenchUnits(t *testing.T) {
	t.Parallel()
	c := result.Cell{Scenario: "echo", Title: "t", Server: "a", Metrics: map[string]result.Series{}}
	for _, m := range result.Metrics {
		c.Metrics[m.Key] = result.Series{1}
	}
	f := &result.File{Servers: []result.Server{{Name: "a"}}, Cells: []result.Cell{c}}
	fields := strings.Fields(string(gobench(t, f)))
	units := map[string]bool{}
	for i, field := range fields {
		if strings.HasPrefix(field, "Benchmark") {
			for _, unit := range fields[i+2:] {
				units[unit] = true
			}
		}
	}
	numbers := 3 // 1, 1000, 1000000
	if want := len(result.Metrics) + numbers; len(units) != want {
		t.Errorf("%d units and numbers for %d metrics: %q", len(units), len(result.Metrics), fields)
	}
}

// benchstat itself reads it, and finds the servers beside each other.
func TestBenchstat(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "-C", "../../.ci/tools", "build", "-o", dir, "golang.org/x/perf/cmd/benchstat")
	if out, err := build.CombinedOutput(); err != nil {
		const lacks = "needs the module proxy, or golang.org/x/perf: %v\n%s"
		if os.Getenv("SOCKEYE_CI") == "1" {
			t.Fatalf(lacks, err, out)
		}
		t.Skipf(lacks, err, out)
	}
	file := filepath.Join(dir, "result.txt")
	if err := os.WriteFile(file, gobench(t, made(1)), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "benchstat"),
		"-filter", ".unit:(cpu-ns/msg OR msg/s) .name:Echo /bytes:20 /depth:1", "-col", "/server", "-row", ".name", file)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	golden(t, "benchstat.txt", stdout.Bytes())
	if s := stderr.String(); s != "" {
		t.Errorf("benchstat complains:\n%s", s)
	}
}
