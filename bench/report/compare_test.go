package report_test

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/bench/report"
	"github.com/sockeye-io/sockeye/bench/result"
)

// later is another run of made, with something changed.
func later(change func(c *result.Cell, times func(metric string, by float64))) *result.File {
	f := made(2)
	f.Software.Commit, f.Servers[0].Version = "0123456789abcdef", "0123456"
	for i := range f.Cells {
		c := &f.Cells[i]
		change(c, func(metric string, by float64) {
			for k := range c.Metrics[metric] {
				c.Metrics[metric][k] *= by
			}
		})
	}
	return f
}

func compare(t *testing.T, a, b *result.File) *report.Comparison {
	t.Helper()
	c, err := report.Compare(a, b, report.CompareOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCompare(t *testing.T) {
	t.Parallel()
	b := later(func(c *result.Cell, times func(string, float64)) {
		switch {
		case c.Scenario == "echo" && c.Server == "sockeye":
			times("cpu_us_per_message", 1.3)
		case c.Scenario == "idle" && c.Server == "sockeye":
			times("rss_bytes_per_connection", 0.8)
		case c.Scenario == "churn": // the machine is slower: the ratios stay
			times("cpu_us_per_connection", 1.5)
		case c.Scenario == "storm" && c.Server == "gws":
			c.Metrics["failed"] = result.Series{7, 9, 8, 7, 9}
		}
	})
	b.Machine.Kernel = "6.19.0"
	b.Cells = b.Cells[:len(b.Cells)-1] // bun in mixed
	ours := []string{"echo sockeye cpu_us_per_message"}
	for server, want := range map[string][]string{
		"": ours, "sockeye": ours, "nbio": nil, "gws": {"storm gws failed"},
		"*": append(ours, "storm gws failed", "churn goroutines cpu_us_per_connection"),
	} {
		c, err := report.Compare(made(1), b, report.CompareOptions{Server: server})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]bool{}
		for _, r := range c.Regressions() {
			got[strings.Join([]string{r.Scenario, r.Server, r.Metric.Key}, " ")] = true
		}
		for _, w := range want {
			if !got[w] {
				t.Errorf("server %q: %s is no regression", server, w)
			}
			delete(got, w)
		}
		if len(got) > 0 {
			t.Errorf("server %q: these are not: %v", server, got)
		}
	}
	c := compare(t, made(1), b)
	for name, o := range map[string]report.TableOptions{"compare.txt": {Width: 120, Unicode: true}, "compare80.txt": {Width: 80}} {
		var out bytes.Buffer
		if err := c.Table(&out, o); err != nil {
			t.Fatal(err)
		}
		golden(t, name, out.Bytes())
	}
}

func TestCompareSame(t *testing.T) {
	t.Parallel()
	c := compare(t, made(1), made(1))
	if n := len(c.Regressions()); n != 0 || len(c.Warnings) != 0 {
		t.Errorf("%d regressions, %q", n, c.Warnings)
	}
}

// A comparison that could find nothing must say so.
// TestCompareHalfLoad: the rate that a run finds for itself is in the title, and differs from run to run.
func TestCompareHalfLoad(t *testing.T) {
	t.Parallel()
	run := func(rate float64, title string) *result.File {
		f := made(1)
		f.Cells = slices.DeleteFunc(f.Cells, func(c result.Cell) bool { return c.Scenario != "latency" })
		for i := range f.Cells {
			f.Cells[i].Title, f.Cells[i].Params.Rate = title, rate
		}
		return f
	}
	a := run(6700, "1,000 connections, half load: 6,700 messages a second")
	_, err := report.Compare(a, run(10_000, "1,000 connections, half load: 10,000 messages a second"), report.CompareOptions{})
	if err == nil || !strings.Contains(err.Error(), "nothing in common") || !strings.Contains(err.Error(), "--rate") {
		t.Errorf("error %v", err)
	}
	if c := compare(t, a, a); len(c.Changes) == 0 {
		t.Error("a run has nothing in common with itself")
	}
}

func TestCompareTells(t *testing.T) {
	t.Parallel()
	few := func() *result.File {
		f := made(1)
		for _, c := range f.Cells {
			for key, s := range c.Metrics {
				c.Metrics[key] = s[:3]
			}
		}
		return f
	}
	if w := compare(t, few(), few()).Warnings; len(w) != 1 || !strings.Contains(w[0], "too few rounds") {
		t.Errorf("three rounds: %q", w)
	}
	rate := later(func(c *result.Cell, _ func(string, float64)) {
		if c.Scenario == "latency" && c.Server == "gws" {
			c.Params.Rate = 1
		}
	})
	if w := compare(t, made(1), rate).Warnings; len(w) != 1 || !strings.Contains(w[0], "gws: not compared: at 45000 and at 1 messages a second") {
		t.Errorf("another rate: %q", w)
	}
	base := made(1)
	base.Method.Base = "gorilla"
	for _, x := range compare(t, made(1), base).Changes {
		if x.Base != "" {
			t.Fatalf("compared as ratios to %s, which is the base of one run only: %+v", x.Base, x)
		}
	}
	old := made(1)
	old.Schema = 0
	if _, err := report.Compare(old, made(1), report.CompareOptions{}); err == nil {
		t.Error("compared different schemas")
	}
	if _, err := report.Compare(made(1), made(1), report.CompareOptions{Alpha: 5}); err == nil {
		t.Error("alpha 5")
	}
	if _, err := report.Compare(made(1), &result.File{Schema: 1}, report.CompareOptions{}); err == nil {
		t.Error("compared with nothing")
	}
}

// The p of well-known cases, and of one that can be counted by hand.
func TestMannWhitney(t *testing.T) {
	t.Parallel()
	tests := []struct {
		a, b result.Series
		want float64
	}{
		{result.Series{1, 2, 3, 4, 5}, result.Series{6, 7, 8, 9, 10}, 2.0 / 252},
		{result.Series{1, 2, 3}, result.Series{4, 5, 6}, 0.1},
		{result.Series{1, 2, 3, 4}, result.Series{5, 6, 7, 8}, 2.0 / 70},
		{result.Series{1, 3, 5, 7}, result.Series{2, 4, 6, 8}, 48.0 / 70}, // U = 6
		{result.Series{5, 5}, result.Series{5, 5}, 1},
		{result.Series{1, 1}, result.Series{1, 2}, 1}, // 4 of 6 sums are 5/2 from even, and so is each of the others
	}
	for _, test := range tests {
		f := func(s result.Series) *result.File {
			return &result.File{
				Schema: 1, Servers: []result.Server{{Name: "a"}},
				Cells: []result.Cell{{Scenario: "idle", Server: "a", Metrics: map[string]result.Series{"rss_bytes": s}}},
			}
		}
		if got := compare(t, f(test.a), f(test.b)).Changes[0].P; math.Abs(got-test.want) > 1e-9 {
			t.Errorf("%v and %v: p %v, want %v", test.a, test.b, got, test.want)
		}
	}
	// The approximation for many rounds agrees with the exact value for nearly as many.
	long := func(n int, shift float64) *result.File {
		var s result.Series
		for i := range n {
			s = append(s, float64(i*7919%n)+shift)
		}
		return &result.File{
			Schema: 1, Servers: []result.Server{{Name: "a"}},
			Cells: []result.Cell{{Scenario: "idle", Server: "a", Metrics: map[string]result.Series{"rss_bytes": s}}},
		}
	}
	exact := compare(t, long(50, 0), long(50, 5.5)).Changes[0].P
	about := compare(t, long(51, 0), long(51, 5.61)).Changes[0].P
	if exact < 0.01 || exact > 0.2 || math.Abs(about/exact-1) > 0.1 {
		t.Errorf("p %v for 50 rounds, and %v for 51", exact, about)
	}
}
