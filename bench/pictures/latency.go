package pictures

import (
	"strings"

	"gonum.org/v1/plot"

	"github.com/sockeye-io/sockeye/bench/result"
)

// latency is the whole distribution: how long the slowest half, tenth, hundredth … of the messages took at least.
func latency(f *result.File) []byte {
	for _, g := range f.Groups() {
		if g.Scenario != "latency" {
			continue
		}
		ch := chart{}
		var doubts []string
		for _, c := range g.Cells {
			if _, yes := c.InDoubt(); yes {
				doubts = append(doubts, c.Server)
				continue
			}
			if l := spectrum(c); len(l.x) > 1 {
				ch.lines = append(ch.lines, l)
			}
		}
		if len(ch.lines) == 0 {
			return nil
		}
		var late []string
		ch.lines, late = keptUp(ch.lines)
		for _, t := range []plot.Tick{
			{Value: 2, Label: "50 %"},
			{Value: 10, Label: "90 %"},
			{Value: 100, Label: "99 %"},
			{Value: 1e3, Label: "99.9 %"},
			{Value: 1e4, Label: "99.99 %"},
			{Value: 1e5, Label: "99.999 %"},
		} {
			if _, most := ends(nil, ch.lines, func(l line) []float64 { return l.x }); t.Value <= most*1.05 {
				ch.xTicks = append(ch.xTicks, t)
			}
		}
		ch.yTicks = steps(ch.lines, tickMicros)
		notes := []string{source(f)}
		if len(doubts) > 0 {
			notes = append([]string{"Not drawn, because the load generator was the limit: " + strings.Join(doubts, ", ") + "."}, notes...)
		}
		if len(late) > 0 {
			notes = append([]string{"Not drawn, because far off the scale: " + strings.Join(late, ", ") + "."}, notes...)
		}
		s := newSheet(420, "Echo latency, "+g.Title,
			"Within what time so many of the messages were answered, from when each was due. Lower is better.", notes)
		ch.draw(s.room)
		return s.svg()
	}
	return nil
}

// keptUp parts from the lines those of servers for which the rate was too much: their queues grew until the end, and
// their lines would leave no room for the others.
func keptUp(lines []line) (kept []line, late []string) {
	var medians result.Series
	for _, l := range lines {
		medians = append(medians, l.y[0])
	}
	for _, l := range lines {
		if l.y[0] > 1000*medians.Median() {
			late = append(late, l.server+" (half of it after "+micros(l.y[0])+")")
			continue
		}
		kept = append(kept, l)
	}
	return kept, late
}

// spectrum is the line of a cell, as far as ten samples lie beyond it: what is further out is chance.
func spectrum(c *result.Cell) line {
	l := line{server: c.Server, label: c.Server}
	total := int64(0)
	for _, q := range c.Spectrum {
		total = max(total, q.Count)
	}
	for _, q := range c.Spectrum {
		if q.Q < 0.5 || q.Q >= 1 || q.Value <= 0 || 1/(1-q.Q) > float64(total)/10 {
			continue
		}
		l.x = append(l.x, 1/(1-q.Q))
		l.y = append(l.y, float64(q.Value)/1e3)
	}
	return l
}
