package fasthttp

import (
	"bytes"
	"math"
)

// verdict is what the bytes at hand are.
type verdict uint8

const (
	// needMore: the beginning of a request that looks well, so far.
	needMore verdict = iota
	// whole: one request, from its first to its last byte.
	whole
	// hopeless: fasthttp refuses it because of what is there already.
	hopeless
	// odd: nothing is claimed about it. fasthttp's parser has to read it from the
	// connection itself, and to say where it ends.
	odd
	// large: as odd, but only because its body is not to be waited for in memory.
	large
)

// limits are what bounds a request on the loop.
type limits struct {
	head   int   // bytes of a head: fasthttp's read buffer
	body   int64 // bytes of a body; 0 when the application decides for each request
	wait   int   // bytes of a request that waits for the rest of itself in memory
	stream bool  // the handler reads the body as it comes: nothing waits
}

// rest is the verdict on a request of which a part of the body has not come.
func (l *limits) rest() verdict {
	if l.stream {
		return large
	}
	return needMore
}

// scan finds the end of a request while it arrives. It knows the plain requests
// that clients send, and just how they are framed (RFC 9112 section 6); everything
// that has ever been read in two ways is odd: a bare LF or CR, a folded line, two
// Content-Lengths, one beside Transfer-Encoding, a sign, a chunk extension, a
// trailer. It does not judge the rest of the head: what fasthttp refuses closes the
// connection, so that it does not matter where it ends. The zero scan is ready; all
// positions count from the first byte of the request.
type scan struct {
	pos    int32 // where to go on: the start of a line, or of a chunk
	end    int32 // of the body, once it is known
	length int64 // Content-Length
	state  scanState
	sized  bool // there was a Content-Length
	chunks bool // Transfer-Encoding: chunked
}

type scanState uint8

const (
	atStart scanState = iota
	atField
	atBody
	atChunk
)

// next goes on with p, which begins with the request and never gets shorter. For
// whole, s.end tells how long it is.
func (s *scan) next(p []byte, l *limits) verdict {
	for s.state <= atField {
		n := bytes.IndexByte(p[s.pos:], '\n')
		if n < 0 {
			if len(p) >= l.head {
				return hopeless
			}
			return needMore
		}
		line := p[s.pos : int(s.pos)+n]
		s.pos += int32(n + 1)
		if n == 0 || line[n-1] != '\r' {
			return odd
		}
		line = line[:n-1]
		switch {
		case bytes.IndexByte(line, '\r') >= 0:
			return odd
		case s.state == atStart:
			if !plainStart(line) {
				return odd
			}
			s.state = atField
		case len(line) > 0:
			if !s.field(line) {
				return odd
			}
		default:
			if v := s.body(l); v != needMore {
				return v
			}
		}
	}
	if s.state == atChunk {
		return s.chunk(p, l)
	}
	if len(p) < int(s.end) {
		return l.rest()
	}
	return whole
}

// body is called when the head is whole.
func (s *scan) body(l *limits) verdict {
	switch {
	case int(s.pos) > l.head:
		return hopeless
	case s.chunks && s.sized:
		return odd
	case s.chunks:
		s.state = atChunk
		return needMore
	case l.body > 0 && s.length > l.body:
		return hopeless
	case s.length > int64(l.wait):
		return large
	}
	s.state, s.end = atBody, s.pos+int32(s.length)
	return needMore
}

// field takes one line of the header. It answers false for what is odd.
func (s *scan) field(line []byte) bool {
	colon := 0
	for colon < len(line) && isToken[line[colon]] {
		colon++
	}
	if colon == 0 || colon == len(line) || line[colon] != ':' {
		return false
	}
	switch name := line[:colon]; {
	case colon == 14 && line[0]|0x20 == 'c' && bytes.EqualFold(name, contentLength):
		n, ok := plainNumber(trimSpace(line[colon+1:]))
		if !ok || s.sized {
			return false
		}
		s.length, s.sized = n, true
	case colon == 17 && line[0]|0x20 == 't' && bytes.EqualFold(name, transferEncoding):
		if s.chunks || !bytes.EqualFold(trimSpace(line[colon+1:]), chunked) {
			return false
		}
		s.chunks = true
	case colon == 6 && line[0]|0x20 == 'e' && bytes.EqualFold(name, expect):
		return false // there is an answer to be given before the body comes
	}
	return true
}

var (
	contentLength    = []byte("Content-Length")
	transferEncoding = []byte("Transfer-Encoding")
	chunked          = []byte("chunked")
	expect           = []byte("Expect")
	http11           = []byte(" HTTP/1.1")
	http10           = []byte(" HTTP/1.0")
)

// plainStart tells a request line of three words, a method of capitals and a
// version we know (RFC 9112 section 3).
func plainStart(line []byte) bool {
	n := len(line) - len(http11)
	if n < 3 || !bytes.Equal(line[n:], http11) && !bytes.Equal(line[n:], http10) {
		return false
	}
	i := 0
	for line[i] >= 'A' && line[i] <= 'Z' {
		i++
	}
	target := line[:n]
	if i == 0 || i >= n-1 || target[i] != ' ' {
		return false
	}
	for _, c := range target[i+1:] {
		if c <= ' ' || c == 0x7f {
			return false
		}
	}
	return true
}

// plainNumber reads one to eighteen digits, and nothing else.
func plainNumber(p []byte) (n int64, ok bool) {
	if len(p) == 0 || len(p) > 18 {
		return 0, false
	}
	for _, c := range p {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int64(c-'0')
	}
	return n, n < math.MaxInt/2
}

func trimSpace(p []byte) []byte {
	for len(p) > 0 && (p[0] == ' ' || p[0] == '\t') {
		p = p[1:]
	}
	for len(p) > 0 && (p[len(p)-1] == ' ' || p[len(p)-1] == '\t') {
		p = p[:len(p)-1]
	}
	return p
}

// isToken holds the characters of a field name (RFC 9110 section 5.6.2).
var isToken = func() (t [256]bool) {
	for c := 'a'; c <= 'z'; c++ {
		t[c], t[c-'a'+'A'] = true, true
	}
	for c := '0'; c <= '9'; c++ {
		t[c] = true
	}
	for _, c := range "!#$%&'*+-.^_`|~" {
		t[c] = true
	}
	return t
}()
