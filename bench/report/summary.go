package report

import (
	"slices"

	"github.com/sockeye-io/sockeye/bench/result"
)

// summary is all verdicts below each other.
func (t *table) summary(f *result.File) {
	verdicts := Verdicts(f)
	if len(verdicts) == 0 || len(f.Servers) < 2 {
		return
	}
	group, what := lane{head: "IN SHORT", left: true}, lane{left: true}
	ratio, word := lane{head: "of " + possessive(f.Method.Base)}, lane{left: true}
	best := lane{head: "best", left: true}
	last := ""
	for _, v := range verdicts {
		of := v.Scenario + ", " + v.Title
		e := entry{text: of}
		if of == last {
			e.text = ""
		}
		last = of
		group.entries = append(group.entries, e)
		what.entries = append(what.entries, entry{text: v.What})
		ratio.entries = append(ratio.entries, v.entry())
		word.entries = append(word.entries, entry{text: v.word(), how: verdictStyle(v.Better())})
		best.entries = append(best.entries, entry{text: v.best()})
	}
	g := grid{[]lane{group, what, ratio, word}, 3}
	if len(f.Servers) > 2 {
		g.lanes = append(g.lanes, best)
	}
	t.line("")
	if g.width() <= t.width {
		for _, line := range t.lines(g) {
			t.line(line)
		}
		return
	}
	g = grid{g.lanes[1:], 2} // narrow: the groups are lines of their own
	g.lanes[0].head = group.head
	if 2+g.width() > t.width {
		g.lanes[1] = ratio.short()
	}
	if 2+g.width() > t.width {
		g.lanes = g.lanes[:3]
	}
	lines := t.lines(g)
	t.line(lines[0])
	for i, line := range lines[1:] {
		if group.entries[i].text != "" {
			t.say(dim, "", group.entries[i].text)
		}
		t.line("  " + line)
	}
}

func (v Verdict) entry() entry {
	if len(v.Ratio) == 0 {
		return entry{text: "–"}
	}
	e := newEntry(v.Ratio, "", compared)
	e.how = verdictStyle(v.Better())
	return e
}

// word is the verdict for who sees no colours.
func (v Verdict) word() string {
	switch {
	case v.Doubt != "":
		return "in doubt"
	case len(v.Ratio) == 0:
		return "not measured"
	}
	if v.Better() == 0 && slices.Max(v.Ratio)-slices.Min(v.Ratio) > 0.1 {
		return "unclear" // the rounds do not even agree with each other
	}
	return map[int]string{1: "better", 0: "no difference", -1: "worse"}[v.Better()]
}

func (v Verdict) best() string {
	if v.Best == "" || v.Best == v.Subject || v.BestRatio == 0 {
		return v.Best
	}
	return v.Best + " (" + number(v.BestRatio, 2) + " of " + possessive(v.Subject) + ")"
}
