package bench_test

import (
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/bench"
)

func TestPlanErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		plan bench.Plan
		want string
	}{
		{"scenario", bench.Plan{Scenarios: []string{"eco"}}, `no scenario "eco"`},
		{"server", bench.Plan{Servers: []string{"nobody"}}, `nobody`},
		{"base", bench.Plan{Servers: []string{"sockeye"}, Base: "gorilla"}, `the base "gorilla" is not among the servers sockeye`},
		{"negative", bench.Plan{Window: -time.Second}, "must not be negative"},
		{"idle", bench.Plan{Idle: []int{10, 5}}, "want rising ones"},
		{"one idle", bench.Plan{Idle: []int{1}}, "a single idle connection"},
		{"twice", bench.Plan{Scenarios: []string{"echo", "idle", "echo"}}, `"echo" twice`},
		{"rate", bench.Plan{Rate: math.NaN()}, "a rate of NaN"},
		{"connections", bench.Plan{Connections: 1 << 30}, "more than the"},
		{"process", bench.Plan{TargetPID: 1}, "no target"},
		{"no idle", bench.Plan{Idle: []int{0}}, "want rising ones"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := bench.Run(t.Context(), test.plan, bench.Environment{})
			var pe *bench.PlanError
			if !errors.As(err, &pe) || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want a PlanError with %q", err, test.want)
			}
		})
	}
}
