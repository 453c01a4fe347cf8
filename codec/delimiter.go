package codec

import (
	"bytes"
	"unsafe"
)

var (
	errNoSequence    = &detail{ErrInvalidFraming, "Delimiter: Sequence is empty"}
	errNoRoomForKept = &detail{ErrInvalidFraming, "Delimiter: Max is shorter than the Sequence that is kept in the message"}
	errContains      = &detail{ErrInvalidMessage, "message and delimiter contain the delimiter early"}
	errLacksKept     = &detail{ErrInvalidMessage, "message does not end with the delimiter"}
)

// Delimiter frames messages that end with a sequence of bytes, at its first occurrence.
type Delimiter struct {
	// Sequence ends a message; it must not be empty.
	Sequence string

	// Keep leaves the Sequence at the end of the messages that Next returns, and expects it at the end of those that Append gets.
	Keep bool

	// Max is the longest message in bytes, with the Sequence if it is kept; zero means DefaultMax, negative means no limit.
	Max int
}

// Validate returns an error if the Sequence is empty, or if Max leaves no room for a Sequence that is kept.
func (f Delimiter) Validate() error {
	switch {
	case f.Sequence == "":
		return errNoSequence
	case f.Keep && limitOf(f.Max) < len(f.Sequence):
		return errNoRoomForKept
	}
	return nil
}

// Next implements [Framing].
func (f Delimiter) Next(p []byte) (msg []byte, n int, err error) {
	msg, n, _, err = f.NextFrom(p, 0)
	return msg, n, err
}

// NextFrom implements [Scanner].
func (f Delimiter) NextFrom(p []byte, scanned int) (msg []byte, n, next int, err error) {
	if err := f.Validate(); err != nil {
		return nil, 0, 0, err
	}
	size := len(f.Sequence)
	limit := limitOf(f.Max)
	if f.Keep {
		limit -= size
	}
	p = window(p, limit, size)
	if i := index(p[scanned:], f.Sequence); i >= 0 {
		end := scanned + i
		n = end + size
		if f.Keep {
			end = n
		}
		return p[:end:end], n, 0, nil
	}
	next = max(0, len(p)-size+1)
	if len(p) > limit && !f.mayBegin(p, next, limit) {
		return nil, 0, 0, ErrTooLong
	}
	return nil, 0, next, nil
}

// mayBegin tells whether p ends with a part of the Sequence that began at one of the bytes from..last.
func (f Delimiter) mayBegin(p []byte, from, last int) bool {
	for i := from; i <= last; i++ {
		if tail := p[i:]; f.Sequence[:len(tail)] == string(tail) {
			return true
		}
	}
	return false
}

// Append implements [Framing].
func (f Delimiter) Append(dst, msg []byte) ([]byte, error) {
	if err := f.Validate(); err != nil {
		return dst, err
	}
	if len(msg) > limitOf(f.Max) {
		return dst, ErrTooLong
	}
	end := len(msg)
	if f.Keep {
		end -= len(f.Sequence)
		if end < 0 || string(msg[end:]) != f.Sequence {
			return dst, errLacksKept
		}
	}
	out := append(dst, msg[:end]...)
	out = append(out, f.Sequence...)
	// Not in msg alone: between the tail of the message and the delimiter it may occur too, as "--" does in "a-" + "--".
	if index(out[len(dst):], f.Sequence) != end {
		return dst, errContains
	}
	return out, nil
}

// index is bytes.Index. A plain conversion of sep would allocate for each message once sep is longer than 32 bytes; this one is
// safe because bytes.Index only reads.
func index(p []byte, sep string) int {
	return bytes.Index(p, unsafe.Slice(unsafe.StringData(sep), len(sep)))
}
