package codec

import "math"

// DefaultMax is the longest message of a framing whose Max is zero: 1 MiB.
const DefaultMax = 1 << 20

// Framing cuts a byte stream into messages and writes them back. The framings of this package are immutable values, and their
// methods may be called from any goroutine. None of them allocates, but for Append when dst is too small.
type Framing interface {
	// Next looks for one message at the start of p.
	//
	//	n > 0               the message took n bytes of p; msg may be empty
	//	n == 0, err == nil  incomplete: call again with the same bytes and more behind them
	//	err != nil          p can never become valid, whatever follows: ErrTooLong or ErrMalformed
	//
	// msg is a view into p: it lives as long as the bytes of p, and its capacity ends with it.
	Next(p []byte) (msg []byte, n int, err error)

	// Append appends msg to dst as one encoded message, such that Next gives msg back. If msg cannot be expressed it returns dst
	// as it was, and [ErrTooLong] or [ErrInvalidMessage]. msg must not overlap the spare capacity of dst.
	Append(dst, msg []byte) ([]byte, error)
}

// Scanner is a Framing that searches, and that can resume a search instead of starting it again. Next alone looks at up to Max
// bytes in every call, so a peer that sends a long message one byte at a time makes it do quadratic work; NextFrom is linear.
type Scanner interface {
	Framing

	// NextFrom is Next, for a p of which the first bytes were searched before: scanned is 0 for a new message, and after that the
	// next that the last call returned for the same start of p. Any other value is a bug of the caller.
	// next is 0 unless the message is incomplete, so that it can be kept without looking at the other results.
	NextFrom(p []byte, scanned int) (msg []byte, n, next int, err error)
}

var (
	_ Scanner = Line{}
	_ Scanner = Delimiter{}
	_ Framing = Fixed{}
	_ Framing = LengthPrefix{}
)

// Validate names the contradiction in the fields of f, or returns nil. It asks f's own Validate method; a framing without one is
// valid, and nil is not. Call it once, where a framing is configured. Next and Append of an invalid framing of this package do no
// harm: they return the same error, always.
func Validate(f Framing) error {
	if f == nil {
		return errNoFraming
	}
	if v, ok := f.(interface{ Validate() error }); ok {
		return v.Validate()
	}
	return nil
}

// limitOf is the number of bytes that a Max stands for.
func limitOf(n int) int {
	switch {
	case n == 0:
		return DefaultMax
	case n < 0:
		return math.MaxInt
	}
	return n
}

// window is the part of p that can decide about its first message: at most limit bytes of message and an ending.
func window(p []byte, limit, ending int) []byte {
	if len(p)-ending > limit {
		return p[:limit+ending]
	}
	return p
}
