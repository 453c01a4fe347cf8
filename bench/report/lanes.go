package report

import (
	"fmt"
	"math"
	"slices"

	"github.com/sockeye-io/sockeye/bench/result"
)

// barWidth is how long the longest bar of a table is.
const barWidth = 16

// lanesOf are the columns of a group: the servers, bars, and what the shape asks for as far as it was measured; and the
// footnotes.
func lanesOf(f *result.File, g result.Group, sh shape) (lanes []lane, notes []string) {
	names := lane{left: true}
	for _, c := range g.Cells {
		name, how := c.Server, plain
		if name == subject(f) {
			how = bold
		}
		if note := noteOf(c); note != "" {
			notes = append(notes, note)
			name += fmt.Sprintf(" [%d]", len(notes))
		}
		names.entries = append(names.entries, entry{text: name, how: how})
	}
	lanes = []lane{names}
	if l, ok := bars(g, sh.columns[0], subject(f)); ok {
		lanes = append(lanes, l)
	}
	base := g.Of(f.Method.Base)
	for _, col := range sh.columns {
		if l, ok := figures(g, col); ok {
			lanes = append(lanes, l)
		}
		if col.more == compared && base != nil && len(g.Cells) > 1 {
			if l, ok := ratios(g, base, col); ok {
				lanes = append(lanes, l)
			}
		}
	}
	return lanes, notes
}

func noteOf(c *result.Cell) string {
	n, of := doubtful(c)
	if reason, yes := c.InDoubt(); yes {
		return fmt.Sprintf("%s: %s (%d of %d rounds), so no figure that depends on it is shown.", c.Server, reason, n, of)
	}
	if n > 0 {
		return fmt.Sprintf("%s: %s (%d of %d rounds); the median stands.", c.Server, c.Doubts[0].Reason, n, of)
	}
	return ""
}

// figures is the lane of one metric; there is none when no cell has it.
func figures(g result.Group, col column) (lane, bool) {
	m, _ := result.MetricOf(col.key)
	least, some := math.Inf(1), false
	for _, c := range g.Cells {
		if s, _ := Shown(c, col.key); len(s) > 0 {
			least = min(least, s.Median())
		}
		some = some || len(c.Metrics[col.key]) > 0
	}
	sc := scaleFor(m.Unit, least)
	if math.IsInf(least, 1) { // all are in doubt
		sc = scale{m.Unit, 1}
	}
	l := lane{head: col.head, unit: sc.unit}
	switch {
	case m.Unit == "1/s":
		l.unit = "/s"
	case col.per != "":
		l.unit += "/" + col.per
	}
	for _, c := range g.Cells {
		var e entry
		switch s, doubt := Shown(c, col.key); {
		case doubt != "":
			e.text = "–"
		case len(s) > 0:
			e = newEntry(scaled(s, sc.by), sc.unit, col.more)
		}
		l.entries = append(l.entries, e)
	}
	return l, some
}

// newEntry is a figure in a lane of the unit. What is five digits longer than the least has its own unit beside it.
func newEntry(s result.Series, unit string, more extra) entry {
	if own := scaleFor(unit, s.Median()); own.unit != unit && s.Median() >= 1e5 {
		return entry{text: newFigure(scaled(s, own.by)).median + " " + own.unit}
	}
	fig := newFigure(s)
	switch {
	case more == alone && unit == "":
		return entry{text: countText(s)}
	case more == alone:
		return entry{text: fig.median}
	}
	return entry{text: fig.median, after: fig.spread(), brief: brief(s)}
}

// countText is a count for each message, or at all, to the thousandth: what a runtime does once in a while beside the
// messages is not theirs.
func countText(s result.Series) string {
	v := s.Median()
	if math.Abs(v) < 0.0005 {
		return "0"
	}
	return number(v, min(3, decimals(v, slices.Max(s)-slices.Min(s))))
}

// ratios is the lane of ratios to the base: green and red only where every round says the same.
func ratios(g result.Group, base *result.Cell, col column) (lane, bool) {
	m, _ := result.MetricOf(col.key)
	l, some := lane{head: "ratio"}, false
	for _, c := range g.Cells {
		var e entry
		switch s, doubt := ShownRatio(c, base, col.key); {
		case doubt != "":
			e.text = "–"
		case c == base && len(s) > 0:
			e.text, e.how = "base", dim
		case len(s) > 0:
			some = true
			e = newEntry(s, "", compared)
			e.how = verdictStyle(better(s, m.More))
		}
		l.entries = append(l.entries, e)
	}
	return l, some
}

func verdictStyle(better int) style {
	return map[int]style{1: green, -1: red}[better]
}

// bars draw a metric. One far beyond the others does not flatten them: it ends in an arrow.
func bars(g result.Group, col column, subject string) (lane, bool) {
	l := lane{left: true, bars: true}
	var medians, some result.Series
	for _, c := range g.Cells {
		s, _ := Shown(c, col.key)
		medians = append(medians, s.Median())
		if s.Median() > 0 {
			some = append(some, s.Median())
		}
	}
	if len(some) == 0 {
		return lane{}, false
	}
	most := min(slices.Max(some), 10*some.Median())
	for i, v := range medians {
		e := entry{how: dim}
		if g.Cells[i].Server == subject {
			e.how = plain
		}
		switch {
		case v > most:
			e.text = bar(1, barWidth-1) + "▶"
		case v > 0:
			e.text = bar(v/most, barWidth)
		}
		l.entries = append(l.entries, e)
	}
	return l, true
}
