package codec

// far bounds the offsets of a LengthPrefix. It is past any use, and keeps sums of them from overflowing even an int of 32 bits.
const far = 1 << 28

var (
	errWidth        = &detail{ErrInvalidFraming, "LengthPrefix: Width is neither 1 to 8 nor Varint"}
	errOffset       = &detail{ErrInvalidFraming, "LengthPrefix: LengthOffset is negative"}
	errFar          = &detail{ErrInvalidFraming, "LengthPrefix: LengthOffset, LengthAdjust or Strip is past 256 MiB"}
	errVarintOrder  = &detail{ErrInvalidFraming, "LengthPrefix: LittleEndian has no meaning for Varint"}
	errVarintItself = &detail{ErrInvalidFraming, "LengthPrefix: Inclusive, but a Varint cannot count itself"}
	errStripInside  = &detail{ErrInvalidFraming, "LengthPrefix: Strip ends inside the length"}
	errStripVarint  = &detail{ErrInvalidFraming, "LengthPrefix: Strip reaches a Varint, whose size varies; zero strips it"}
	errUnreachable  = &detail{ErrInvalidFraming, "LengthPrefix: with LengthAdjust and Strip no length gives a message"}
	errMaxTooSmall  = &detail{ErrInvalidFraming, "LengthPrefix: Max is shorter than the shortest message"}
)

// Validate returns the first contradiction between the fields.
func (f LengthPrefix) Validate() error { return f.validate() }

// validate runs with every message. It and all that is below Next and Append take a pointer, to a value that stays on the stack:
// copying the fields at each step would cost more than the work.
func (f *LengthPrefix) validate() error {
	width := f.width()
	switch {
	case width < Varint || width > 8:
		return errWidth
	case f.LengthOffset < 0:
		return errOffset
	case f.LengthOffset > far, f.Strip > far, f.LengthAdjust > far, f.LengthAdjust < -far:
		return errFar
	}
	highest := uint64(1)<<56 - 1 // a length that is as good as any
	if width == Varint {
		switch {
		case f.LittleEndian:
			return errVarintOrder
		case f.Inclusive:
			return errVarintItself
		case f.Strip > f.LengthOffset:
			return errStripVarint
		}
		width = 1
	} else {
		highest >>= 56 - 8*min(width, 7)
	}
	header := f.LengthOffset + width
	if f.Strip > f.LengthOffset && f.Strip < header {
		return errStripInside
	}
	strip := f.strip(header)
	base := f.LengthAdjust // the size of a frame whose declared length is 0
	if !f.Inclusive {
		base += header
	}
	shortest := max(base, header, strip)
	switch {
	case int64(highest)+int64(base) < int64(shortest):
		return errUnreachable
	case shortest-strip > limitOf(f.Max):
		return errMaxTooSmall
	}
	return nil
}
