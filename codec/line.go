package codec

import "bytes"

var (
	errBareLF     = &detail{ErrMalformed, "LF without CR"}
	errBareCR     = &detail{ErrMalformed, "CR without LF"}
	errLFInLine   = &detail{ErrInvalidMessage, "line contains LF"}
	errCRInLine   = &detail{ErrInvalidMessage, "line contains CR"}
	errCREndsLine = &detail{ErrInvalidMessage, "line ends with CR"}
)

// Line frames lines of text; the ending is not part of the message. The zero value takes lines that end with LF or CRLF and
// writes LF. It leaves other CRs alone, but cannot write a line that ends with CR.
type Line struct {
	// CRLF makes CRLF the only ending, read and written. CR and LF occur in no other way: a bare one is ErrMalformed, because
	// two parties that disagree about where a line ends can be played against each other.
	CRLF bool

	// Max is the longest line in bytes, without its ending; zero means DefaultMax, negative means no limit.
	Max int
}

// Validate returns nil: every Line is valid.
func (f Line) Validate() error { return nil }

// Next implements [Framing].
func (f Line) Next(p []byte) (msg []byte, n int, err error) {
	msg, n, _, err = f.NextFrom(p, 0)
	return msg, n, err
}

// NextFrom implements [Scanner].
func (f Line) NextFrom(p []byte, scanned int) (msg []byte, n, next int, err error) {
	limit := limitOf(f.Max)
	p = window(p, limit, len("\r\n"))
	lf := bytes.IndexByte(p[scanned:], '\n')
	line := p
	if lf >= 0 {
		lf += scanned
		line = p[:lf]
	}
	if f.CRLF {
		return nextCRLF(p, line, scanned, limit)
	}
	line = trimCR(line)
	switch {
	case len(line) > limit:
		return nil, 0, 0, ErrTooLong
	case lf < 0:
		return nil, 0, len(p), nil
	}
	return line[:len(line):len(line)], lf + 1, 0, nil
}

// nextCRLF decides by the first CR or LF of p, whichever it is. line is p up to its first LF, or all of p.
func nextCRLF(p, line []byte, scanned, limit int) (msg []byte, n, next int, err error) {
	end := len(line)
	if cr := bytes.IndexByte(line[scanned:], '\r'); cr >= 0 {
		end = scanned + cr
	}
	rest := p[end:]
	switch {
	case end > limit:
		return nil, 0, 0, ErrTooLong
	case len(rest) == 0, len(rest) == 1 && rest[0] == '\r':
		return nil, 0, end, nil
	case rest[0] == '\n':
		return nil, 0, 0, errBareLF
	case rest[1] != '\n':
		return nil, 0, 0, errBareCR
	}
	return p[:end:end], end + 2, 0, nil
}

// Append implements [Framing].
func (f Line) Append(dst, msg []byte) ([]byte, error) {
	switch {
	case len(msg) > limitOf(f.Max):
		return dst, ErrTooLong
	case bytes.IndexByte(msg, '\n') >= 0:
		return dst, errLFInLine
	case f.CRLF && bytes.IndexByte(msg, '\r') >= 0:
		return dst, errCRInLine
	case len(trimCR(msg)) < len(msg):
		return dst, errCREndsLine
	}
	dst = append(dst, msg...)
	if f.CRLF {
		dst = append(dst, '\r')
	}
	return append(dst, '\n'), nil
}

// trimCR cuts one CR off the end of line.
func trimCR(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\r' {
		return line[:n-1]
	}
	return line
}
