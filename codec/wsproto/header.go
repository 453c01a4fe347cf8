package wsproto

import (
	"encoding/binary"
	"math"

	"github.com/gobwas/ws"
)

// Header is the head of a frame (RFC 6455 section 5.2). Mask means something
// only when Masked is set; Length is in bytes and never negative.
type Header = ws.Header

// OpCode says what a frame is.
type OpCode = ws.OpCode

// The opcodes of RFC 6455 section 11.8.
const (
	OpContinuation = ws.OpContinuation
	OpText         = ws.OpText
	OpBinary       = ws.OpBinary
	OpClose        = ws.OpClose
	OpPing         = ws.OpPing
	OpPong         = ws.OpPong
)

// MaxControlPayload is the most bytes a control frame can carry (RFC 6455
// section 5.5).
const MaxControlPayload = ws.MaxControlFramePayloadSize

// MaxHeaderSize is the size in bytes of the longest header.
const MaxHeaderSize = ws.MaxHeaderSize

// The first two bytes of a frame, and the two lengths that announce a longer
// one (RFC 6455 section 5.2).
const (
	finBit     = 0x80 // first byte
	rsvBits    = 0x70
	rsv1Bit    = 0x40
	opBits     = 0x0f
	maskBit    = 0x80 // second byte
	lengthBits = 0x7f
	length16   = 126
	length64   = 127
)

// ParseHeader reads the header that starts p and tells its size n in bytes.
//
// n == 0 with a nil error means that p ends inside the header. The error is
// [ErrLengthNotMinimal] or [ErrLengthOverflow]: those no frame can have. Rules
// that depend on who sent the frame, and when, are the [Decoder]'s.
func ParseHeader(p []byte) (h Header, n int, err error) {
	if len(p) < 2 {
		return Header{}, 0, nil
	}
	length, n, bad := parseLength(p)
	if bad != nil {
		return Header{}, 0, bad
	}
	if n == 0 {
		return Header{}, 0, nil
	}
	h = Header{
		Fin:    p[0]&finBit != 0,
		Rsv:    p[0] & rsvBits >> 4,
		OpCode: OpCode(p[0] & opBits),
		Masked: p[1]&maskBit != 0,
		Length: length,
	}
	if h.Masked {
		h.Mask = [4]byte(p[n-4 : n])
	}
	return h, n, nil
}

// parseLength reads the payload length from the header that starts p, which
// holds at least two bytes, and the size of the header, masking key included.
// The size is 0 while the header is incomplete.
func parseLength(p []byte) (length int64, size int, err *Error) {
	length = int64(p[1] & lengthBits)
	if length >= length16 {
		return parseLongLength(p)
	}
	size = 2 + keySize(p[1])
	if len(p) < size {
		return 0, 0, nil
	}
	return length, size, nil
}

// parseLongLength is parseLength for a length that follows the first two bytes.
//
//go:noinline
func parseLongLength(p []byte) (length int64, size int, err *Error) {
	if p[1]&lengthBits == length16 {
		if len(p) < 4 {
			return 0, 0, nil
		}
		length, size = int64(binary.BigEndian.Uint16(p[2:])), 4
		// RFC 6455 5.2: "the minimal number of bytes MUST be used to encode
		// the length".
		if length < length16 {
			return 0, 0, ErrLengthNotMinimal
		}
	} else {
		if len(p) < 10 {
			return 0, 0, nil
		}
		length, size = int64(binary.BigEndian.Uint64(p[2:])), 10
		switch {
		// RFC 6455 5.2: "the most significant bit MUST be 0".
		case length < 0:
			return 0, 0, ErrLengthOverflow
		case length <= math.MaxUint16:
			return 0, 0, ErrLengthNotMinimal
		}
	}
	size += keySize(p[1])
	if len(p) < size {
		return 0, 0, nil
	}
	return length, size, nil
}

// keySize is the size of the masking key that the second byte announces.
func keySize(b1 byte) int { return int(b1&maskBit) >> 5 }

// AppendHeader appends h with its length in the shortest form, as RFC 6455
// section 5.2 demands. Nothing else is checked: a header that breaks a rule can
// be written, which is what tests of peers need. A negative length is a bug of
// the caller and panics.
func AppendHeader(dst []byte, h Header) []byte {
	b0 := h.Rsv<<4&rsvBits | byte(h.OpCode)&opBits
	if h.Fin {
		b0 |= finBit
	}
	if !h.Masked {
		return appendHead(dst, b0, 0, h.Length)
	}
	dst = appendHead(dst, b0, maskBit, h.Length)
	return append(dst, h.Mask[:]...)
}

// appendHead appends a header up to the masking key.
func appendHead(dst []byte, b0, mask byte, length int64) []byte {
	switch {
	case uint64(length) < length16:
		return append(dst, b0, mask|byte(length))
	case uint64(length) <= math.MaxUint16:
		return append(dst, b0, mask|length16, byte(length>>8), byte(length))
	case length < 0:
		panic("wsproto: negative payload length")
	}
	return binary.BigEndian.AppendUint64(append(dst, b0, mask|length64), uint64(length))
}

// AppendFrame appends a whole message, or a control frame, as a server sends
// it: one frame, not masked. A control frame carries at most
// [MaxControlPayload] bytes; keeping to that is up to the caller.
func AppendFrame(dst []byte, op OpCode, payload []byte) []byte {
	dst = appendHead(dst, finBit|byte(op)&opBits, 0, int64(len(payload)))
	return append(dst, payload...)
}

// AppendMaskedFrame is [AppendFrame] as a client sends it. RFC 6455 section 5.3
// wants a fresh key from a strong source of entropy for every frame. payload is
// left as it is.
func AppendMaskedFrame(dst []byte, op OpCode, payload []byte, key [4]byte) []byte {
	dst = appendHead(dst, finBit|byte(op)&opBits, maskBit, int64(len(payload)))
	dst = append(dst, key[:]...)
	dst = append(dst, payload...)
	xorKey(dst[len(dst)-len(payload):], binary.LittleEndian.Uint32(key[:]))
	return dst
}
