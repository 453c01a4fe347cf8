package codec

import "math"

var (
	errLengthShort = &detail{ErrMalformed, "length is shorter than the header"}
	errNoHeader    = &detail{ErrInvalidMessage, "message does not begin with its header"}
	errNegative    = &detail{ErrInvalidMessage, "message is too short for LengthAdjust"}
)

// Varint is the Width of a length in base 128, least significant group first, as in protobuf. It takes 1 to 10 bytes. Next
// refuses one that is not in its shortest form, so that a message has one encoding.
const Varint = -1

// LengthPrefix frames messages behind a length. On the wire a frame is
//
//	LengthOffset bytes | the length | what the length counts
//
// and its size is the declared length + LengthAdjust, + the size of the first two parts unless Inclusive.
// The zero value is a length of four bytes in network order, which counts and gives the bytes that follow it.
//
// Append can mirror Next if no byte is lost on the way, which is so in two cases; in all others it returns ErrDecodeOnly.
//   - LengthOffset is 0 and Next strips the length, no more: Append puts the length before msg.
//   - Strip is negative: msg is a whole frame with its header, and Append replaces the length in it, which may be any
//     placeholder (0 for a Varint), by the right one.
//
// The layouts of Netty's LengthFieldBasedFrameDecoder can all be said, with the same numbers but one: initialBytesToStrip 0 is a
// negative Strip here.
type LengthPrefix struct {
	// Width is the size of the length in bytes, 1 to 8, or Varint; zero means 4.
	Width int

	// LittleEndian puts the least significant byte of the length first.
	LittleEndian bool

	// Inclusive says that the length counts the header too: itself and the LengthOffset bytes before it. Not with Varint, whose
	// own size would depend on what it counts.
	Inclusive bool

	// LengthOffset is the number of bytes before the length; zero means none, negative is an error.
	LengthOffset int

	// LengthAdjust is added to a declared length, and taken from a written one: positive if the length does not count some bytes
	// that follow it, negative if it counts bytes that precede it.
	LengthAdjust int

	// Strip is the number of bytes that Next takes off the start of a frame; zero means the header, that is everything through the
	// length, and negative means nothing. It must not end inside the length.
	Strip int

	// Max is the longest message in bytes, as Next returns it; zero means DefaultMax, negative means no limit.
	Max int
}

// Next implements [Framing].
func (f LengthPrefix) Next(p []byte) (msg []byte, n int, err error) {
	if err := f.validate(); err != nil {
		return nil, 0, err
	}
	declared, header, err := f.parseHeader(p)
	if header == 0 {
		return nil, 0, err
	}
	// From here on no sum can overflow: Validate bounds all other terms.
	if declared > math.MaxInt64/2 {
		return nil, 0, ErrTooLong
	}
	size := int64(declared) + int64(f.LengthAdjust)
	if !f.Inclusive {
		size += int64(header)
	}
	strip := f.strip(header)
	switch {
	case size < int64(max(header, strip)):
		return nil, 0, errLengthShort
	case size-int64(strip) > int64(limitOf(f.Max)), size > math.MaxInt:
		return nil, 0, ErrTooLong
	case size > int64(len(p)):
		return nil, 0, nil
	}
	return p[strip:size:size], int(size), nil
}

// Append implements [Framing], for the configurations that have a mirror.
func (f LengthPrefix) Append(dst, msg []byte) ([]byte, error) {
	if err := f.validate(); err != nil {
		return dst, err
	}
	before, body, err := f.cut(msg)
	if err != nil {
		return dst, err
	}
	length := int64(len(body)) - int64(f.LengthAdjust)
	if f.Inclusive {
		length += int64(len(before) + f.width())
	}
	if length < 0 {
		return dst, errNegative
	}
	out := append(dst, before...)
	out, ok := f.appendLength(out, uint64(length))
	size := len(body)
	if f.Strip < 0 {
		size += len(out) - len(dst)
	}
	if !ok || size > limitOf(f.Max) {
		return dst, ErrTooLong
	}
	return append(out, body...), nil
}

// cut gives the parts of msg that belong before and after the length.
func (f *LengthPrefix) cut(msg []byte) (before, body []byte, err error) {
	switch {
	case f.Strip < 0:
		_, header, _ := f.parseHeader(msg)
		if header == 0 {
			return nil, nil, errNoHeader
		}
		return msg[:f.LengthOffset], msg[header:], nil
	case f.LengthOffset == 0 && (f.Strip == 0 || f.Strip == f.width()):
		return nil, msg, nil
	}
	return nil, nil, ErrDecodeOnly
}

// strip is the number of bytes to take off a frame whose header has the given size.
func (f *LengthPrefix) strip(header int) int {
	switch {
	case f.Strip == 0:
		return header
	case f.Strip < 0:
		return 0
	}
	return f.Strip
}
