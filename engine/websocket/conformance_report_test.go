package websocket_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// conformReport counts verdicts by group and mode.
type conformReport struct {
	mu     sync.Mutex
	groups []string // prefixes, in their order
	titles map[string]string
	counts map[[2]string]map[verdict]int // by prefix and mode
	totals map[string]map[verdict]int    // by mode
}

func newConformReport(cases []*conformCase) *conformReport {
	r := &conformReport{titles: map[string]string{}, counts: map[[2]string]map[verdict]int{}, totals: map[string]map[verdict]int{}}
	for _, c := range cases {
		if p := c.prefix(); r.titles[p] == "" {
			r.groups = append(r.groups, p)
			r.titles[p] = c.title()
		}
	}
	return r
}

func (r *conformReport) add(mode string, c *conformCase, v verdict) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k := [2]string{c.prefix(), mode}
	if r.counts[k] == nil {
		r.counts[k] = map[verdict]int{}
	}
	if r.totals[mode] == nil {
		r.totals[mode] = map[verdict]int{}
	}
	r.counts[k][v]++
	r.totals[mode][v]++
}

// print writes a table with a line for each group and a column for each mode.
func (r *conformReport) print(t *testing.T, modes []string, lengths string) {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "%s\nOK, i: INFORMATIONAL, !: anything else, -: not run in this mode\n\n", lengths)
	for i, m := range modes {
		fmt.Fprintf(&b, "  (%d) %s\n", i+1, m)
	}
	line := func(name, title string, cell func(mode string) map[verdict]int) {
		fmt.Fprintf(&b, "%-6s%-41s", name, title)
		for _, m := range modes {
			fmt.Fprintf(&b, "%8s", showCounts(cell(m)))
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "\n%-47s", "")
	for i := range modes {
		fmt.Fprintf(&b, "%8s", fmt.Sprintf("(%d)", i+1))
	}
	b.WriteByte('\n')
	for _, g := range r.groups {
		line(g, r.titles[g], func(mode string) map[verdict]int { return r.counts[[2]string{g, mode}] })
	}
	line("", "all", func(mode string) map[verdict]int { return r.totals[mode] })
	t.Log(b.String())
}

func showCounts(n map[verdict]int) string {
	if len(n) == 0 {
		return "-"
	}
	s := ""
	bad := 0
	for v, k := range n {
		if v > verdictInformational {
			bad += k
		}
	}
	if k := n[verdictOK]; k > 0 || len(n) == 0 {
		s = fmt.Sprint(k)
	}
	if k := n[verdictInformational]; k > 0 {
		s += fmt.Sprintf("+%di", k)
	}
	if bad > 0 {
		s += fmt.Sprintf("+%d!", bad)
	}
	return strings.TrimPrefix(s, "+")
}
