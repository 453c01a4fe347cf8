package report

import (
	"github.com/sockeye-io/sockeye/bench/result"
)

// Shown is the series of a metric in a cell as far as it means something. It is empty, and doubt says why, when the
// metric needs headroom that the load generator did not have; it is empty without a doubt when it was not measured.
func Shown(c *result.Cell, metric string) (s result.Series, doubt string) {
	if c == nil || len(c.Metrics[metric]) == 0 {
		return nil, ""
	}
	if m, ok := result.MetricOf(metric); ok && m.Headroom {
		if reason, yes := c.InDoubt(); yes {
			return nil, reason
		}
	}
	return c.Metrics[metric], ""
}

// ShownRatio is the ratio of c to base in a metric, round by round, as far as it means something (see Shown).
func ShownRatio(c, base *result.Cell, metric string) (s result.Series, doubt string) {
	for _, x := range []*result.Cell{c, base} {
		if s, doubt := Shown(x, metric); len(s) == 0 {
			return nil, doubt
		}
	}
	if r := c.Ratio(base, metric); finite(r) {
		return r, ""
	}
	return nil, ""
}

// doubtful is how many rounds of a cell are in doubt, and of how many.
func doubtful(c *result.Cell) (doubts, of int) {
	seen := map[int]bool{}
	for _, d := range c.Doubts {
		seen[d.Round] = true
	}
	return len(seen), rounds(c)
}

func rounds(c *result.Cell) (n int) {
	for _, s := range c.Metrics {
		n = max(n, len(s))
	}
	return n
}
