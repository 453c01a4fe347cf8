package codec

var (
	errVarintOverflow = &detail{ErrMalformed, "varint does not fit into 64 bits"}
	errVarintPadded   = &detail{ErrMalformed, "varint is longer than needed"}
)

// maxVarint is the size of a varint of 64 bits.
const maxVarint = 10

// width is the size of the length in bytes, or Varint.
func (f *LengthPrefix) width() int {
	if f.Width == 0 {
		return 4
	}
	return f.Width
}

// parseHeader reads the length behind its offset; header is the size of both, and 0 if p is incomplete or err is set.
func (f *LengthPrefix) parseHeader(p []byte) (length uint64, header int, err error) {
	if len(p) <= f.LengthOffset {
		return 0, 0, nil
	}
	p = p[f.LengthOffset:]
	width := f.width()
	if width == Varint {
		length, width, err = parseVarint(p)
		if width == 0 {
			return 0, 0, err
		}
		return length, f.LengthOffset + width, nil
	}
	if len(p) < width {
		return 0, 0, nil
	}
	for i, b := range p[:width] {
		if f.LittleEndian {
			length |= uint64(b) << (8 * i)
		} else {
			length = length<<8 | uint64(b)
		}
	}
	return length, f.LengthOffset + width, nil
}

// appendLength appends the length alone; ok is false if it does not fit into the width.
func (f *LengthPrefix) appendLength(dst []byte, length uint64) (out []byte, ok bool) {
	width := f.width()
	if width == Varint {
		return appendVarint(dst, length), true
	}
	for i := range width {
		shift := 8 * i
		if !f.LittleEndian {
			shift = 8 * (width - 1 - i)
		}
		dst = append(dst, byte(length>>shift))
	}
	return dst, length>>(8*width) == 0
}

// parseVarint reads the varint at the start of p; n is 0 if it is incomplete or err is set.
func parseVarint(p []byte) (v uint64, n int, err error) {
	for i, b := range p {
		if i == maxVarint-1 && b > 1 {
			return 0, 0, errVarintOverflow
		}
		v |= uint64(b&0x7f) << (7 * i)
		if b >= 0x80 {
			continue
		}
		if b == 0 && i > 0 {
			return 0, 0, errVarintPadded
		}
		return v, i + 1, nil
	}
	return 0, 0, nil
}

func appendVarint(dst []byte, v uint64) []byte {
	for ; v >= 0x80; v >>= 7 {
		dst = append(dst, byte(v)|0x80)
	}
	return append(dst, byte(v))
}
