package bench

import (
	"errors"
	"fmt"
	"math"
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
	Idle         []int   // numbers of connections to take the memory at, rising; one is taken beside a tenth of it

	Install bool // fetch from npm what servers in JavaScript need, into the user's cache

	// ServerCPUs and LoadCPUs are lists as taskset takes them. Both empty is one processor for each, of different cores
	// if there are two, and no pinning where there is one processor, no taskset, or a Target. If only the load's are
	// given, the servers have the first processor, if only theirs, the load is not pinned. "all" pins nothing.
	ServerCPUs, LoadCPUs string

	// Target is a server that runs already and is measured instead of Servers, over Protocol and Path. TargetPID is its
	// process, if it is on this machine; zero leaves out what is read from a process.
	Target    netip.AddrPort
	Protocol  load.Protocol
	Path      string
	TargetPID int

	most int // connections that a process may hold here, set by complete
}

// Scenarios are all there are, in the order in which they run.
var Scenarios = []string{"idle", "echo", "latency", "broadcast", "churn", "slow", "storm", "mixed"}

// quick are the scenarios of a quick run.
var quick = Scenarios[:4]

// Chosen are the scenarios that the plan means: those that it names, or those that it takes when it names none.
func (p *Plan) Chosen() []string {
	switch {
	case len(p.Scenarios) > 0:
		return p.Scenarios
	case p.Target.IsValid(): // of which nothing is known but that it echoes
		return []string{"echo", "latency"}
	case p.Quick:
		return quick
	}
	return Scenarios
}

// complete checks p and fills in what is zero, so that it fits into the machine.
func (p Plan) complete(m machine) (Plan, error) {
	p.most = m.connections
	p.Scenarios = p.Chosen()
	if p.Target.IsValid() && p.TargetPID == 0 && slices.Contains(p.Scenarios, "idle") {
		return p, errors.New("bench: the memory of a target can be told only with its process")
	}
	if !p.Target.IsValid() && p.TargetPID != 0 {
		return p, errors.New("bench: the process of a target, and no target")
	}
	for i, s := range p.Scenarios {
		if !slices.Contains(Scenarios, s) {
			return p, fmt.Errorf("bench: no scenario %q; there are %s", s, strings.Join(Scenarios, ", "))
		}
		if slices.Contains(p.Scenarios[:i], s) { // its cells would stand for one
			return p, fmt.Errorf("bench: scenario %q twice", s)
		}
	}
	if math.IsNaN(p.Rate) || math.IsInf(p.Rate, 0) {
		return p, fmt.Errorf("bench: a rate of %v messages a second", p.Rate)
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
	for _, n := range append([]int{p.Connections, p.Receivers}, p.Idle...) {
		if n > m.connections {
			return p, fmt.Errorf("bench: %d connections are more than the %d that a process may have open here (ulimit -Hn)",
				n, max(0, m.connections))
		}
	}
	p.Receivers = or(p.Receivers, min(1000, m.connections))
	switch {
	case len(p.Idle) == 0 && p.Quick:
		p.Idle = fit([]int{500, 4000}, m.connections)
	case len(p.Idle) == 0:
		p.Idle = fit([]int{1000, 5000, 10_000, 15_000}, m.connections)
	}
	if len(p.Idle) == 1 { // a slope has two ends
		p.Idle = []int{max(1, p.Idle[0]/10), p.Idle[0]}
	}
	if slices.Contains(p.Scenarios, "idle") && p.Idle[0] >= p.Idle[1] {
		return p, errors.New("bench: memory cannot be told from a single idle connection")
	}
	return p.pin(m)
}

// pin says where servers and load run.
func (p Plan) pin(m machine) (Plan, error) {
	switch {
	case p.Target.IsValid() && p.ServerCPUs != "":
		return p, errors.New("bench: a target runs where it was started; no processors can be chosen for it")
	case p.ServerCPUs == "" && p.LoadCPUs == "" && !p.Target.IsValid():
		p.ServerCPUs, p.LoadCPUs, _ = m.pair()
		return p, nil
	}
	if p.ServerCPUs == "" && p.LoadCPUs != "all" && !p.Target.IsValid() {
		p.ServerCPUs, _, _ = m.pair()
	}
	for _, cpus := range [...]*string{&p.ServerCPUs, &p.LoadCPUs} {
		switch {
		case *cpus == "all":
			*cpus = ""
		case *cpus != "" && !m.taskset:
			return p, fmt.Errorf("bench: processors %s: needs taskset, of the package util-linux", *cpus)
		}
	}
	return p, nil
}

// fit leaves out the steps that are too many, and ends with about as many as there may be then.
func fit(steps []int, most int) []int {
	k := len(steps)
	for k > 0 && steps[k-1] > most {
		k--
	}
	if k == len(steps) {
		return steps
	}
	kept := slices.Clone(steps[:k])
	if last := int(roundDown(float64(max(1, most)))); k == 0 || last > kept[k-1] {
		kept = append(kept, last)
	}
	return kept
}

// or is v unless it is zero.
func or[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}
