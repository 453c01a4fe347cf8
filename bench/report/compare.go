package report

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/sockeye-io/sockeye/bench/result"
)

// CompareOptions say what counts as a change.
type CompareOptions struct {
	// Tolerance is how much worse a median may become, as a share of what it was: zero is 0.1, negative is 0.
	Tolerance float64
	// Alpha is how often a change may be seen where none is: zero is 0.05. It must be below 1.
	Alpha float64
	// Server is whose regressions count: empty is the server that the later run is about, * is every one. The figures
	// of the others move with the mood of the machine, and nobody here can mend them.
	Server string
}

// Comparison is how two runs differ. It refers to their Files.
type Comparison struct {
	Before, After *result.File
	Warnings      []string // why they may not be comparable, and what could not be compared
	Changes       []Change // of everything that was, changed or not
	Options       CompareOptions
}

// Change is one metric of one server in one group.
type Change struct {
	Scenario, Title, Server string
	Metric                  result.Metric
	What                    string // the metric in a few words
	Before, After           result.Series
	// Base is the server whose ratios were compared, round by round, because the machine's mood is in both; then these
	// are in RatioBefore and RatioAfter. It is empty when Before and After themselves were compared.
	Base                    string
	RatioBefore, RatioAfter result.Series
	P                       float64 // chance of such a difference when there is none (Mann-Whitney U, two-sided)
	Doubt                   string  // why it cannot be compared; then there is nothing else
}

// compared are the series that the change is about.
func (c Change) compared() (before, after result.Series) {
	if c.Base != "" {
		return c.RatioBefore, c.RatioAfter
	}
	return c.Before, c.After
}

// By is the change of the median as a share of what it was: 0.1 is 10 % more. From nothing it is infinite.
func (c Change) By() float64 {
	before, after := c.compared()
	b, a := before.Median(), after.Median()
	switch {
	case a == b:
		return 0
	case b == 0:
		return math.Inf(1)
	}
	return a/b - 1
}

// least is the smallest difference of medians that can matter, by unit: a thousandth of an allocation per message is
// what the runtime does by itself.
var least = map[string]float64{"": 0.01}

// significant is whether the difference is no chance, and large enough to matter at all.
func (c Change) significant(alpha float64) bool {
	return c.Doubt == "" && c.P < alpha && math.Abs(c.After.Median()-c.Before.Median()) >= least[c.Metric.Unit]
}

// Worse is whether the metric went the wrong way, by how much ever.
func (c Change) Worse() bool { return c.By() > 0 != c.Metric.More && c.By() != 0 }

// Regressions are the changes for the worse beyond the tolerance that are no chance, of the server that counts.
func (c *Comparison) Regressions() []Change {
	return slices.DeleteFunc(slices.Clone(c.Changes), func(x Change) bool {
		return !c.large(x) || !x.Worse() || c.Options.Server != "*" && x.Server != c.Options.Server
	})
}

func (c *Comparison) large(x Change) bool {
	return x.significant(c.Options.Alpha) && math.Abs(x.By()) > c.Options.Tolerance
}

// Compare compares two runs, a before b. Files of different schemas cannot be compared; different machines, methods and
// versions can, and are told in Warnings.
func Compare(a, b *result.File, o CompareOptions) (*Comparison, error) {
	if a.Schema != b.Schema {
		return nil, fmt.Errorf("report: cannot compare schema %d with schema %d", a.Schema, b.Schema)
	}
	switch {
	case o.Tolerance == 0:
		o.Tolerance = 0.1
	case o.Tolerance < 0:
		o.Tolerance = 0
	}
	if o.Alpha == 0 {
		o.Alpha = 0.05
	}
	if o.Server == "" {
		o.Server = subject(b)
	}
	if !(o.Alpha > 0 && o.Alpha < 1) {
		return nil, fmt.Errorf("report: alpha %v is not between 0 and 1", o.Alpha)
	}
	c := &Comparison{Before: a, After: b, Options: o, Warnings: differences(a, b)}
	base := ""
	if a.Method.Base == b.Method.Base {
		base = a.Method.Base
	}
	for _, ga := range a.Groups() {
		gb := groupOf(b, ga)
		for _, x := range ga.Cells {
			y := gb.Of(x.Server)
			if y == nil {
				c.warn("%s: %s was measured before and is missing now", groupName(ga), x.Server)
				continue
			}
			if why := incomparable(x.Params, y.Params); why != "" {
				c.warn("%s: %s: not compared: %s", groupName(ga), x.Server, why)
				continue
			}
			for _, col := range shapeOf(ga.Scenario).columns {
				if change, ok := newChange(x, y, ga.Of(base), gb.Of(base), col); ok {
					c.Changes = append(c.Changes, change)
				}
			}
		}
	}
	if len(c.Changes) == 0 {
		err := errors.New("report: the two runs have nothing in common")
		if len(c.Warnings) > 0 {
			err = fmt.Errorf("%w: %s", err, strings.Join(c.Warnings, "; "))
		}
		return nil, err
	}
	c.warnPower()
	return c, nil
}

func (c *Comparison) warn(format string, args ...any) {
	c.Warnings = append(c.Warnings, fmt.Sprintf(format, args...))
}

// warnPower tells when the rounds are so few that no difference could ever be significant.
func (c *Comparison) warnPower() {
	blind := 0
	for _, x := range c.Changes {
		before, after := x.compared()
		low, high := make([]float64, len(before)), slices.Repeat([]float64{1}, len(after))
		if x.Doubt == "" && mannWhitney(low, high) >= c.Options.Alpha {
			blind++
		}
	}
	if blind > 0 {
		c.warn("%d of %d figures have too few rounds for any change to be significant: at least 4 in each run are needed",
			blind, len(c.Changes))
	}
}

func groupOf(f *result.File, like result.Group) result.Group {
	for _, g := range f.Groups() {
		if g.Scenario == like.Scenario && untuned(g.Title) == untuned(like.Title) {
			return g
		}
	}
	return result.Group{}
}

// untuned is a title without the rate that a run has found for itself.
func untuned(title string) string {
	at := strings.Index(title, "half load: ")
	if at < 0 {
		return title
	}
	return title[:at]
}

func groupName(g result.Group) string { return g.Scenario + ", " + g.Title }

// moody are the units of what depends on what else the machine does. Memory and counts do not.
var moody = map[string]bool{"µs": true, "ms": true, "1/s": true}

// newChange compares two cells in one metric; ok is whether both have it.
func newChange(x, y, baseX, baseY *result.Cell, col column) (c Change, ok bool) {
	if len(x.Metrics[col.key]) == 0 || len(y.Metrics[col.key]) == 0 {
		return Change{}, false
	}
	c = Change{Scenario: x.Scenario, Title: x.Title, Server: x.Server, What: col.name()}
	c.Metric, _ = result.MetricOf(col.key)
	var doubtX, doubtY string
	c.Before, doubtX = Shown(x, col.key)
	c.After, doubtY = Shown(y, col.key)
	if c.Doubt = doubtX + doubtY; c.Doubt != "" {
		return c, true
	}
	if moody[c.Metric.Unit] && x != baseX {
		c.RatioBefore, _ = ShownRatio(x, baseX, col.key)
		c.RatioAfter, _ = ShownRatio(y, baseY, col.key)
		if len(c.RatioBefore) > 0 && len(c.RatioAfter) > 0 {
			c.Base = baseX.Server
		}
	}
	c.P = mannWhitney(c.compared())
	return c, true
}
