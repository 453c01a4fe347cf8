package report

import (
	"math"
	"strconv"

	"github.com/sockeye-io/sockeye/bench/result"
)

// plot is one picture of the page, as html/page.js draws it.
type plot struct {
	ID      string   `json:"id"`
	Title   string   `json:"title"`
	About   string   `json:"about"`
	Wide    bool     `json:"-"`
	Choices []choice `json:"choices"`
	Views   []view   `json:"views"` // one for each combination of options, the last choice running fastest
}

// choice is a list to choose from.
type choice struct {
	Label   string   `json:"label"`
	Options []string `json:"options"`
}

// view is what a plot shows at a time: lines over X, or bars.
type view struct {
	Title   string   `json:"title"` // the whole title of the table that says the same
	X       axis     `json:"x"`
	Y       axis     `json:"y"`
	Servers []int    `json:"servers"`           // of each line or bar
	At      values   `json:"at,omitempty"`      // lines: the common x
	Lines   []values `json:"lines,omitempty"`   // of each server: y at each x
	Low     []values `json:"low,omitempty"`     // their spread, if it is drawn
	High    []values `json:"high,omitempty"`    //
	Rest    int      `json:"rest"`              // lines: the x whose values stand in the legend when none is pointed at
	Bars    []mark   `json:"bars,omitempty"`    // in the order they are drawn
	Holes   bool     `json:"holes,omitempty"`   // lines: where a value is not there, the line is broken
	Missing []string `json:"missing,omitempty"` // servers whose figures would mean nothing
}

type mark struct {
	Text   string  `json:"text"` // the figure as the tables show it
	Ratio  string  `json:"ratio,omitempty"`
	Median float64 `json:"median"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
}

// axis is a scale and its units: "µs", "s", "B" (in thousands), "KiB" (bytes in powers of two), "1/s", "×", "" for a bare
// number, "quantile" for 1/(1-q).
type axis struct {
	Label string `json:"label"`
	Unit  string `json:"unit"`
	Log   bool   `json:"log,omitempty"`
	Ticks values `json:"ticks,omitempty"` // zero: uPlot chooses
}

// values are numbers with six digits. NaN is one that is not there.
type values []float64

func (v values) MarshalJSON() ([]byte, error) {
	p := []byte{'['}
	for i, x := range v {
		if i > 0 {
			p = append(p, ',')
		}
		if math.IsNaN(x) || math.IsInf(x, 0) {
			p = append(p, "null"...)
			continue
		}
		x, _ = strconv.ParseFloat(strconv.FormatFloat(x, 'g', 6, 64), 64)
		p = strconv.AppendFloat(p, x, 'f', -1, 64)
	}
	return append(p, ']'), nil
}

// wide is whether positive values reach over so many powers of ten that only a logarithmic scale shows them all.
func wide(lines []values) bool {
	least, most := math.Inf(1), 0.0
	for _, l := range lines {
		for _, v := range l {
			if v > 0 {
				least, most = min(least, v), max(most, v)
			}
		}
	}
	return most > 30*least
}

// plots are all pictures of f, in the order of the page.
func plots(f *result.File) []plot {
	d := drawing{f: f, groups: f.Groups(), index: map[string]int{}}
	for i, s := range f.Servers {
		d.index[s.Name] = i
	}
	all := []plot{d.spectrum(), d.course("pace"), d.course("throughput"), d.growth(), d.sizes()}
	for _, sh := range shapes {
		if sh.scenario != "latency" { // the spectrum says more
			all = append(all, d.bars(sh))
		}
	}
	for i, name := range d.strange() {
		p := d.bars(shapeOf(name))
		p.ID = "strange-" + strconv.Itoa(i+1) // a name from outside is no id
		all = append(all, p)
	}
	some := all[:0]
	for _, p := range all {
		if len(p.Views) > 0 {
			some = append(some, p)
		}
	}
	return some
}

// drawing makes plots of a file.
type drawing struct {
	f      *result.File
	groups []result.Group
	index  map[string]int // of a server in f.Servers
}

// strange are the scenarios that have no shape of their own.
func (d drawing) strange() []string {
	var names []string
	seen := map[string]bool{}
	for _, sh := range shapes {
		seen[sh.scenario] = true
	}
	for _, g := range d.groups {
		if !seen[g.Scenario] {
			seen[g.Scenario] = true
			names = append(names, g.Scenario)
		}
	}
	return names
}

// with are the groups in which a cell has something, those of an open loop first: their latency is the honest one.
func (d drawing) with(has func(*result.Cell) bool) []result.Group {
	var open, closed []result.Group
	for _, g := range d.groups {
		for _, c := range g.Cells {
			if !has(c) {
				continue
			}
			if c.Params.Rate > 0 {
				open = append(open, g)
			} else {
				closed = append(closed, g)
			}
			break
		}
	}
	return append(open, closed...)
}

func titles(groups []result.Group) choice {
	c := choice{Label: "Scenario"}
	for _, g := range groups {
		c.Options = append(c.Options, g.Scenario+": "+g.Title)
	}
	return c
}
