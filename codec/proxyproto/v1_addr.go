package proxyproto

import "net/netip"

// parseAddr reads an address of the family of t and the space behind it.
func parseAddr(p []byte, t Transport) (netip.Addr, int, error) {
	if t == TCP4 {
		a, n, err := parseIPv4(p)
		return netip.AddrFrom4(a), n, err
	}
	a, n, err := parseIPv6(p)
	return netip.AddrFrom16(a), n, err
}

// parseNumber reads a decimal number and the byte that ends it. Section 2.1: "Heading zeroes are not permitted in front of
// numbers".
func parseNumber(p []byte, most uint32, end byte) (v uint32, n int, err error) {
	for i, c := range p {
		switch {
		case c == end && i > 0:
			return v, i + 1, nil
		case c < '0' || c > '9':
			return 0, 0, errNumber
		case i > 0 && v == 0:
			return 0, 0, errZero
		}
		if v = v*10 + uint32(c-'0'); v > most {
			return 0, 0, errRange
		}
	}
	return 0, 0, nil
}

// parseIPv4 reads the address and the space behind it. Section 2.1: "a series of exactly 4 integers in the range [0..255]".
func parseIPv4(p []byte) (a [4]byte, n int, err error) {
	for i := range a {
		end := byte('.')
		if i == len(a)-1 {
			end = ' '
		}
		v, size, err := parseNumber(p[n:], 255, end)
		if size == 0 {
			return a, 0, err
		}
		a[i] = byte(v)
		n += size
	}
	return a, n, nil
}

// parseIPv6 reads the address and the space behind it, in the forms of RFC 4291 section 2.2. The third of those, whose end is an
// IPv4 address, is not in the grammar of section 2.1; it is what inet_ntop makes of mapped addresses, so proxies send it.
func parseIPv6(p []byte) (a [16]byte, n int, err error) {
	size, gap := 0, -1 // bytes of the address so far, and how many of them are before the "::"
	if len(p) > 0 && p[0] == ':' {
		if len(p) > 1 && p[1] != ':' {
			return a, 0, errIPv6
		}
		gap, n = 0, 2
	}
	for {
		if n >= len(p) {
			return a, 0, nil
		}
		// Here an address may end after "::", and must if that stands for the last 16 bits.
		if p[n] == ' ' && gap == size {
			return spread(a, size, gap), n + 1, nil
		}
		if used(size, gap) == len(a) {
			return a, 0, errIPv6
		}
		start := n
		v, digits := parseHex(p[n:])
		if n += digits; n == len(p) {
			return a, 0, nil
		}
		if digits == 0 {
			return a, 0, errIPv6
		}
		if p[n] == '.' {
			if left := len(a) - used(size, gap); left < 4 || left > 4 && gap < 0 {
				return a, 0, errIPv6
			}
			tail, m, err := parseIPv4(p[start:])
			if m == 0 {
				return a, 0, err
			}
			copy(a[size:], tail[:])
			return spread(a, size+len(tail), gap), start + m, nil
		}
		a[size], a[size+1] = byte(v>>8), byte(v)
		size += 2
		full := used(size, gap) == len(a)
		switch {
		case p[n] == ' ' && (gap >= 0 || full):
			return spread(a, size, gap), n + 1, nil
		case p[n] != ':' || full:
			return a, 0, errIPv6
		}
		n++
		if n < len(p) && p[n] == ':' {
			if gap >= 0 {
				return a, 0, errIPv6
			}
			gap = size
			n++
		}
	}
}

// used is how many bytes of an address are spoken for: the "::" stands for at least one group (RFC 4291 section 2.2).
func used(size, gap int) int {
	if gap >= 0 {
		size += 2
	}
	return size
}

// parseHex reads at most four hexadecimal digits.
func parseHex(p []byte) (v uint32, n int) {
	for n < len(p) && n < 4 {
		c := p[n]
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return v, n
		}
		v = v<<4 | uint32(c)
		n++
	}
	return v, n
}

// spread moves what follows the gap, if there is one, to the end of the address.
func spread(a [16]byte, size, gap int) (out [16]byte) {
	if gap < 0 {
		return a
	}
	copy(out[:], a[:gap])
	copy(out[len(out)-(size-gap):], a[gap:size])
	return out
}
