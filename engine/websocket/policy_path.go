package websocket

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"
)

// route is one pattern of Options.Paths: segments, each of which takes one
// segment of a path, and with rest whatever follows, which is one segment at
// least ("/a/" is the two segments "a" and "").
type route struct {
	pattern  string
	segments []segment
	rest     bool
	restName string // empty for a trailing slash
}

type segment struct {
	text string // a literal, decoded, or the name of a wildcard
	wild bool   // takes any segment that is not empty
}

// routes have the more specific of two that match the same path first.
type routes []*route

// add puts a pattern in its place. Two that match some of the same paths, of
// which neither is more specific, are an error, as for net/http.ServeMux.
func (all routes) add(pattern string) (routes, error) {
	r, err := parseRoute(pattern)
	if err != nil {
		return all, fmt.Errorf("%q: %w", pattern, err)
	}
	at := len(all)
	for i, other := range all {
		switch overlap, more, less := r.compare(other); {
		case !overlap:
		case more == less:
			return all, fmt.Errorf("%q and %q match the same paths, and neither is more specific", other.pattern, pattern)
		case more:
			at = min(at, i)
		}
	}
	return slices.Insert(all, at, r), nil
}

// find returns the most specific route that matches path, or nil. A path that
// is not clean matches nothing: ServeMux would redirect it, which no WebSocket
// client follows, and a value that walks up a tree is nobody's wish.
func (all routes) find(path []byte) *route {
	if !clean(path) {
		return nil
	}
	for _, r := range all {
		if r.match(path) {
			return r
		}
	}
	return nil
}

func (r *route) match(path []byte) bool {
	for i := range r.segments {
		if len(path) == 0 {
			return false
		}
		var seg []byte
		seg, path = cutSegment(path)
		if s := &r.segments[i]; s.wild && len(seg) == 0 || !s.wild && !decodesTo(seg, s.text) {
			return false
		}
	}
	return r.rest == (len(path) > 0)
}

// value returns what the wildcard of that name has taken of path, which
// matches; nil when there is none.
func (r *route) value(path []byte, name string) []byte {
	for i := range r.segments {
		var seg []byte
		seg, path = cutSegment(path)
		if s := &r.segments[i]; s.wild && s.text == name {
			return decode(seg)
		}
	}
	if r.restName == name && name != "" {
		return decode(path[1:])
	}
	return nil
}

// compare tells whether some path matches both patterns, and which of the two
// is more specific somewhere.
func (r *route) compare(other *route) (overlap, more, less bool) {
	n := min(len(r.segments), len(other.segments))
	for i := range n {
		switch a, b := r.segments[i], other.segments[i]; {
		case a.wild && b.wild:
		case a.wild:
			if b.text == "" { // of {$}
				return false, false, false
			}
			less = true
		case b.wild:
			if a.text == "" {
				return false, false, false
			}
			more = true
		case a.text != b.text:
			return false, false, false
		}
	}
	switch {
	case r.rest && other.rest:
		more = more || len(r.segments) > n
		less = less || len(other.segments) > n
	case r.rest:
		if len(other.segments) == n { // rest takes one segment at least
			return false, false, false
		}
		less = true
	case other.rest:
		if len(r.segments) == n {
			return false, false, false
		}
		more = true
	case len(r.segments) != len(other.segments):
		return false, false, false
	}
	return true, more, less
}

func parseRoute(pattern string) (*route, error) {
	if !strings.HasPrefix(pattern, "/") {
		return nil, errors.New("a path begins with a slash")
	}
	r := &route{pattern: pattern}
	segments := strings.Split(pattern[1:], "/")
	for i, s := range segments {
		last := i == len(segments)-1
		switch {
		case s == "" && last:
			r.rest = true
		case s == "{$}" && last:
			r.segments = append(r.segments, segment{})
		case strings.HasPrefix(s, "{") && strings.HasSuffix(s, "}"):
			name, rest := strings.CutSuffix(s[1:len(s)-1], "...")
			switch {
			case rest && !last:
				return nil, fmt.Errorf("%s is not at the end", s)
			case !identifier(name):
				return nil, fmt.Errorf("%s: the name of a wildcard is a Go identifier", s)
			case slices.Contains(r.segments, segment{name, true}):
				return nil, fmt.Errorf("%s stands twice", s)
			case rest:
				r.rest, r.restName = true, name
			default:
				r.segments = append(r.segments, segment{name, true})
			}
		case strings.Contains(s, "{"):
			return nil, errors.New("a wildcard is a whole segment")
		default:
			text, err := url.PathUnescape(s)
			if err != nil {
				return nil, err
			}
			if text == "" || text == "." || text == ".." {
				return nil, errors.New("a path that is not clean never matches")
			}
			r.segments = append(r.segments, segment{text: text})
		}
	}
	return r, nil
}

func identifier(s string) bool {
	for i, c := range s {
		if !unicode.IsLetter(c) && c != '_' && (i == 0 || !unicode.IsDigit(c)) {
			return false
		}
	}
	return s != ""
}

// clean tells whether no segment of path is empty, but the last, and none is
// "." or "..", however they are written.
func clean(path []byte) bool {
	for len(path) > 0 {
		var seg []byte
		seg, path = cutSegment(path)
		if len(seg) == 0 && len(path) > 0 || decodesTo(seg, ".") || decodesTo(seg, "..") {
			return false
		}
	}
	return true
}

// cutSegment cuts "/seg" off path, which begins with a slash.
func cutSegment(path []byte) (seg, rest []byte) {
	path = path[1:]
	if i := bytes.IndexByte(path, '/'); i >= 0 {
		return path[:i], path[i:]
	}
	return path, nil
}

// decodesTo compares what is percent-encoded, whose escapes are valid (the
// parser of the request has seen to it), with what is not.
func decodesTo(seg []byte, text string) bool {
	i := 0
	for len(seg) > 0 && i < len(text) {
		c, n := decodeByte(seg)
		if c != text[i] {
			return false
		}
		seg = seg[n:]
		i++
	}
	return len(seg) == 0 && i == len(text)
}

// decode returns seg itself when nothing in it is encoded.
func decode(seg []byte) []byte {
	if bytes.IndexByte(seg, '%') < 0 {
		return seg
	}
	b := make([]byte, 0, len(seg))
	for len(seg) > 0 {
		c, n := decodeByte(seg)
		b, seg = append(b, c), seg[n:]
	}
	return b
}

func decodeByte(s []byte) (c byte, n int) {
	if s[0] != '%' {
		return s[0], 1
	}
	return unhex(s[1])<<4 | unhex(s[2]), 3
}

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}
