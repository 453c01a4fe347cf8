package report

import (
	"fmt"
	"math"

	"github.com/sockeye-io/sockeye/bench/result"
)

// differences tells where two runs were not made alike: the machine, the method, what was run beside ours.
func differences(a, b *result.File) []string {
	var told []string
	differ := func(what string, x, y any) {
		if x != y {
			told = append(told, fmt.Sprintf("%s: %v, then %v", what, x, y))
		}
	}
	m, n := a.Machine, b.Machine
	differ("another processor", m.CPU, n.CPU)
	differ("another number of processors", m.Processors, n.Processors)
	differ("another architecture", m.Arch, n.Arch)
	differ("another kernel", m.OS+" "+m.Kernel, n.OS+" "+n.Kernel)
	if math.Abs(float64(m.MemoryBytes-n.MemoryBytes)) > 0.05*float64(m.MemoryBytes) {
		differ("another size of memory", gib(m.MemoryBytes), gib(n.MemoryBytes))
	}
	differ("another Go", a.Software.Go, b.Software.Go)
	differ("another base, so no ratios are compared", a.Method.Base, b.Method.Base)
	differ("another window", a.Method.Window, b.Method.Window)
	differ("pinned to other processors", pins(a.Method), pins(b.Method))
	for _, s := range a.Servers {
		for _, t := range b.Servers {
			if s.Name == t.Name && s.Version != a.Software.Commit[:min(7, len(a.Software.Commit))] && s.Version != t.Version {
				differ("another version of "+s.Name, s.Version, t.Version)
			}
		}
	}
	for i, f := range []*result.File{a, b} {
		if f.Interrupted {
			told = append(told, []string{"the run before", "the run after"}[i]+" was interrupted")
		}
	}
	return told
}

func gib(bytes int64) string { return number(float64(bytes)/(1<<30), 1) + " GiB" }

func pins(m result.Method) string {
	if !m.Pinned {
		return "none"
	}
	return m.ServerCPUs + " and " + m.LoadCPUs
}

// incomparable is which parameters differ although the titles are the same. How long it took may.
func incomparable(p, q result.Params) string {
	p.Duration, p.Warmup = q.Duration, q.Warmup
	if p.Rate != q.Rate {
		return fmt.Sprintf("at %.0f and at %.0f messages a second; --rate asks both runs for the same", p.Rate, q.Rate)
	}
	if p != q {
		return "the parameters differ"
	}
	return ""
}
