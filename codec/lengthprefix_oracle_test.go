package codec_test

import (
	"math"
	"math/big"
	"slices"

	"github.com/sockeye-io/sockeye/codec"
)

// lengthOracle computes with integers that cannot overflow, and decides as soon as the header is there.
func lengthOracle(f codec.LengthPrefix) oracle {
	return func(p []byte) ([]byte, int, error) {
		length, header, err := lengthField(f, p)
		if length == nil {
			return nil, 0, err
		}
		if length.Cmp(big.NewInt(math.MaxInt64/2)) > 0 {
			return nil, 0, codec.ErrTooLong
		}
		size := length.Add(length, big.NewInt(int64(f.LengthAdjust)))
		if !f.Inclusive {
			size.Add(size, big.NewInt(int64(header)))
		}
		strip := stripped(f, header)
		if size.Cmp(big.NewInt(int64(header))) < 0 || size.Cmp(big.NewInt(int64(strip))) < 0 {
			return nil, 0, codec.ErrMalformed
		}
		msg := new(big.Int).Sub(size, big.NewInt(int64(strip)))
		if msg.Cmp(big.NewInt(int64(limit(f.Max)))) > 0 || size.Cmp(big.NewInt(math.MaxInt)) > 0 {
			return nil, 0, codec.ErrTooLong
		}
		if size.Cmp(big.NewInt(int64(len(p)))) > 0 {
			return nil, 0, nil
		}
		n := int(size.Int64())
		return p[strip:n], n, nil
	}
}

// lengthField gives the length behind its offset and where it ends; nil if it is incomplete or malformed.
func lengthField(f codec.LengthPrefix, p []byte) (length *big.Int, end int, err error) {
	if len(p) < f.LengthOffset {
		return nil, 0, nil
	}
	field := slices.Clone(p[f.LengthOffset:])
	if f.Width == codec.Varint {
		return varintField(f.LengthOffset, field)
	}
	width := widthOf(f)
	if len(field) < width {
		return nil, 0, nil
	}
	field = field[:width]
	if f.LittleEndian {
		slices.Reverse(field)
	}
	return new(big.Int).SetBytes(field), f.LengthOffset + width, nil
}

func varintField(offset int, p []byte) (*big.Int, int, error) {
	last := slices.IndexFunc(p, func(b byte) bool { return b < 0x80 })
	switch {
	case last < 0 && len(p) < 10:
		return nil, 0, nil
	case last < 0 || last >= 10:
		return nil, 0, codec.ErrMalformed
	case last > 0 && p[last] == 0:
		return nil, 0, codec.ErrMalformed
	}
	v := new(big.Int)
	for i := last; i >= 0; i-- {
		v.Mul(v, big.NewInt(128)).Add(v, big.NewInt(int64(p[i]%128)))
	}
	if v.BitLen() > 64 {
		return nil, 0, codec.ErrMalformed
	}
	return v, offset + last + 1, nil
}

func widthOf(f codec.LengthPrefix) int {
	if f.Width == 0 {
		return 4
	}
	return f.Width
}

func stripped(f codec.LengthPrefix, header int) int {
	switch {
	case f.Strip < 0:
		return 0
	case f.Strip == 0:
		return header
	}
	return f.Strip
}

// lengthEncode writes the one frame that the oracle must read as a message with this body: first before, then the length, then
// body. It fails if no length says it.
func lengthEncode(f codec.LengthPrefix, before, body []byte) (frame []byte, err error) {
	length := big.NewInt(int64(len(body)) - int64(f.LengthAdjust))
	if f.Inclusive {
		length.Add(length, big.NewInt(int64(f.LengthOffset+widthOf(f))))
	}
	if length.Sign() < 0 {
		return nil, codec.ErrInvalidMessage
	}
	frame = slices.Clone(before)
	if f.Width == codec.Varint {
		digits := new(big.Int)
		for more := true; more; {
			length.DivMod(length, big.NewInt(128), digits)
			more = length.Sign() > 0
			b := byte(digits.Int64())
			if more {
				b += 128
			}
			frame = append(frame, b)
		}
		return append(frame, body...), nil
	}
	width := widthOf(f)
	if length.BitLen() > 8*width {
		return nil, codec.ErrTooLong
	}
	field := length.FillBytes(make([]byte, width))
	if f.LittleEndian {
		slices.Reverse(field)
	}
	return append(append(frame, field...), body...), nil
}
