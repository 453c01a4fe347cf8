package main

import (
	"bytes"
	"io"
	"strconv"
	"unicode/utf8"
)

// printer prints what connect receives. One goroutine at a time may use it.
type printer struct {
	w        io.Writer
	mark     string // before each line
	people   bool   // w is a terminal: nothing that arrives may control it
	verbatim bool   // nothing is added to messages
	limit    int    // messages or lines to print; 0 means no limit

	seen int  // messages, or whole lines of a stream
	open bool // the last line of a stream has no end yet
	buf  []byte
}

// enough tells that limit was reached: what follows is not printed.
func (pr *printer) enough() bool { return pr.limit > 0 && pr.seen >= pr.limit }

// message prints one message, and a newline that ends it.
func (pr *printer) message(p []byte) error {
	if pr.enough() {
		return nil
	}
	pr.seen++
	pr.buf = append(pr.buf[:0], pr.mark...)
	if pr.people {
		pr.buf = appendVisible(pr.buf, p)
	} else {
		pr.buf = append(pr.buf, p...)
	}
	if pr.people || !pr.verbatim {
		pr.buf = append(pr.buf, '\n')
	}
	_, err := pr.w.Write(pr.buf)
	return err
}

// stream prints bytes as they come. On a terminal each piece gets lines of its
// own: what somebody types stands between them.
func (pr *printer) stream(p []byte) error {
	pr.buf = pr.buf[:0]
	for len(p) > 0 && !pr.enough() {
		line, rest, whole := bytes.Cut(p, []byte("\n"))
		if pr.people {
			pr.buf = append(appendVisible(append(pr.buf, pr.mark...), line), '\n')
		} else {
			pr.buf = append(pr.buf, p[:len(p)-len(rest)]...)
		}
		if pr.open = !whole; whole {
			pr.seen++
		}
		p = rest
	}
	if len(pr.buf) == 0 {
		return nil
	}
	_, err := pr.w.Write(pr.buf)
	return err
}

// end counts the last line of a stream, which may lack its newline.
func (pr *printer) end() {
	if pr.open {
		pr.open = false
		pr.seen++
	}
}

// appendVisible appends p with everything that a terminal might act on, tabs
// and newlines aside, in Go's escapes.
func appendVisible(dst, p []byte) []byte {
	for len(p) > 0 {
		r, n := utf8.DecodeRune(p)
		switch {
		case r == utf8.RuneError && n == 1:
			const hex = "0123456789abcdef"
			dst = append(dst, '\\', 'x', hex[p[0]>>4], hex[p[0]&15])
		case r == '\t' || r == '\n' || strconv.IsPrint(r):
			dst = append(dst, p[:n]...)
		default:
			q := strconv.AppendQuoteRune(nil, r)
			dst = append(dst, q[1:len(q)-1]...)
		}
		p = p[n:]
	}
	return dst
}
