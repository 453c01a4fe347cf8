package wsproto_test

import (
	"errors"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// inflated is what the oracle makes of a compressed message.
type inflated struct {
	out       []byte
	farthest  int // distance of a match
	blocks    int // that begin in the payload
	corrupt   bool
	undefined bool // corrupt because a code without symbols is used: flate takes an old one
	stopped   bool // there is more than the limit
}

var errOracle = errors.New("oracle: not DEFLATE")

// inflateOracle decompresses a payload bit by bit, as RFC 1951 section 3.2 describes it: slowly. It
// follows the rules of an Inflater on where a message ends.
func inflateOracle(payload, dict []byte, limit int) (r inflated) {
	if len(payload) == 0 {
		return r
	}
	o := &oracleBits{in: append(append([]byte(nil), payload...), wsproto.DeflateTail...), history: dict}
	defer func() {
		if e := recover(); e != nil {
			if e != errOracle {
				panic(e)
			}
			r.corrupt = true
		}
		r.out, r.farthest, r.undefined = o.out, o.farthest, o.undefined
		if len(o.out) > limit {
			r.out, r.corrupt, r.stopped = o.out[:limit], false, true
		}
	}()
	for streams := 1; ; streams++ {
		for final := false; !final; {
			if len(o.out) > limit {
				return r
			}
			if o.at < 8*len(payload) {
				r.blocks++
			}
			final = o.block()
		}
		o.at = (o.at + 7) / 8 * 8
		rest := o.in[o.at/8:]
		if len(rest) == 0 || len(rest) == 5 || len(rest) == 9 {
			return r
		}
		if streams > 64+o.at/8/64 {
			panic(errOracle)
		}
	}
}

type oracleBits struct {
	in           []byte
	at           int // bit
	history, out []byte
	farthest     int
	undefined    bool
}

// bits is a number of n bits, the lowest first.
func (o *oracleBits) bits(n int) (v int) {
	for i := range n {
		if o.at >= 8*len(o.in) {
			panic(errOracle)
		}
		v |= int(o.in[o.at/8]>>(o.at%8)&1) << i
		o.at++
	}
	return v
}

// block decodes one block and tells whether it is the final one.
func (o *oracleBits) block() (final bool) {
	final = o.bits(1) == 1
	switch o.bits(2) {
	case 0:
		o.at = (o.at + 7) / 8 * 8
		n, inverse := o.bits(16), o.bits(16)
		if n != 0xffff-inverse {
			panic(errOracle)
		}
		for range n {
			o.out = append(o.out, byte(o.bits(8)))
		}
	case 1:
		lengths := make([]int, 288)
		for i := range lengths {
			lengths[i] = 8
			if 144 <= i && i < 256 {
				lengths[i] = 9
			} else if 256 <= i && i < 280 {
				lengths[i] = 7
			}
		}
		distances := make([]int, 32)
		for i := range distances {
			distances[i] = 5
		}
		o.symbols(oracleCode(lengths), oracleCode(distances))
	case 2:
		o.symbols(o.codes())
	default:
		panic(errOracle)
	}
	return final
}

// code is a Huffman code: how many there are of each length, and the symbols in the order of their codes.
type code struct {
	counts  [16]int
	symbols []int
}

// oracleCode is that of RFC 1951 section 3.2.2. As with zlib, a code that is not complete is refused, but for one of a single
// bit and for one that has no symbols at all.
func oracleCode(lengths []int) (c code) {
	used := 0
	for n := 1; n <= 15; n++ {
		for symbol, length := range lengths {
			if length == n {
				c.counts[n]++
				c.symbols = append(c.symbols, symbol)
				used += 1 << (15 - n)
			}
		}
	}
	if len(c.symbols) > 0 && used != 1<<15 && !(len(c.symbols) == 1 && c.counts[1] == 1) {
		panic(errOracle)
	}
	return c
}

// symbol reads bits until they are a code: of each length the codes are numbers one after the other, and those that are
// longer begin where they end.
func (o *oracleBits) symbol(c code) int {
	o.undefined = o.undefined || len(c.symbols) == 0
	v, first, before := 0, 0, 0
	for n := 1; n <= 15; n++ {
		v = v<<1 | o.bits(1)
		if i := v - first; i < c.counts[n] {
			return c.symbols[before+i]
		}
		before += c.counts[n]
		first = (first + c.counts[n]) << 1
		if before == len(c.symbols) {
			break
		}
	}
	panic(errOracle)
}

// codes reads the codes of a dynamic block, section 3.2.7.
func (o *oracleBits) codes() (literals, distances code) {
	nlit, ndist, n := o.bits(5)+257, o.bits(5)+1, o.bits(4)+4
	if nlit > 286 || ndist > 30 {
		panic(errOracle)
	}
	order := []int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
	lengths := make([]int, 19)
	for _, i := range order[:n] {
		lengths[i] = o.bits(3)
	}
	meta := oracleCode(lengths)
	lengths = nil
	for len(lengths) < nlit+ndist {
		symbol, value, repeat := o.symbol(meta), 0, 1
		switch symbol {
		case 16:
			if len(lengths) == 0 {
				panic(errOracle)
			}
			value, repeat = lengths[len(lengths)-1], 3+o.bits(2)
		case 17:
			repeat = 3 + o.bits(3)
		case 18:
			repeat = 11 + o.bits(7)
		default:
			value = symbol
		}
		for range repeat {
			lengths = append(lengths, value)
		}
	}
	if len(lengths) > nlit+ndist {
		panic(errOracle)
	}
	return oracleCode(lengths[:nlit]), oracleCode(lengths[nlit:])
}

// symbols reads literals and matches, section 3.2.5.
func (o *oracleBits) symbols(literals, distances code) {
	for {
		symbol := o.symbol(literals)
		switch {
		case symbol < 256:
			o.out = append(o.out, byte(symbol))
		case symbol == 256:
			return
		case symbol > 285:
			panic(errOracle)
		default:
			length := o.scaled(symbol-257, 4, 3)
			symbol = o.symbol(distances)
			if symbol > 29 {
				panic(errOracle)
			}
			o.copy(length, o.scaled(symbol, 2, 1))
		}
	}
}

// scaled is a length or a distance: from some symbol on, each group of as many symbols has one more extra bit.
func (o *oracleBits) scaled(symbol, group, least int) int {
	if group == 4 && symbol == 28 {
		return 258 // 285 has no extra bits
	}
	extra := max(0, symbol/group-1)
	v := least
	for i := range symbol {
		v += 1 << max(0, i/group-1)
	}
	return v + o.bits(extra)
}

func (o *oracleBits) copy(length, distance int) {
	all := len(o.history) + len(o.out)
	if distance > min(all, 1<<15) {
		panic(errOracle)
	}
	o.farthest = max(o.farthest, distance)
	for range length {
		if i := len(o.out) - distance; i >= 0 {
			o.out = append(o.out, o.out[i])
		} else {
			o.out = append(o.out, o.history[len(o.history)+i])
		}
	}
}
