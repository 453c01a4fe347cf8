package codec

var (
	errNoSize   = &detail{ErrInvalidFraming, "Fixed: Size is not positive"}
	errNotWhole = &detail{ErrInvalidMessage, "message is shorter than the fixed size"}
)

// Fixed frames messages that all have the same size, which is their maximum too.
type Fixed struct {
	// Size is the number of bytes of every message; it must be positive.
	Size int
}

// Validate returns an error if Size is not positive.
func (f Fixed) Validate() error {
	if f.Size <= 0 {
		return errNoSize
	}
	return nil
}

// Next implements [Framing].
func (f Fixed) Next(p []byte) (msg []byte, n int, err error) {
	if err := f.Validate(); err != nil {
		return nil, 0, err
	}
	if len(p) < f.Size {
		return nil, 0, nil
	}
	return p[:f.Size:f.Size], f.Size, nil
}

// Append implements [Framing].
func (f Fixed) Append(dst, msg []byte) ([]byte, error) {
	if err := f.Validate(); err != nil {
		return dst, err
	}
	switch {
	case len(msg) > f.Size:
		return dst, ErrTooLong
	case len(msg) < f.Size:
		return dst, errNotWhole
	}
	return append(dst, msg...), nil
}
