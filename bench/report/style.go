package report

import (
	"strings"
	"unicode"
)

// style is how a piece of text looks on a terminal that has colours.
type style string

const (
	plain  style = ""
	bold   style = "1"
	dim    style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
)

// pen writes for one kind of terminal.
type pen struct {
	color, unicode bool
}

func (p pen) paint(s string, how style) string {
	if !p.color || how == plain || strings.TrimSpace(s) == "" {
		return s
	}
	return "\x1b[" + string(how) + "m" + s + "\x1b[0m"
}

// ascii puts one letter for one, so that it moves nothing.
var ascii = strings.NewReplacer("µ", "u", "·", "-", "–", "-", "±", "~", "█", "#", "▶", ">",
	"▏", ".", "▎", ".", "▍", ".", "▌", "#", "▋", "#", "▊", "#", "▉", "#")

// text is s in the letters that the terminal has. A file may come from anybody: nothing in it gets to command the terminal.
func (p pen) text(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	if p.unicode {
		return s
	}
	return ascii.Replace(s)
}

// bar is a line as long as share (0 to 1) of width letters.
func bar(share float64, width int) string {
	eighths := max(1, int(share*float64(width)*8+0.5))
	s := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		s += string([]rune("▏▎▍▌▋▊▉")[rest-1])
	}
	return s
}

// wrap breaks s between words into lines of at most width letters; the first is to start with head, the others with as
// many blanks. A word that is longer stays whole.
func wrap(head, s string, width int) []string {
	indent := strings.Repeat(" ", letters(head))
	var lines []string
	line := head
	empty := true
	for word := range strings.FieldsSeq(s) {
		if !empty && letters(line)+1+letters(word) > width {
			lines = append(lines, line)
			line, empty = indent, true
		}
		if !empty {
			line += " "
		}
		line += word
		empty = false
	}
	return append(lines, line)
}
