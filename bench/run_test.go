package bench_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/bench"
	"github.com/sockeye-io/sockeye/bench/result"
)

// small is a run of every scenario that a busy machine does in some seconds. Its figures mean nothing.
var small = bench.Plan{
	Rounds: 2, Window: 30 * time.Millisecond, Connections: 20, Receivers: 20, Idle: []int{20, 60}, ServerCPUs: "all",
}

func environment(t *testing.T) bench.Environment {
	t.Helper()
	return bench.Environment{Self: self(t), Command: []string{"bench", "run"}}
}

func TestRun(t *testing.T) {
	t.Parallel()
	env := environment(t)
	last := 0.0
	env.Progress = func(s bench.Step) {
		if s.Done < last || s.Done > 1 || s.Left < 0 {
			t.Errorf("from %v to %+v", last, s)
		}
		last = s.Done
	}
	f, err := bench.Run(t.Context(), small, env)
	if err != nil {
		t.Fatal(err)
	}
	if last < 0.9 {
		t.Errorf("the last step said that %v was done", last)
	}
	for _, s := range f.Skipped {
		t.Errorf("skipped: %+v", s)
	}
	if f.Interrupted || f.Method.Base != "goroutines" || f.Machine.Kernel == "" || f.Elapsed <= 0 {
		t.Errorf("%+v", f)
	}
	var scenarios []string
	for _, g := range f.Groups() {
		if !slices.Contains(scenarios, g.Scenario) {
			scenarios = append(scenarios, g.Scenario)
		}
		for _, server := range []string{"sockeye", "goroutines"} {
			c := g.Of(server)
			if c == nil {
				t.Errorf("%s, %s: no %s", g.Scenario, g.Title, server)
				continue
			}
			checkCell(t, c)
		}
	}
	if !slices.Equal(scenarios, bench.Scenarios) {
		t.Errorf("scenarios %v", scenarios)
	}
}

// checkCell holds a cell of small to what each scenario must tell.
func checkCell(t *testing.T, c *result.Cell) {
	t.Helper()
	want := map[string][]string{
		"idle":      {"rss_bytes_per_connection", "kernel_bytes_per_connection", "goroutines"},
		"echo":      {"cpu_us_per_message", "user_us_per_message", "messages_per_second", "latency_p99_us", "mallocs_per_message", "load_busy_share"},
		"latency":   {"cpu_us_per_message", "latency_p50_us", "latency_p999_us", "late_p99_us"},
		"broadcast": {"cpu_us_per_message", "messages_per_second", "latency_p99_us"},
		"churn":     {"cpu_us_per_connection", "connections_per_second", "latency_p50_us"},
		"slow":      {"cpu_us_per_message", "latency_p99_us", "dropped_connections"},
		"storm":     {"cpu_us_per_connection", "recovery_ms", "latency_p99_us"},
		"mixed":     {"cpu_us_per_message", "latency_p99_us"},
	}[c.Scenario]
	for _, key := range want {
		if s := c.Metrics[key]; len(s) != small.Rounds {
			t.Errorf("%s, %s, %s: %s has %d values", c.Scenario, c.Title, c.Server, key, len(s))
		}
	}
	for key, s := range c.Metrics {
		if _, ok := result.MetricOf(key); !ok || len(s) > small.Rounds {
			t.Errorf("%s: unknown metric %q, or too many values: %v", c.Title, key, s)
		}
		// Memory that is taken from so few connections may be anything.
		if !strings.HasSuffix(key, "_per_connection") && slices.Min(s) < 0 {
			t.Errorf("%s: %s is negative: %v", c.Title, key, s)
		}
	}
	if c.Scenario == "idle" && len(c.Growth) != len(small.Idle) {
		t.Errorf("growth %v", c.Growth)
	}
	if c.Scenario != "idle" && (len(c.Spectrum) < 2 || len(c.Seconds) == 0) {
		t.Errorf("%s, %s: %d quantiles, %d seconds", c.Scenario, c.Server, len(c.Spectrum), len(c.Seconds))
	}
}

// TestRunInterrupted ends a run in its third round and takes what it has by then.
func TestRunInterrupted(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	env := environment(t)
	env.Progress = func(s bench.Step) {
		if strings.Contains(s.Text, "round 3 ") {
			cancel()
		}
	}
	p := small
	p.Scenarios, p.Rounds, p.PayloadBytes = []string{"echo"}, 1000, 20
	f, err := bench.Run(ctx, p, env)
	if err != nil {
		t.Fatal(err)
	}
	if !f.Interrupted || len(f.Skipped) > 0 || len(f.Cells) != 2 {
		t.Errorf("interrupted %v, skipped %v, %d cells", f.Interrupted, f.Skipped, len(f.Cells))
	}
	for _, c := range f.Cells {
		if n := len(c.Metrics["cpu_us_per_message"]); n != 2 {
			t.Errorf("%s: %d rounds", c.Server, n)
		}
	}
}

// TestRunSkips: rivals cannot be built without the source tree, and the run goes on.
func TestRunSkips(t *testing.T) {
	t.Parallel()
	env := environment(t)
	env.Root = filepath.Join(t.TempDir(), "nowhere")
	p := small
	p.Scenarios, p.PayloadBytes, p.Servers = []string{"echo"}, 20, []string{"sockeye", "gorilla"}
	p.Base = "sockeye"
	f, err := bench.Run(t.Context(), p, env)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Skipped) != 1 || f.Skipped[0].Failed || f.Skipped[0].Server != "gorilla" || len(f.Cells) != 1 {
		t.Errorf("skipped %v, %d cells", f.Skipped, len(f.Cells))
	}
	p.Base = "gorilla"
	if _, err := bench.Run(t.Context(), p, env); err == nil || !strings.Contains(err.Error(), "gorilla") {
		t.Errorf("without its base: %v", err)
	}
}
