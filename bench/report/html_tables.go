package report

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/sockeye-io/sockeye/bench/result"
)

// plotSection has a place for each plot. The script draws there.
func plotSection(f *result.File, drawn []plot) *node {
	if len(drawn) == 0 {
		return nil
	}
	s := el("section", attr{"id", "plots"}, el("h2", "Plots"),
		el("noscript", el("p", "The plots are drawn by a script of this page, and scripts are off. The tables below do without.")),
		el("p", class("screen"), "Point at a plot to read it, choose a name to hide a server everywhere, drag to look closer, double-click to go back."),
		el("div", class("all"), attr{"id", "all"}))
	grid := el("div", class("plots"))
	for _, p := range drawn {
		how := "plot"
		if p.Wide {
			how = "plot wide"
		}
		grid.add(el("figure", class(how), attr{"id", "plot-" + p.ID}, attr{"data-plot", p.ID}, attr{"aria-labelledby", "title-" + p.ID},
			el("figcaption", el("h3", attr{"id", "title-" + p.ID}, p.Title), el("p", sentence(p.About)))))
	}
	s.add(grid)
	return s
}

// tableSection is every figure of every group.
func tableSection(f *result.File) *node {
	s := el("section", attr{"id", "figures"}, el("h2", "All figures"), el("p", howToRead(f)))
	last := ""
	for i, g := range f.Groups() {
		if g.Scenario != last {
			last = g.Scenario
			sh := shapeOf(g.Scenario)
			s.add(el("h3", sh.title))
			if sh.about != "" {
				s.add(el("p", sentence(sh.about)))
			}
		}
		s.add(groupTable(f, g, fmt.Sprintf("note-%d-", i+1)))
	}
	return s
}

// groupTable has a row for each metric and a column for each server; footnotes get ids that begin with prefix.
func groupTable(f *result.File, g result.Group, prefix string) *node {
	head := el("tr", el("th", attr{"scope", "col"}, "Metric"))
	notes := el("ol", class("notes"))
	refs := make([]*node, len(g.Cells))
	for i, c := range g.Cells {
		th := el("th", attr{"scope", "col"}, class("n"), el("span", class("server "+classOf(f, c.Server)), c.Server))
		if note := noteOf(c); note != "" {
			id := fmt.Sprintf("%s%d", prefix, len(notes.kids)+1)
			refs[i] = el("sup", el("a", attr{"href", "#" + id}, attr{"aria-label", "footnote"}, fmt.Sprint(len(notes.kids)+1)))
			th.add(refs[i])
			notes.add(el("li", attr{"id", id}, note))
		}
		if c.Server == f.Method.Base && len(g.Cells) > 1 {
			th.add(el("small", "base"))
		}
		head.add(th)
	}
	body := el("tbody")
	for _, m := range metricsOf(g) {
		body.add(metricRow(f, g, m, refs))
	}
	box := el("div", class("group"), el("div", class("scroll"), attr{"tabindex", "0"}, attr{"role", "region"}, attr{"aria-label", g.Title},
		el("table", class("figures"), el("caption", g.Title), el("thead", head), body)))
	if len(notes.kids) > 0 {
		box.add(notes)
	}
	return box
}

// metricsOf are those that a cell of g has, and at the end those that nobody has described.
func metricsOf(g result.Group) []result.Metric {
	left := map[string]bool{}
	for _, c := range g.Cells {
		for k, s := range c.Metrics {
			if len(s) > 0 {
				left[k] = true
			}
		}
	}
	var some []result.Metric
	for _, m := range result.Metrics {
		if left[m.Key] {
			some = append(some, m)
			delete(left, m.Key)
		}
	}
	for _, k := range slices.Sorted(maps.Keys(left)) {
		some = append(some, result.Metric{Key: k, Title: k})
	}
	return some
}

func metricRow(f *result.File, g result.Group, m result.Metric, refs []*node) *node {
	least := math.Inf(1)
	for _, c := range g.Cells {
		if s, _ := Shown(c, m.Key); len(s) > 0 {
			least = min(least, s.Median())
		}
	}
	sc := scaleFor(m.Unit, least)
	th := el("th", attr{"scope", "row"}, m.Title)
	if sc.unit != "" {
		th.add(el("small", strings.Replace(sc.unit, "1/s", "per second", 1)))
	}
	row := el("tr", th)
	// What the generator did is there to judge the run by, and a ratio to next to no garbage says nothing.
	compare := true
	for _, prefix := range []string{"load_", "late_", "gc_", "mallocs_"} {
		compare = compare && !strings.HasPrefix(m.Key, prefix)
	}
	for i, c := range g.Cells {
		s, doubt := Shown(c, m.Key)
		switch {
		case doubt != "":
			td := el("td", "–")
			if refs[i] != nil {
				td.add(refs[i])
			}
			row.add(td)
		case len(s) == 0:
			row.add(el("td"))
		default:
			fig := newFigure(scaled(s, sc.by))
			td := el("td")
			if r, _ := ShownRatio(c, g.Of(f.Method.Base), m.Key); compare && len(r) > 0 && c.Server != f.Method.Base {
				ratio := el("i", newFigure(r).median+"×")
				if how := better(r, m.More); how != 0 {
					ratio.add(class(map[int]string{1: "better", -1: "worse"}[how]))
				}
				td.add(ratio)
			}
			td.add(el("b", fig.median))
			if fig.least != fig.most {
				td.add(el("small", fig.least+" – "+fig.most))
			}
			row.add(td)
		}
	}
	return row
}

func howToRead(f *result.File) string {
	s := "Medians, with the least and the most of the rounds below"
	if len(f.Servers) > 1 {
		s += ", and before them the ratio to " + f.Method.Base + ", coloured where every round says the same"
	}
	return s + ". Less is better, but for messages and connections per second. A dash is a figure that would mean nothing, " +
		"with the reason in a footnote; what is blank was not measured."
}
