package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// progress is the one line that tells how far long work has come. On a terminal
// it is drawn over and over, elsewhere a line is printed every five seconds.
type progress struct {
	w     io.Writer
	fd    int // of the terminal, -1 if w is none that can erase
	drawn bool
	last  time.Time
}

func newProgress(w io.Writer) *progress {
	p := &progress{w: w, fd: -1}
	if f, ok := w.(interface{ Fd() uintptr }); ok && isTerminal(w) && os.Getenv("TERM") != "dumb" {
		p.fd = int(f.Fd())
	}
	return p
}

// show tells that done of the whole, 0 to 1, is done, that left is left if that
// is known, and what comes next.
func (p *progress) show(done float64, left time.Duration, text string) {
	line := fmt.Sprintf("%3.0f%%", 100*done)
	if left > 0 {
		line += " " + left.Round(time.Second).String() + " left"
	}
	line += "  " + text
	if p.fd < 0 {
		if now := time.Now(); now.Sub(p.last) >= 5*time.Second {
			p.last = now
			fmt.Fprintln(p.w, line)
		}
		return
	}
	if width, _, err := term.GetSize(p.fd); err == nil && width > 1 {
		line = clip(line, width-1)
	}
	fmt.Fprint(p.w, "\r", line, "\x1b[K")
	p.drawn = true
}

// clear takes the line away.
func (p *progress) clear() {
	if p.drawn {
		fmt.Fprint(p.w, "\r\x1b[K")
		p.drawn = false
	}
}

// clip cuts s to so many characters.
func clip(s string, width int) string {
	if r := []rune(s); len(r) > width {
		return strings.TrimRight(string(r[:width-1]), " ") + "…"
	}
	return s
}
