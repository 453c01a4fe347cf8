package bench_test

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/bench"
)

// TestPlanPins: in a container the processors need not begin with 0, and two threads of one core are no two processors.
func TestPlanPins(t *testing.T) {
	t.Parallel()
	target := netip.MustParseAddrPort("127.0.0.1:1")
	tests := []struct {
		name                string
		processors, threads []int
		taskset             bool
		plan                bench.Plan
		server, load        string
		err                 string
	}{
		{name: "one", processors: []int{0}, taskset: true},
		{name: "two", processors: []int{0, 1}, taskset: true, server: "0", load: "1"},
		{name: "two of one core", processors: []int{0, 1}, threads: []int{0, 1}, taskset: true, server: "0", load: "1"},
		{name: "threads side by side", processors: []int{0, 1, 2, 3}, threads: []int{0, 1}, taskset: true, server: "0", load: "2"},
		{name: "threads far apart", processors: []int{0, 1, 2, 3}, threads: []int{0, 2}, taskset: true, server: "0", load: "1"},
		{name: "a container", processors: []int{5, 7}, threads: []int{4, 5}, taskset: true, server: "5", load: "7"},
		{name: "no taskset", processors: []int{0, 1}},
		{name: "no taskset, and asked", processors: []int{0, 1}, plan: bench.Plan{LoadCPUs: "1"}, err: "needs taskset"},
		{name: "none", processors: []int{0, 1}, taskset: true, plan: bench.Plan{ServerCPUs: "all"}},
		{name: "server given", processors: []int{0, 1, 2}, taskset: true, plan: bench.Plan{ServerCPUs: "0-1"}, server: "0-1"},
		{name: "load given", processors: []int{0, 1}, taskset: true, plan: bench.Plan{LoadCPUs: "1"}, server: "0", load: "1"},
		{name: "a target", processors: []int{0, 1}, taskset: true, plan: bench.Plan{Target: target}},
		{name: "a target moved", processors: []int{0, 1}, taskset: true, plan: bench.Plan{Target: target, ServerCPUs: "0"}, err: "a target runs where"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p, err := test.plan.Complete(bench.NewMachine(test.processors, test.threads, test.taskset, 1<<20))
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("error %v", err)
				}
				return
			}
			if err != nil || p.ServerCPUs != test.server || p.LoadCPUs != test.load {
				t.Errorf("server on %q, load on %q, %v", p.ServerCPUs, p.LoadCPUs, err)
			}
		})
	}
}

// TestPlanFits: what is not asked for is made to fit under the limit of descriptors, and what is asked for is refused.
func TestPlanFits(t *testing.T) {
	t.Parallel()
	for most, idle := range map[int][]int{
		100_000: {1000, 5000, 10_000, 15_000}, 12_345: {1000, 5000, 10_000, 12_000}, 4032: {1000, 4000}, 960: {96, 960},
	} {
		p, err := bench.Plan{}.Complete(bench.NewMachine([]int{0}, nil, true, most))
		if err != nil || !slices.Equal(p.Idle, idle) {
			t.Errorf("%d: idle %v, %v", most, p.Idle, err)
		}
		if n := p.Largest(); n > most {
			t.Errorf("%d: a cell has %d connections", most, n)
		}
	}
	for _, p := range []bench.Plan{{Connections: 961}, {Receivers: 961}, {Idle: []int{10, 961}}} {
		_, err := p.Complete(bench.NewMachine([]int{0}, nil, true, 960))
		if err == nil || !strings.Contains(err.Error(), "961 connections are more than the 960") {
			t.Errorf("%+v: %v", p, err)
		}
	}
	p, err := bench.Plan{Idle: []int{2000}}.Complete(bench.NewMachine([]int{0}, nil, true, 20_000))
	if err != nil || !slices.Equal(p.Idle, []int{200, 2000}) {
		t.Errorf("a slope of %v, %v", p.Idle, err)
	}
}

func TestParseList(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]int{"": nil, "3": {3}, "0,8": {0, 8}, "0-2,7": {0, 1, 2, 7}, "x,1-": nil} {
		if got := bench.ParseList(text); !slices.Equal(got, want) {
			t.Errorf("%q: %v", text, got)
		}
	}
}
