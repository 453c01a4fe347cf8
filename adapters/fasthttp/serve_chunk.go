package fasthttp

// chunk looks at the chunks that have arrived. s.length counts the bytes in them.
func (s *scan) chunk(p []byte, l *limits) verdict {
	for {
		size, from := 0, int(s.pos)
		i := from
		for ; i < len(p) && i-from < 8; i++ {
			d := hexDigit[p[i]]
			if d == 0 {
				break
			}
			size = size<<4 | int(d-1)
		}
		switch {
		case i-from == 8: // as many as nobody sends
			return odd
		case i == len(p):
			return s.waiting(p, l)
		case i == from || p[i] != '\r':
			return odd
		case i+1 == len(p):
			return s.waiting(p, l)
		case p[i+1] != '\n':
			return odd
		}
		i += 2 + size
		s.length += int64(size)
		if l.body > 0 && s.length > l.body {
			return hopeless
		}
		if s.length > int64(l.wait) {
			return large
		}
		if len(p) < i+2 {
			if len(p) > i && p[i] != '\r' {
				return odd
			}
			s.length -= int64(size)
			return s.waiting(p, l)
		}
		if p[i] != '\r' || p[i+1] != '\n' { // behind the last chunk: a trailer
			return odd
		}
		s.pos = int32(i + 2)
		if size == 0 {
			s.end = s.pos
			s.state = atBody
			return whole
		}
	}
}

// waiting bounds what is kept for the chunks alone: a body of tiny ones is mostly
// framing.
func (s *scan) waiting(p []byte, l *limits) verdict {
	if len(p)-l.head > l.wait {
		return large
	}
	return l.rest()
}

// hexDigit is one more than the value of a digit, and 0 for what is none.
var hexDigit = func() (t [256]uint8) {
	for i, c := range "0123456789abcdef" {
		t[c] = uint8(i + 1)
	}
	for i, c := range "ABCDEF" {
		t[c] = uint8(i + 11)
	}
	return t
}()
