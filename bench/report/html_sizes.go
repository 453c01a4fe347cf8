package report

import (
	"fmt"
	"slices"

	"github.com/sockeye-io/sockeye/bench/result"
)

// ladder are groups of the echo that differ in the size of the message alone.
type ladder struct {
	name   string
	groups []result.Group // by rising size
}

// ladders are all that have at least two rungs.
func (d drawing) ladders() []ladder {
	var all []ladder
	for _, g := range d.groups {
		p := g.Cells[0].Params
		if g.Scenario != "echo" || p.PayloadBytes == 0 {
			continue
		}
		name := fmt.Sprintf("%s connections, %d in flight", number(float64(p.Connections), 0), max(1, p.Depth))
		k := slices.IndexFunc(all, func(l ladder) bool { return l.name == name })
		if k < 0 {
			k = len(all)
			all = append(all, ladder{name: name})
		}
		all[k].groups = append(all[k].groups, g)
	}
	all = slices.DeleteFunc(all, func(l ladder) bool { return len(l.groups) < 2 })
	for _, l := range all {
		slices.SortStableFunc(l.groups, func(a, b result.Group) int {
			return a.Cells[0].Params.PayloadBytes - b.Cells[0].Params.PayloadBytes
		})
	}
	return all
}

// sizes is the CPU time of a message over its size, absolute and as a ratio to the base.
func (d drawing) sizes() plot {
	p := plot{
		ID: "sizes", Title: "CPU per message by size",
		About: "Server CPU time for an echo; the strokes are the least and the most of the rounds.",
	}
	ladders := d.ladders()
	base := d.f.Method.Base
	kinds := choice{Label: "As", Options: []string{"time"}}
	if len(d.f.Servers) > 1 {
		kinds.Options = append(kinds.Options, "ratio to "+base)
	}
	const key = "cpu_us_per_message"
	which := choice{Label: "Load"}
	for _, l := range ladders {
		which.Options = append(which.Options, l.name)
		v := d.rungs(l, func(_ result.Group, c *result.Cell) result.Series { return c.Metrics[key] })
		v.Title = "Server CPU per message by size, " + l.name
		v.Y.Label, v.Y.Unit = "server CPU per message", "µs"
		p.Views = append(p.Views, v)
		if len(kinds.Options) > 1 {
			v := d.rungs(l, func(g result.Group, c *result.Cell) result.Series {
				s, _ := ShownRatio(c, g.Of(base), key)
				return s
			})
			v.Title = "Server CPU per message by size as a ratio to " + base + ", " + l.name
			v.Y.Label, v.Y.Unit = "server CPU, ratio to "+base, "×"
			p.Views = append(p.Views, v)
		}
	}
	p.Choices = []choice{which, kinds}
	return p
}

func (d drawing) rungs(l ladder, of func(result.Group, *result.Cell) result.Series) view {
	v := view{X: axis{Label: "size of the message, logarithmic", Unit: "KiB", Log: true}}
	for _, s := range d.f.Servers {
		var mid, low, high values
		some := false
		for _, g := range l.groups {
			m, lo, hi := nothing, nothing, nothing
			if c := g.Of(s.Name); c != nil {
				if s := of(g, c); len(s) > 0 {
					m, lo, hi, some = s.Median(), slices.Min(s), slices.Max(s), true
				}
			}
			mid, low, high = append(mid, m), append(low, lo), append(high, hi)
		}
		if some {
			v.Servers = append(v.Servers, d.index[s.Name])
			v.Lines, v.Low, v.High = append(v.Lines, mid), append(v.Low, low), append(v.High, high)
		}
	}
	for _, g := range l.groups {
		v.At = append(v.At, float64(g.Cells[0].Params.PayloadBytes))
	}
	v.X.Ticks = v.At
	v.Y.Log = wide(v.Lines)
	return v
}
