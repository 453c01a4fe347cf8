package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/sockeye-io/sockeye/bench/result"
)

// ruler is the common logarithmic line of all strips.
type ruler struct{ least, most float64 }

// newRuler has room for all of our own ratios, and for those of the others up to ten times less or more.
func newRuler(f *result.File, verdicts []Verdict) ruler {
	r := ruler{0.5, 2}
	groups := f.Groups()
	for _, v := range verdicts {
		if len(v.Ratio) > 0 {
			r.least, r.most = min(r.least, slices.Min(v.Ratio)), max(r.most, slices.Max(v.Ratio))
		}
		for _, g := range groups {
			if g.Scenario != v.Scenario || g.Title != v.Title {
				continue
			}
			for _, c := range g.Cells {
				if s, _ := ShownRatio(c, g.Of(v.Base), v.Metric.Key); len(s) > 0 {
					m := s.Median()
					r.least, r.most = min(r.least, max(m, 0.1)), max(r.most, min(m, 10))
				}
			}
		}
	}
	r.least = max(r.least, 1e-4) // a ratio of nothing has no place on it
	return ruler{r.least / 1.3, r.most * 1.3}
}

// at is the place of a ratio on the line, and whether it is beyond its end.
func (r ruler) at(ratio float64) (place string, beyond bool) {
	share := (math.Log(ratio) - math.Log(r.least)) / (math.Log(r.most) - math.Log(r.least))
	if math.IsNaN(share) || share < 0.015 || share > 0.985 {
		beyond, share = true, min(max(share, 0.015), 0.985)
	}
	return fmt.Sprintf("%.2f%%", 100*share), beyond
}

// ticks are powers of 4, or of 16 where there are many.
func (r ruler) ticks() []float64 {
	step := 2.0
	if r.most/r.least > 300 {
		step = 4
	}
	all := []float64{1}
	for t := step; t < r.most/1.2; t *= step {
		all = append(all, t)
	}
	for t := 1 / step; t > r.least*1.2; t /= step {
		all = append(all, t)
	}
	return all
}

func (r ruler) scale() *node {
	svg := el("svg", class("scale"), attr{"aria-hidden", "true"})
	for _, t := range r.ticks() {
		x, _ := r.at(t)
		label := number(t, 0) + "×"
		if t < 1 {
			label = "1/" + number(1/t, 0)
		}
		svg.add(el("text", attr{"x", x}, attr{"y", "13"}, label))
	}
	return svg
}

// strip draws the places of all servers in one verdict. The base is the line at 1.
func (r ruler) strip(f *result.File, g result.Group, v Verdict) *node {
	var said []string
	svg := el("svg", attr{"role", "img"})
	for _, t := range r.ticks() {
		x, _ := r.at(t)
		svg.add(line2("tick", x, "0", x, "100%"))
	}
	x, _ := r.at(1)
	svg.add(line2("base "+classOf(f, v.Base), x, "0", x, "100%"))
	var ours []*node
	for _, c := range g.Cells {
		s, _ := ShownRatio(c, g.Of(v.Base), v.Metric.Key)
		if len(s) == 0 || c.Server == v.Base {
			continue
		}
		what := c.Server + " " + newFigure(s).median + " ×"
		said = append(said, what)
		x, beyond := r.at(s.Median())
		radius := "4.5"
		if c.Server == v.Subject {
			radius = "6.5"
			from, _ := r.at(slices.Min(s))
			to, _ := r.at(slices.Max(s))
			ours = append(ours, line2("spread "+classOf(f, c.Server), from, "50%", to, "50%"))
		}
		how := "dot "
		if beyond {
			how = "dot beyond "
		}
		dot := el("circle", class(how+classOf(f, c.Server)), attr{"cx", x}, attr{"cy", "50%"}, attr{"r", radius}, el("title", what))
		if c.Server == v.Subject {
			ours = append(ours, dot)
		} else {
			svg.add(dot)
		}
	}
	svg.add(ours)
	svg.attrs = append(svg.attrs, attr{"aria-label", "ratios to " + v.Base + ": " + strings.Join(said, ", ")})
	return svg
}

func line2(how, x1, y1, x2, y2 string) *node {
	return el("line", class(how), attr{"x1", x1}, attr{"y1", y1}, attr{"x2", x2}, attr{"y2", y2})
}
