package report

import (
	"slices"
	"strings"
	"unicode/utf8"
)

func letters(s string) int { return utf8.RuneCountInString(s) }

// entry is one field of a grid: a number, aligned at its point, and what stands behind it, such as the spread.
type entry struct {
	text, after string
	brief       string // after, where there is little room
	how         style  // of text; after is always dim
}

// lane is one column of a grid.
type lane struct {
	head, unit string
	left       bool // text, not numbers
	bars       bool
	entries    []entry
}

// with is the lane with something else behind its numbers.
func (l lane) with(after func(entry) string) lane {
	w := l
	w.entries = make([]entry, len(l.entries))
	for i, e := range l.entries {
		e.after = after(e)
		w.entries[i] = e
	}
	return w
}

func (l lane) bare() lane  { return l.with(func(entry) string { return "" }) }
func (l lane) short() lane { return l.with(func(e entry) string { return e.brief }) }

// parts are the widths of the text or number, of the part behind the point, and of what follows them.
func (l lane) parts() (texts, rest, after int) {
	whole := 0
	for _, e := range l.entries {
		if w, r, ok := split(e.text); ok && !l.left {
			whole, rest = max(whole, letters(w)), max(rest, letters(r))
		} else {
			texts = max(texts, letters(e.text))
		}
		if e.after != "" {
			after = max(after, letters(e.after)+1)
		}
	}
	return max(texts, whole+rest), rest, after
}

// split cuts a number at its point; ok is whether it is a number.
func split(s string) (whole, rest string, ok bool) {
	if s == "" || s == "-" || strings.Trim(s, "0123456789.,-") != "" {
		return s, "", false
	}
	if i := strings.IndexByte(s, '.'); i >= 0 {
		return s[:i], s[i:], true
	}
	return s, "", true
}

func (l lane) width() int {
	texts, _, after := l.parts()
	return max(texts+after, letters(l.head), letters(l.unit))
}

// grid is lanes beside each other, with gap blanks between.
type grid struct {
	lanes []lane
	gap   int
}

func (g grid) width() int {
	w := 0
	for _, l := range g.lanes {
		w += l.width() + g.gap
	}
	return max(0, w-g.gap)
}

// lines draws a grid: the heads, the units if there are any, and the entries.
func (p pen) lines(g grid) []string {
	out := []string{p.row(g, func(l lane, w int) string { return p.paint(l.pad(p.text(l.head), w), bold) })}
	if slices.ContainsFunc(g.lanes, func(l lane) bool { return l.unit != "" }) {
		out = append(out, p.row(g, func(l lane, w int) string { return p.paint(l.pad(p.text(l.unit), w), dim) }))
	}
	for i := range g.lanes[0].entries {
		out = append(out, p.row(g, func(l lane, w int) string { return p.field(l, i, w) }))
	}
	return out
}

func (p pen) row(g grid, field func(l lane, width int) string) string {
	var b strings.Builder
	for i, l := range g.lanes {
		if i > 0 {
			b.WriteString(strings.Repeat(" ", g.gap))
		}
		b.WriteString(field(l, l.width()))
	}
	return strings.TrimRight(b.String(), " ")
}

// pad puts s to the side of the lane where its numbers are.
func (l lane) pad(s string, width int) string {
	blanks := strings.Repeat(" ", max(0, width-letters(s)))
	if l.left {
		return s + blanks
	}
	return blanks + s
}

func (p pen) field(l lane, i, width int) string {
	e := l.entries[i]
	blank := func(n int) string { return strings.Repeat(" ", max(0, n)) }
	if l.left {
		return p.paint(p.text(e.text), e.how) + blank(width-letters(e.text))
	}
	_, rest, after := l.parts()
	_, r, ok := split(e.text)
	if !ok {
		rest = 0 // ends where the longest numbers do
	}
	s := blank(width-after-rest+letters(r)-letters(e.text)) + p.paint(p.text(e.text), e.how) + blank(rest-letters(r))
	if e.after != "" {
		s += " " + p.paint(p.text(e.after), dim)
		after -= letters(e.after) + 1
	}
	return s + blank(after)
}
