package wsproto

import "encoding/binary"

// UTF8 checks text that arrives in pieces, cut anywhere. The zero value is at
// the start of a text; it is one byte, and free to be copied.
type UTF8 struct {
	state uint8
}

// Write checks the next piece. It returns false as soon as the bytes seen so
// far are not the start of any UTF-8 text (RFC 3629), and keeps returning false
// until Reset.
func (u *UTF8) Write(p []byte) bool {
	const high = 0x8080808080808080
	s := uint64(u.state)
	// The capacity is cut, and the loops leave a byte, because the compiler then
	// needs no care for slices that point past their array.
	p = p[:len(p):len(p)]
	for {
		if s&63 == utf8Start {
			for len(p) > 32 && (word64(p)|word64(p[8:])|word64(p[16:])|word64(p[24:]))&high == 0 {
				p = p[32:]
			}
			for len(p) > 8 && word64(p)&high == 0 {
				p = p[8:]
			}
		}
		if len(p) < 8 {
			break
		}
		q := p[:8]
		s = utf8Table[q[0]] >> (s & 63)
		s = utf8Table[q[1]] >> (s & 63)
		s = utf8Table[q[2]] >> (s & 63)
		s = utf8Table[q[3]] >> (s & 63)
		s = utf8Table[q[4]] >> (s & 63)
		s = utf8Table[q[5]] >> (s & 63)
		s = utf8Table[q[6]] >> (s & 63)
		s = utf8Table[q[7]] >> (s & 63)
		p = p[8:]
	}
	if s&63 == utf8Start && len(p) >= 4 && word32(p)&0x80808080 == 0 {
		p = p[4:]
	}
	for _, b := range p {
		s = utf8Table[b] >> (s & 63)
	}
	u.state = uint8(s & 63)
	return u.state != utf8Bad
}

// Complete reports whether the text could end here: it is valid and not inside
// a character.
func (u *UTF8) Complete() bool { return u.state == utf8Start }

// Reset goes back to the start of a text.
func (u *UTF8) Reset() { u.state = utf8Start }

func word32(p []byte) uint32 { return binary.LittleEndian.Uint32(p) }

func word64(p []byte) uint64 { return binary.LittleEndian.Uint64(p) }

// The states are what may come next. Each is the place of six bits in a row of
// utf8Table, so that a step is one load and one shift, and only the shifts wait
// for each other.
const (
	utf8Start = 6 * iota // any character
	utf8Tail1            // one, two or three bytes 80 to BF
	utf8Tail2
	utf8Tail3
	utf8AfterE0 // not an overlong form
	utf8AfterED // not a surrogate
	utf8AfterF0 // not an overlong form
	utf8AfterF4 // not above U+10FFFF
	utf8Bad     // nothing, ever
)

// utf8Table has a row for each byte: the state that follows each state.
var utf8Table = buildUTF8Table()

// buildUTF8Table is the grammar of RFC 3629 section 4.
func buildUTF8Table() (table [256]uint64) {
	for b := range table {
		for from := utf8Start; from <= utf8Bad; from += 6 {
			table[b] |= utf8Bad << from
		}
	}
	for _, rule := range []struct {
		from   int
		lo, hi byte
		to     uint64
	}{
		{utf8Start, 0x00, 0x7f, utf8Start},
		{utf8Start, 0xc2, 0xdf, utf8Tail1},
		{utf8Start, 0xe0, 0xe0, utf8AfterE0},
		{utf8Start, 0xe1, 0xec, utf8Tail2},
		{utf8Start, 0xed, 0xed, utf8AfterED},
		{utf8Start, 0xee, 0xef, utf8Tail2},
		{utf8Start, 0xf0, 0xf0, utf8AfterF0},
		{utf8Start, 0xf1, 0xf3, utf8Tail3},
		{utf8Start, 0xf4, 0xf4, utf8AfterF4},
		{utf8Tail1, 0x80, 0xbf, utf8Start},
		{utf8Tail2, 0x80, 0xbf, utf8Tail1},
		{utf8Tail3, 0x80, 0xbf, utf8Tail2},
		{utf8AfterE0, 0xa0, 0xbf, utf8Tail1},
		{utf8AfterED, 0x80, 0x9f, utf8Tail1},
		{utf8AfterF0, 0x90, 0xbf, utf8Tail2},
		{utf8AfterF4, 0x80, 0x8f, utf8Tail2},
	} {
		for b := int(rule.lo); b <= int(rule.hi); b++ {
			table[b] &^= 63 << rule.from
			table[b] |= rule.to << rule.from
		}
	}
	return table
}
