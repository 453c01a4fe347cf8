package wsproto

import "bytes"

// QueryValue returns the value of the first parameter of that name in the query, decoded: %XX, and '+' for a space, as in
// application/x-www-form-urlencoded. ok tells whether there is one. Like net/url it passes over a parameter with
// a ';' or a broken escape. A value without escapes is a view, like all of r; another is decoded into a copy, which is
// the only allocation.
func (r *Request) QueryValue(name string) (value []byte, ok bool) {
	for rest := r.Query(); len(rest) > 0; {
		pair := rest
		if i := bytes.IndexByte(rest, '&'); i >= 0 {
			pair, rest = rest[:i], rest[i+1:]
		} else {
			rest = nil
		}
		if len(pair) == 0 || bytes.IndexByte(pair, ';') >= 0 {
			continue
		}
		key, raw := pair, pair[len(pair):]
		if i := bytes.IndexByte(pair, '='); i >= 0 {
			key, raw = pair[:i], pair[i+1:]
		}
		if !hsFormEqual(key, name) || !hsFormValid(raw) {
			continue
		}
		if bytes.IndexByte(raw, '%') < 0 && bytes.IndexByte(raw, '+') < 0 {
			return raw, true
		}
		return hsFormDecode(raw), true
	}
	return nil, false
}

// hsFormByte decodes the byte at the start of s, which is not empty, and answers how many bytes stand for it; 0 for a
// broken escape.
func hsFormByte(s []byte) (c byte, n int) {
	switch {
	case s[0] == '+':
		return ' ', 1
	case s[0] != '%':
		return s[0], 1
	case len(s) < 3 || hsClass[s[1]]&hsHex == 0 || hsClass[s[2]]&hsHex == 0:
		return 0, 0
	}
	return hsUnhex(s[1])<<4 | hsUnhex(s[2]), 3
}

func hsUnhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return hsLower(c) - 'a' + 10
}

func hsFormEqual(encoded []byte, plain string) bool {
	i := 0
	for len(encoded) > 0 {
		c, n := hsFormByte(encoded)
		if n == 0 || i == len(plain) || plain[i] != c {
			return false
		}
		encoded = encoded[n:]
		i++
	}
	return i == len(plain)
}

func hsFormValid(s []byte) bool {
	for len(s) > 0 {
		_, n := hsFormByte(s)
		if n == 0 {
			return false
		}
		s = s[n:]
	}
	return true
}

func hsFormDecode(s []byte) []byte {
	b := make([]byte, 0, len(s))
	for len(s) > 0 {
		c, n := hsFormByte(s)
		b, s = append(b, c), s[n:]
	}
	return b
}
