package bench

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/sockeye-io/sockeye/bench/load"
)

// Plan says what to run. The zero value of a field takes what the plan of Quick or of a full run has; negative values
// are errors.
type Plan struct {
	Quick     bool     // a tenth of the time: fewer cells, connections and rounds
	Scenarios []string // of Scenarios, in the order in which they run; empty is those of the plan
	Servers   []string // of contender.All; empty is "sockeye" and "goroutines"
	Base      string   // the server that ratios are to; empty is "goroutines", or the last of Servers without it

	Rounds int           // how often each cell is measured on each server
	Window time.Duration // of one round

	Connections  int     // of the echo and latency cells
	PayloadBytes int     // of the echo cells: one size instead of the plan's
	Depth        int     // of the echo cells
	Rate         float64 // of the latency cell, messages a second; zero is half of what the slowest server can do
	Receivers    int     // of the broadcast cells
	Idle         []int   // numbers of connections to take the memory at, rising

	Install bool // fetch from npm what servers in JavaScript need, into the user's cache

	// ServerCPUs and LoadCPUs are lists as taskset takes them. Empty is one processor for each when there are two or
	// more, and no pinning otherwise; "all" pins nothing.
	ServerCPUs, LoadCPUs string

	// Target is a server that runs already and is measured instead of Servers, over Protocol and Path. TargetPID is its
	// process, if it is on this machine; zero leaves out what is read from a process.
	Target    netip.AddrPort
	Protocol  load.Protocol
	Path      string
	TargetPID int
}

// Scenarios are all there are, in the order in which they run.
var Scenarios = []string{"idle", "echo", "latency", "broadcast", "churn", "slow", "storm", "mixed"}

// quick are the scenarios of a quick run.
var quick = Scenarios[:4]

// complete checks p and fills in what is zero.
func (p Plan) complete(processors int) (Plan, error) {
	if len(p.Scenarios) == 0 {
		p.Scenarios = Scenarios
		if p.Quick {
			p.Scenarios = quick
		}
		if p.Target.IsValid() { // of which nothing is known but that it echoes
			p.Scenarios = []string{"echo", "latency"}
		}
	}
	if p.Target.IsValid() && p.TargetPID == 0 && slices.Contains(p.Scenarios, "idle") {
		return p, errors.New("bench: the memory of a target can be told only with its process")
	}
	for _, s := range p.Scenarios {
		if !slices.Contains(Scenarios, s) {
			return p, fmt.Errorf("bench: no scenario %q; there are %s", s, strings.Join(Scenarios, ", "))
		}
	}
	if p.Rounds < 0 || p.Window < 0 || p.Connections < 0 || p.PayloadBytes < 0 || p.Depth < 0 ||
		p.Rate < 0 || p.Receivers < 0 || p.TargetPID < 0 {
		return p, errors.New("bench: rounds, window, connections, payload, depth, rate, receivers and processes must not be negative")
	}
	for i, n := range p.Idle {
		if n < 1 || i > 0 && n <= p.Idle[i-1] {
			return p, fmt.Errorf("bench: numbers of idle connections %v: want rising ones", p.Idle)
		}
	}
	if p.Target.IsValid() {
		p.Servers = []string{targetName}
	}
	if len(p.Servers) == 0 {
		p.Servers = []string{"sockeye", "goroutines"}
	}
	if p.Base == "" {
		p.Base = p.Servers[len(p.Servers)-1]
		if slices.Contains(p.Servers, "goroutines") {
			p.Base = "goroutines"
		}
	}
	if !slices.Contains(p.Servers, p.Base) {
		return p, fmt.Errorf("bench: the base %q is not among the servers %s", p.Base, strings.Join(p.Servers, ", "))
	}
	full := func(whole, part int) int {
		if p.Quick {
			return part
		}
		return whole
	}
	p.Rounds = or(p.Rounds, full(9, 5))
	p.Window = or(p.Window, time.Duration(full(1000, 400))*time.Millisecond)
	p.Receivers = or(p.Receivers, 1000)
	if len(p.Idle) == 0 {
		p.Idle = []int{1000, 5000, 10_000, 15_000}
		if p.Quick {
			p.Idle = []int{500, 4000}
		}
	}
	switch {
	case p.ServerCPUs == "all":
		p.ServerCPUs, p.LoadCPUs = "", ""
	case p.ServerCPUs == "" && processors >= 2:
		p.ServerCPUs, p.LoadCPUs = "0", or(p.LoadCPUs, "1")
	}
	if p.LoadCPUs == "all" {
		p.LoadCPUs = ""
	}
	return p, nil
}

// or is v unless it is zero.
func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}
