package report

import (
	"bufio"
	"fmt"
	"io"
	"math"

	"github.com/sockeye-io/sockeye/bench/result"
)

// Table writes what changed for a person: the worse first, then the better, then what is significant and small.
func (c *Comparison) Table(w io.Writer, o TableOptions) error {
	b := bufio.NewWriter(w)
	t := &table{pen: pen{o.Color, o.Unicode}, out: b, width: o.Width}
	if t.width <= 0 {
		t.width = 1000
	}
	for i, f := range []*result.File{c.Before, c.After} {
		t.say(plain, []string{"before  ", "after   "}[i], heading(f)[0])
	}
	t.say(dim, "", fmt.Sprintf("What depends on the machine's mood is compared as ratios to the base (%s), where both runs have it.",
		c.Before.Method.Base))
	for _, s := range c.Warnings {
		t.say(yellow, "! ", s)
	}
	var worse, better, small []Change
	same, doubts := 0, 0
	for _, x := range c.Changes {
		switch {
		case x.Doubt != "":
			doubts++
		case !x.significant(c.Options.Alpha):
			same++
		case !c.large(x):
			small = append(small, x)
		case x.Worse():
			worse = append(worse, x)
		default:
			better = append(better, x)
		}
	}
	limit := number(100*c.Options.Tolerance, 0) + " %"
	t.changes("WORSE by more than "+limit, red, worse)
	t.changes("BETTER by more than "+limit, green, better)
	t.changes("CHANGED by at most "+limit, plain, small)
	t.line("")
	seen := len(c.Changes) - doubts
	s := fmt.Sprintf("Of %s, %d are worse, %d better, %d changed a little, %d did not change (p < %s; by chance alone "+
		"about %s of them would seem to)", plural(seen, "figure"), len(worse), len(better), len(small), same,
		number(c.Options.Alpha, 2), number(float64(seen)*c.Options.Alpha, 0))
	if doubts > 0 {
		s += fmt.Sprintf("; %d more are in doubt and not compared", doubts)
	}
	t.say(plain, "", s+".")
	of := c.Options.Server
	if of == "*" {
		of = "any server"
	}
	if n := len(c.Regressions()); n > 0 {
		t.say(red, "", fmt.Sprintf("%s of %s worse by more than %s.", plural(n, "figure"), of, limit))
	} else {
		t.say(green, "", fmt.Sprintf("No figure of %s is worse by more than %s.", of, limit))
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// changes is one section: a line for each group, and its changes below it.
func (t *table) changes(title string, how style, list []Change) {
	if len(list) == 0 {
		return
	}
	server, what := lane{left: true}, lane{left: true}
	before, after := lane{head: "before"}, lane{head: "after"}
	ratio, by, p := lane{head: "ratio to base", left: true}, lane{head: "change"}, lane{head: "p"}
	for _, x := range list {
		server.entries = append(server.entries, entry{text: x.Server})
		what.entries = append(what.entries, entry{text: x.What})
		sc := scaleFor(x.Metric.Unit, min(x.Before.Median(), x.After.Median()))
		unit := sc.unit
		if unit == "1/s" {
			unit = "/s"
		}
		before.entries = append(before.entries, entry{text: newFigure(scaled(x.Before, sc.by)).median})
		after.entries = append(after.entries, entry{text: newFigure(scaled(x.After, sc.by)).median, after: unit})
		e := entry{}
		if x.Base != "" {
			e.text = newFigure(x.RatioBefore).median + " " + t.arrow() + " " + newFigure(x.RatioAfter).median
		}
		ratio.entries = append(ratio.entries, e)
		by.entries = append(by.entries, entry{text: percent(x.By()), how: how})
		p.entries = append(p.entries, entry{text: number(x.P, 3)})
	}
	g := grid{[]lane{server, what, before, after, by, ratio, p}, 3}
	for 4+g.width() > t.width && len(g.lanes) > 5 {
		g = grid{g.lanes[:len(g.lanes)-1], 2}
	}
	t.line("")
	t.line(t.paint(title, bold))
	lines := t.lines(g)
	t.line("    " + lines[0])
	last := ""
	for i, line := range lines[1:] {
		if name := list[i].Scenario + ", " + list[i].Title; name != last {
			last = name
			t.say(plain, "  ", name)
		}
		t.line("    " + line)
	}
}

func (t *table) arrow() string {
	if t.unicode {
		return "→"
	}
	return "->"
}

func percent(by float64) string {
	switch {
	case math.IsInf(by, 0):
		return "from 0"
	case by > 9:
		return "x " + number(1+by, 0)
	case math.Abs(by) < 0.0995:
		return fmt.Sprintf("%+.1f%%", 100*by)
	}
	return fmt.Sprintf("%+.0f%%", 100*by)
}
