package report

import (
	"math"
	"slices"
	"time"

	"github.com/sockeye-io/sockeye/bench/result"
)

// line is what a cell draws: y at x.
type line map[float64]float64

// lines puts the cells of a group over a common x. What needs headroom is left out where a cell is in doubt.
func (d drawing) lines(g result.Group, headroom bool, draw func(*result.Cell) line) view {
	v := view{}
	var drawn []line
	seen := map[float64]bool{}
	for _, c := range g.Cells {
		l := draw(c)
		if len(l) == 0 {
			continue
		}
		if _, yes := c.InDoubt(); headroom && yes {
			v.Missing = append(v.Missing, c.Server)
			continue
		}
		v.Servers = append(v.Servers, d.index[c.Server])
		drawn = append(drawn, l)
		for x := range l {
			if !seen[x] {
				seen[x] = true
				v.At = append(v.At, x)
			}
		}
	}
	slices.Sort(v.At)
	for _, l := range drawn {
		y := make(values, len(v.At))
		for i, x := range v.At {
			y[i] = math.NaN()
			if at, ok := l[x]; ok {
				y[i] = at
			}
		}
		v.Lines = append(v.Lines, y)
	}
	v.Rest = lastOfAll(v.Lines, len(v.At))
	v.Y.Log = wide(v.Lines)
	return v
}

// lastOfAll is the last place where every line has a value.
func lastOfAll(lines []values, n int) int {
	for i := n - 1; i >= 0; i-- {
		if !slices.ContainsFunc(lines, func(l values) bool { return math.IsNaN(l[i]) }) {
			return i
		}
	}
	return max(0, n-1)
}

func micro(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// from says what latency counts from.
func from(g result.Group) string {
	if g.Cells[0].Params.Rate > 0 {
		return "latency, from when each message was due"
	}
	return "latency, from sending (closed loop)"
}

func (d drawing) spectrum() plot {
	p := plot{
		ID: "spectrum", Title: "Latency spectrum", Wide: true,
		About: "How long the slowest part of all messages took: a step to the right is ten times rarer. All rounds together.",
	}
	groups := d.with(func(c *result.Cell) bool { return len(c.Spectrum) > 0 })
	for _, g := range groups {
		v := d.lines(g, true, func(c *result.Cell) line {
			l := line{}
			for _, q := range c.Spectrum {
				x := 1 / (1 - q.Q)
				if q.Q >= 1 { // as rare as one of all
					x = float64(q.Count)
				}
				if x > 0 && q.Value > 0 {
					l[digits6(x)] = micro(q.Value)
				}
			}
			return l
		})
		v.Title = "Latency at rising percentiles, " + g.Scenario + ", " + g.Title
		v.X = axis{Label: "percentile, logarithmic in 1/(1−q)", Unit: "quantile", Log: true, Ticks: values{2, 10}}
		for t := 100.0; len(v.At) > 0 && t <= v.At[len(v.At)-1]; t *= 10 {
			v.X.Ticks = append(v.X.Ticks, t)
		}
		v.Y.Label, v.Y.Unit = from(g), "µs"
		for i, x := range v.At {
			if x <= 100.5 {
				v.Rest = i // p99
			}
		}
		p.Views = append(p.Views, v)
	}
	p.Choices = []choice{titles(groups)}
	return p
}

// digits6 lets what is the same quantile but for rounding share an x.
func digits6(x float64) float64 {
	if x == 0 {
		return 0
	}
	p := math.Pow(10, 5-math.Floor(math.Log10(x)))
	return math.Round(x*p) / p
}

// course is latency or throughput over the time of a round.
func (d drawing) course(what string) plot {
	type measure struct {
		name string
		of   func(result.Second) float64
	}
	p := plot{
		ID: what, Title: "Latency over time",
		About: "The course of one round, the last whole one: stalls and queues show here.",
	}
	measures := []measure{
		{"p99", func(s result.Second) float64 { return micro(s.P99) }},
		{"median", func(s result.Second) float64 { return micro(s.P50) }},
		{"longest", func(s result.Second) float64 { return micro(s.Max) }},
	}
	if what == "throughput" {
		p.Title, p.About = "Throughput over time", "Messages that came back in each piece of the same round."
		measures = []measure{
			{"messages", func(s result.Second) float64 { return float64(s.Messages) / s.Length.Seconds() }},
		}
	}
	groups := d.with(func(c *result.Cell) bool { return len(c.Seconds) > 0 })
	for _, g := range groups {
		for _, m := range measures {
			v := d.lines(g, true, func(c *result.Cell) line {
				l := line{}
				for _, s := range c.Seconds {
					switch {
					case s.Length <= 0:
					case s.Messages == 0 && what != "throughput":
						l[digits6(s.At.Seconds())] = nothing // a hole in the line: nothing came back
					default:
						l[digits6(s.At.Seconds())] = m.of(s)
					}
				}
				return l
			})
			v.Holes = true
			v.X = axis{Label: "time since the round began", Unit: "s"}
			v.Y.Label, v.Y.Unit = from(g)+", "+m.name, "µs"
			if what == "throughput" {
				v.Y.Label, v.Y.Unit = "messages per second", "1/s"
			}
			v.Title = p.Title + " (" + m.name + "), " + g.Scenario + ", " + g.Title
			p.Views = append(p.Views, v)
		}
	}
	p.Choices = []choice{titles(groups)}
	if len(measures) > 1 {
		names := choice{Label: "Which"}
		for _, m := range measures {
			names.Options = append(names.Options, m.name)
		}
		p.Choices = append(p.Choices, names)
	}
	return p
}

// growth is memory against connections.
func (d drawing) growth() plot {
	p := plot{
		ID: "growth", Title: "Memory against connections",
		About: "What a server holds with so many idle connections; medians.",
	}
	kinds := []struct {
		name, label string
		of          func(result.Growth) float64
	}{
		{"RSS", "resident memory of the server", func(g result.Growth) float64 { return g.RSS }},
		{"kernel", "kernel memory, both ends of each connection", func(g result.Growth) float64 { return g.Kernel }},
		{"PSS", "proportional memory of the server", func(g result.Growth) float64 { return g.PSS }},
	}
	groups := d.with(func(c *result.Cell) bool { return len(c.Growth) > 0 })
	for _, g := range groups {
		for _, k := range kinds {
			v := d.lines(g, false, func(c *result.Cell) line {
				l := line{}
				for _, at := range c.Growth {
					l[float64(at.Connections)] = k.of(at)
				}
				return l
			})
			v.Y.Log = false // a straight line is the point
			v.X = axis{Label: "open connections", Unit: ""}
			v.Y.Label, v.Y.Unit = k.label, "B"
			v.Title = "Memory (" + k.name + ") against connections, " + g.Title
			p.Views = append(p.Views, v)
		}
	}
	p.Choices = []choice{titles(groups), {Label: "Memory", Options: []string{"RSS", "kernel", "PSS"}}}
	return p
}
