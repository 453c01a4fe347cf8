package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sockeye-io/sockeye/bench/result"
)

// verdictSection is ours beside the base in each scenario, wins and losses alike: a line from less to more, on which
// every server has a place.
func verdictSection(f *result.File) *node {
	verdicts := Verdicts(f)
	if len(verdicts) == 0 || len(f.Servers) < 2 {
		return nil
	}
	ours, base := subject(f), f.Method.Base
	r := newRuler(f, verdicts)
	table := el("table", class("verdicts"),
		el("caption", class("quiet"), "Ratio of "+ours+" to "+base+" in each scenario"),
		el("thead", el("tr",
			el("th", attr{"scope", "col"}, "Scenario"),
			el("th", attr{"scope", "col"}, class("strip"), r.scale()),
			el("th", attr{"scope", "col"}, class("n"), ours+" to "+base),
			el("th", attr{"scope", "col"}, "Best of all"))))
	body := el("tbody")
	groups := f.Groups()
	for _, v := range verdicts {
		g := groups[slices.IndexFunc(groups, func(g result.Group) bool { return g.Scenario == v.Scenario && g.Title == v.Title })]
		body.add(el("tr",
			el("th", attr{"scope", "row"}, verdictName(v), el("small", v.Title)),
			el("td", class("strip"), r.strip(f, g, v)),
			verdictCell(v),
			el("td", class("best"), bestCell(f, v))))
	}
	table.add(body)
	return el("section", attr{"id", "verdict"}, el("h2", "In short"),
		el("p", tally(verdicts, ours, base)+" A ratio below 1 is less, and less is better in all of these; the stroke through "+
			"a dot of "+ours+" is the spread of its rounds. Only where all rounds agree it counts as better or worse."),
		key(f), table)
}

func verdictName(v Verdict) string {
	title := shapeOf(v.Scenario).title
	what := described(v.Metric.Key, v.What)
	return title + ", " + strings.TrimPrefix(what, strings.ToLower(title)+", ") // "Latency, p99"
}

// key says whose the dots are.
func key(f *result.File) *node {
	list := el("ul", class("key"))
	for i, s := range f.Servers {
		name := el("span", class("server "+serverClass(i)), s.Name)
		if s.Name == f.Method.Base {
			name = el("span", class("server line "+serverClass(i)), s.Name+", the line at 1")
		}
		list.add(el("li", name))
	}
	return list
}

func tally(verdicts []Verdict, ours, base string) string {
	count := map[int]int{}
	none := 0
	for _, v := range verdicts {
		if len(v.Ratio) == 0 {
			none++
			continue
		}
		count[v.Better()]++
	}
	parts := []string{
		fmt.Sprintf("better than %s in %d", base, count[1]), fmt.Sprintf("worse in %d", count[-1]),
		fmt.Sprintf("not clearly either in %d", count[0]),
	}
	if none > 0 {
		parts = append(parts, fmt.Sprintf("without a verdict in %d", none))
	}
	return fmt.Sprintf("Of %s, %s is %s.", plural(len(verdicts), "comparison"), ours, enumerate(parts))
}

func verdictCell(v Verdict) *node {
	if len(v.Ratio) == 0 {
		why := v.Doubt
		if why == "" {
			why = "not measured for both"
		}
		return el("td", class("n none"), el("b", "–"), el("small", why))
	}
	how := map[int]string{1: "better", 0: "even", -1: "worse"}[v.Better()]
	word := map[string]string{"better": "better", "even": "no clear difference", "worse": "worse"}[how]
	fig := newFigure(v.Ratio)
	spread := ""
	if fig.least != fig.most {
		spread = fig.least + " to " + fig.most + ", "
	}
	return el("td", class("n "+how), el("b", fig.median+" ×"), el("small", spread, el("em", word)))
}

func bestCell(f *result.File, v Verdict) []*node {
	if v.Best == "" || len(v.Ratio) == 0 { // the best of those that are left says little
		return nil
	}
	name := el("span", class("server "+classOf(f, v.Best)), v.Best)
	if v.Best == v.Subject || v.BestRatio <= 0 {
		return []*node{name}
	}
	return []*node{name, el("small", number(v.BestRatio, 2)+" of "+possessive(v.Subject))}
}
