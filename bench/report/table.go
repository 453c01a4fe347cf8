package report

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/sockeye-io/sockeye/bench/result"
)

// TableOptions say what the terminal can show.
type TableOptions struct {
	Width   int  // letters in a line; zero or negative is as wide as it gets
	Unicode bool // letters and bars beyond ASCII
	Color   bool // escape sequences; the caller knows about NO_COLOR
}

// Table writes what a person reads after a run: the machine and the method, a table for each group, and last, where the
// eye is when it ends, how the server that it is about compares with the base.
func Table(w io.Writer, f *result.File, o TableOptions) error {
	b := bufio.NewWriter(w)
	t := &table{pen: pen{o.Color, o.Unicode}, out: b, width: o.Width}
	if t.width <= 0 {
		t.width = 1000
	}
	lines := heading(f)
	t.say(bold, "", lines[0])
	for _, line := range lines[1:] {
		t.say(plain, "", line)
	}
	if f.Interrupted {
		t.say(yellow, "! ", "Interrupted: what came later is missing, and the last rounds are not whole.")
	}
	scenario := ""
	for _, g := range f.Groups() {
		sh := shapeOf(g.Scenario)
		if scenario != g.Scenario {
			scenario = g.Scenario
			t.line("")
			t.title(sh)
		}
		t.group(f, g, sh)
	}
	t.servers(f)
	t.skipped(f)
	t.line("")
	t.say(dim, "", legend(f, t.cut))
	t.summary(f)
	if err := b.Flush(); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// table writes to a buffer, which keeps the first error.
type table struct {
	pen
	out   *bufio.Writer
	width int
	cut   bool // columns had no room
}

func (t *table) line(s string) {
	_, _ = t.out.WriteString(s + "\n") // Flush tells
}

// say writes a text in as many lines as it needs.
func (t *table) say(how style, head, s string) {
	for _, line := range wrap(t.text(head), t.text(s), t.width) {
		t.line(t.paint(line, how))
	}
}

func (t *table) title(sh shape) {
	head := t.text(strings.ToUpper(sh.title)) + "  "
	for i, line := range wrap(head, t.text(sh.about), t.width) {
		if i == 0 {
			t.line(t.paint(head, bold) + t.paint(strings.TrimPrefix(line, head), dim))
			continue
		}
		t.line(t.paint(line, dim))
	}
}

func (t *table) group(f *result.File, g result.Group, sh shape) {
	lanes, notes := lanesOf(f, g, sh)
	t.line("")
	t.say(bold, "  ", g.Title)
	for _, line := range t.lines(t.fit(lanes)) {
		t.line("  " + line)
	}
	for i, n := range notes {
		t.say(yellow, fmt.Sprintf("  [%d] ", i+1), n)
	}
}

// fit is the lanes (the server, bars, the first metric, …) as a grid that has room. What is not as important goes first:
// the length of the spreads, the bars, the other spreads, then columns, the last first.
func (t *table) fit(lanes []lane) grid {
	g := grid{lanes, 3}
	fits := func() bool { return 2+g.width() <= t.width }
	for i := len(lanes) - 1; i > 0 && !fits(); i-- {
		lanes[i] = lanes[i].short()
	}
	if !fits() {
		g = grid{slices.DeleteFunc(lanes, func(l lane) bool { return l.bars }), 2}
	}
	for i := len(g.lanes) - 1; i > 2 && !fits(); i-- {
		g.lanes[i] = g.lanes[i].bare()
	}
	for len(g.lanes) > 2 && !fits() {
		g.lanes = g.lanes[:len(g.lanes)-1]
		t.cut = true
	}
	return g
}

// servers tells what they are.
func (t *table) servers(f *result.File) {
	t.line("")
	t.line(t.paint("SERVERS", bold))
	var name, version lane
	for _, s := range f.Servers {
		name.entries = append(name.entries, entry{text: s.Name})
		version.entries = append(version.entries, entry{text: s.Version})
	}
	for _, s := range f.Servers {
		head := fmt.Sprintf("  %-*s   %-*s   ", name.width(), s.Name, version.width(), s.Version)
		t.say(plain, head, s.About+" ("+s.Language+")")
	}
}

func (t *table) skipped(f *result.File) {
	if len(f.Skipped) == 0 {
		return
	}
	t.line("")
	t.line(t.paint("NOT MEASURED", bold))
	for _, s := range f.Skipped {
		t.say(yellow, "  ", join(": ", join(", ", s.Server, s.Cell), s.Reason))
	}
}
