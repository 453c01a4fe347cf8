package websocket_test

import (
	"bytes"
	"compress/flate"
	"errors"
	"testing"
)

// deflateReach answers the largest distance in a compressed message (RFC 1951,
// with the tail that RFC 7692 removes). Nothing is decompressed: it is slow, and
// it is only there because the standard library accepts every distance.
func deflateReach(p []byte) (reach int, err error) {
	z := &bitReader{p: append(bytes.Clone(p), 0, 0, 0xff, 0xff)}
	defer func() {
		if r := recover(); r != nil {
			err = errors.New("corrupt")
		}
	}()
	for z.at < 8*len(z.p) {
		z.bits(1) // BFINAL means nothing here
		switch z.bits(2) {
		case 0:
			z.at = (z.at + 7) &^ 7
			n := z.bits(16)
			z.bits(16)
			z.at += 8 * n
		case 1:
			lit := make([]byte, 288)
			for i := range lit {
				lit[i] = [...]byte{8, 9, 7, 8}[min(i/144, 1)+min(i/256, 1)+min(i/280, 1)]
			}
			reach = max(reach, z.block(newCode(lit), newCode(bytes.Repeat([]byte{5}, 30))))
		case 2:
			lit, dist := z.codes()
			reach = max(reach, z.block(lit, dist))
		default:
			return reach, errors.New("block type 3")
		}
	}
	return reach, nil
}

// bitReader panics at the end of its bytes.
type bitReader struct {
	p  []byte
	at int // bits
}

func (z *bitReader) bits(n int) (v int) {
	for i := range n {
		v |= int(z.p[z.at/8]>>(z.at%8)&1) << i
		z.at++
	}
	return v
}

// prefixCode has the symbols of a code in the order of their codes, and how many
// there are of each length.
type prefixCode struct {
	count   [16]int
	symbols []int
}

func newCode(lengths []byte) *prefixCode {
	c := &prefixCode{}
	for n := byte(1); n < 16; n++ {
		for s, l := range lengths {
			if l == n {
				c.symbols = append(c.symbols, s)
				c.count[n]++
			}
		}
	}
	return c
}

func (z *bitReader) symbol(c *prefixCode) int {
	code, first, index := 0, 0, 0 // first is the first code of this length, index its place
	for n := 1; n < 16; n++ {
		code |= z.bits(1)
		if code-first < c.count[n] {
			return c.symbols[index+code-first]
		}
		index += c.count[n]
		first = (first + c.count[n]) << 1
		code <<= 1
	}
	panic("no such code")
}

// codes reads the codes of a dynamic block: section 3.2.7.
func (z *bitReader) codes() (lit, dist *prefixCode) {
	nLit, nDist, nLen := 257+z.bits(5), 1+z.bits(5), 4+z.bits(4)
	var order [19]byte
	for i := range nLen {
		order[[...]int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}[i]] = byte(z.bits(3))
	}
	c := newCode(order[:])
	var all []byte
	for len(all) < nLit+nDist {
		switch s := z.symbol(c); s {
		case 16:
			all = append(all, bytes.Repeat(all[len(all)-1:], 3+z.bits(2))...)
		case 17:
			all = append(all, make([]byte, 3+z.bits(3))...)
		case 18:
			all = append(all, make([]byte, 11+z.bits(7))...)
		default:
			all = append(all, byte(s))
		}
	}
	return newCode(all[:nLit]), newCode(all[nLit:])
}

// block reads a block to its end: section 3.2.5.
func (z *bitReader) block(lit, dist *prefixCode) (reach int) {
	for {
		s := z.symbol(lit)
		switch {
		case s == 256:
			return reach
		case s > 264 && s < 285:
			z.bits((s - 261) / 4)
		}
		if s > 256 {
			d := z.symbol(dist)
			base, extra := 1+d, 0
			if d > 3 {
				extra = d/2 - 1
				base = 1 + (2+d%2)<<extra
			}
			reach = max(reach, base+z.bits(extra))
		}
	}
}

func TestDeflateReach(t *testing.T) {
	t.Parallel()
	noise := conformNoise()[:40_000]
	for _, level := range []int{flate.HuffmanOnly, flate.NoCompression, 1, 9} {
		for _, gap := range []int{200, 512, 513, 30_000} {
			var b bytes.Buffer
			w, _ := flate.NewWriter(&b, level)
			_, _ = w.Write(append(bytes.Clone(noise[:gap]), noise[:min(gap, 300)]...))
			_ = w.Flush()
			want := gap
			if level <= 0 {
				want = 0
			}
			// Where the match begins is the compressor's choice, its distance is not.
			got, err := deflateReach(bytes.TrimSuffix(b.Bytes(), []byte("\x00\x00\xff\xff")))
			if err != nil || got != want && !(level == 1 && got == 0) {
				t.Errorf("level %d, repeated after %d bytes: reach %d, %v", level, gap, got, err)
			}
		}
	}
	if reach, err := deflateReach([]byte{0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00}); reach != 0 || err != nil { // RFC 7692 7.2.3.1
		t.Errorf("Hello has a reach of %d, %v", reach, err)
	}
	if _, err := deflateReach([]byte{7}); err == nil {
		t.Error("a block of type 3 is accepted")
	}
}
