package report

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/sockeye-io/sockeye/bench/result"
)

// Violation is a threshold that was not kept, or that nothing could be held to.
type Violation struct {
	Threshold               Threshold
	Scenario, Title, Server string        // empty when nothing could be held to it
	Metric                  result.Metric // zero then
	Rounds                  result.Series // what was measured, or its ratio to the base
	Reason                  string        // why nothing could be held to it
}

// String is one line.
func (v Violation) String() string {
	if v.Reason != "" {
		return fmt.Sprintf("%s: %s", v.Threshold, v.Reason)
	}
	what, sc := v.Metric.Title, scale{"", 1}
	if v.Threshold.ratio {
		what = "ratio of the " + what
	} else {
		sc = scaleFor(v.Metric.Unit, v.Rounds.Median())
	}
	return fmt.Sprintf("%s: %s, %s: %s: %s is %s", v.Threshold, v.Scenario, v.Title, v.Server, what,
		join(" ", newFigure(scaled(v.Rounds, sc.by)).String(), sc.unit))
}

// Check holds the medians of f to the threshold. A threshold that nothing in f can be held to, because there is no such
// figure or because all of them are in doubt, is violated too: it is never passed by chance.
func (t Threshold) Check(f *result.File) []Violation {
	var violations []Violation
	checked, doubt := false, ""
	for _, g := range f.Groups() {
		for _, c := range g.Cells {
			if !t.concerns(f, c) {
				continue
			}
			for _, key := range t.keys {
				s, why := t.series(c, g.Of(f.Method.Base), key)
				if len(s) == 0 {
					doubt = cmp.Or(doubt, why)
					continue
				}
				checked = true
				if !t.kept(s.Median()) {
					m, _ := result.MetricOf(key)
					violations = append(violations, Violation{
						Threshold: t, Scenario: c.Scenario, Title: c.Title, Server: c.Server, Metric: m, Rounds: s,
					})
				}
			}
		}
	}
	if checked {
		return violations
	}
	return []Violation{{Threshold: t, Reason: t.unchecked(f, doubt)}}
}

func (t Threshold) series(c, base *result.Cell, key string) (s result.Series, doubt string) {
	if t.ratio {
		return ShownRatio(c, base, key)
	}
	return Shown(c, key)
}

func (t Threshold) concerns(f *result.File, c *result.Cell) bool {
	server := t.server
	if server == "" {
		server = subject(f)
	}
	return (t.scenario == "" || t.scenario == c.Scenario) &&
		strings.Contains(strings.ToLower(c.Title), strings.ToLower(t.title)) &&
		(server == "*" && !(t.ratio && c.Server == f.Method.Base) || server == c.Server)
}

func (t Threshold) kept(v float64) bool {
	switch t.op {
	case "<":
		return v < t.limit
	case "<=":
		return v <= t.limit
	case ">":
		return v > t.limit
	default:
		return v >= t.limit
	}
}

func (t Threshold) unchecked(f *result.File, doubt string) string {
	if doubt != "" {
		return "every such figure is in doubt: " + doubt
	}
	var have []string
	for _, g := range f.Groups() {
		have = append(have, fmt.Sprintf("%s(%s)", g.Scenario, g.Title))
	}
	var servers []string
	for _, s := range f.Servers {
		servers = append(servers, s.Name)
	}
	return fmt.Sprintf("nothing of the kind was measured; there are %s, of %s", strings.Join(have, ", "), strings.Join(servers, ", "))
}
