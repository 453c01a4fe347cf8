package report

import (
	"fmt"
	"slices"

	"github.com/sockeye-io/sockeye/bench/result"
)

// Verdict is how the server that the run is about compares with the base in one metric of one group.
type Verdict struct {
	Scenario, Title string
	Metric          result.Metric
	What            string // the metric in a few words: "CPU per message"
	Subject, Base   string
	Ratio           result.Series // of Subject to Base, round by round; empty when it means nothing
	Doubt           string        // why it is empty; empty when one of them has no such figure
	Best            string        // the server with the best median of all whose figure means something
	BestRatio       float64       // median of Best over that of Subject; 1 when it is Subject; 0 when unknown
}

// Better is 1 when the subject was better than the base in every round, -1 when it was worse in every one, else 0. Fewer
// than three rounds decide nothing.
func (v Verdict) Better() int {
	return better(v.Ratio, v.Metric.More)
}

const decisive = 3

func better(ratio result.Series, more bool) int {
	if len(ratio) < decisive {
		return 0
	}
	above, below := slices.Min(ratio) > 1, slices.Max(ratio) < 1
	switch {
	case above && more, below && !more:
		return 1
	case above, below:
		return -1
	}
	return 0
}

// String is the verdict in one line.
func (v Verdict) String() string {
	if len(v.Ratio) == 0 {
		why := v.Doubt
		if why == "" {
			why = "not measured for both"
		}
		return fmt.Sprintf("%s: no verdict on %s (%s)", v.Subject, v.What, why)
	}
	s := fmt.Sprintf("%s: %s of %s %s", v.Subject, newFigure(v.Ratio), possessive(v.Base), v.What)
	switch {
	case v.Best == v.Subject:
		s += "; none is better"
	case v.Best != "" && v.Best != v.Base:
		s += fmt.Sprintf("; best is %s with %s of %s", v.Best, number(v.BestRatio, 2), possessive(v.Subject))
	}
	return s
}

// Verdicts are those of all groups, in their order.
func Verdicts(f *result.File) []Verdict {
	var all []Verdict
	subject, base := subject(f), f.Method.Base
	for _, g := range f.Groups() {
		if g.Of(subject) == nil && g.Of(base) == nil {
			continue
		}
		sh := shapeOf(g.Scenario)
		for _, c := range sh.columns {
			if slices.Contains(sh.verdict, c.key) {
				all = append(all, verdict(g, c, subject, base))
			}
		}
	}
	return all
}

func verdict(g result.Group, c column, subject, base string) Verdict {
	v := Verdict{Scenario: g.Scenario, Title: g.Title, What: c.name(), Subject: subject, Base: base}
	v.Metric, _ = result.MetricOf(c.key)
	v.Ratio, v.Doubt = ShownRatio(g.Of(subject), g.Of(base), c.key)
	own, _ := Shown(g.Of(subject), c.key)
	var top float64
	for _, x := range g.Cells {
		s, _ := Shown(x, c.key)
		if len(s) == 0 {
			continue
		}
		if m := s.Median(); v.Best == "" || m < top == !v.Metric.More && m != top {
			v.Best, top = x.Server, m
		}
	}
	if len(own) > 0 && own.Median() > 0 {
		v.BestRatio = top / own.Median()
	}
	return v
}

// subject is the server that a run is about: ours, or the first that is not the base.
func subject(f *result.File) string {
	for _, s := range f.Servers {
		if s.Name == "sockeye" && s.Name != f.Method.Base {
			return s.Name
		}
	}
	for _, s := range f.Servers {
		if s.Name != f.Method.Base {
			return s.Name
		}
	}
	return f.Method.Base
}

func possessive(name string) string {
	if name != "" && name[len(name)-1] == 's' {
		return name + "'"
	}
	return name + "'s"
}
