package report

import (
	"math"
	"slices"
	"strings"

	"github.com/sockeye-io/sockeye/bench/result"
)

// nothing is a value that is not there.
var nothing = math.NaN()

// bars compares the servers in a scenario: one metric of one group at a time, the best first.
func (d drawing) bars(sh shape) plot {
	p := plot{ID: "bars-" + sh.scenario, Title: sh.title, About: sh.about}
	var groups []result.Group
	measured := map[string]bool{}
	for _, g := range d.groups {
		if g.Scenario == sh.scenario {
			groups = append(groups, g)
			for _, c := range g.Cells {
				for k, s := range c.Metrics {
					measured[k] = measured[k] || len(s) > 0
				}
			}
		}
	}
	which := choice{Label: "Parameters"}
	what := choice{Label: "Figure"}
	for _, col := range sh.columns {
		if measured[col.key] {
			what.Options = append(what.Options, described(col.key, col.name()))
		}
	}
	for _, g := range groups {
		which.Options = append(which.Options, g.Title)
		for _, col := range sh.columns {
			if measured[col.key] {
				p.Views = append(p.Views, d.row(g, sh, col))
			}
		}
	}
	p.Choices = []choice{which, what}
	return p
}

func (d drawing) row(g result.Group, sh shape, col column) view {
	m, _ := result.MetricOf(col.key)
	v := view{
		Title: sh.title + ", " + g.Title + ": " + described(col.key, col.name()),
		Y:     axis{Label: described(col.key, col.name()), Unit: m.Unit},
	}
	if m.More {
		v.Y.Label += ", more is better"
	} else {
		v.Y.Label += ", less is better"
	}
	type row struct {
		mark
		server int
	}
	var rows []row
	for _, c := range g.Cells {
		s, doubt := Shown(c, col.key)
		if doubt != "" {
			v.Missing = append(v.Missing, c.Server)
		}
		if len(s) == 0 || !finite(s) {
			continue
		}
		b := mark{Text: measure(s, m.Unit), Median: s.Median(), Low: slices.Min(s), High: slices.Max(s)}
		if r, _ := ShownRatio(c, g.Of(d.f.Method.Base), col.key); len(r) > 0 && c.Server != d.f.Method.Base {
			b.Ratio = newFigure(r).median + " ×"
		}
		rows = append(rows, row{b, d.index[c.Server]})
	}
	slices.SortStableFunc(rows, func(a, b row) int {
		switch {
		case a.Median == b.Median:
			return 0
		case a.Median < b.Median == !m.More:
			return -1
		}
		return 1
	})
	for _, r := range rows {
		v.Servers, v.Bars = append(v.Servers, r.server), append(v.Bars, r.mark)
	}
	return v
}

// measure is the median of s with its unit.
func measure(s result.Series, unit string) string {
	sc := scaleFor(unit, s.Median())
	text := newFigure(scaled(s, sc.by)).median
	switch sc.unit {
	case "":
		return text
	case "1/s":
		return text + " per s"
	}
	return text + " " + sc.unit
}

// described is the name of a metric where no table is around it: "p99" alone says too little.
func described(key, name string) string {
	if m, ok := result.MetricOf(key); ok && !strings.Contains(name, " per ") {
		return m.Title
	}
	return name
}

// sentence is s with a capital and a full stop.
func sentence(s string) string {
	if s == "" {
		return ""
	}
	return strings.TrimSuffix(strings.ToUpper(s[:1])+s[1:], ".") + "."
}
