package codec

import "errors"

var (
	// ErrTooLong says that a message is longer than Max, or longer than its length field can say.
	ErrTooLong = errors.New("codec: message too long")

	// ErrMalformed says that the bytes of a peer break the rules of the framing.
	ErrMalformed = errors.New("codec: malformed message")

	// ErrInvalidMessage is an error of Append: the framing has no way to say this message, whatever its limit.
	ErrInvalidMessage = errors.New("codec: message cannot be expressed")

	// ErrDecodeOnly is an error of Append: Next strips bytes that Append cannot know.
	ErrDecodeOnly = errors.New("codec: framing can only decode")

	// ErrInvalidFraming is what every error of a Validate method wraps.
	ErrInvalidFraming = errors.New("codec: invalid framing")
)

// detail is one of the errors above and the reason for it. All of them are package variables: a hostile peer that is refused
// costs no allocation.
type detail struct {
	kind   error
	reason string
}

func (e *detail) Error() string { return e.kind.Error() + ": " + e.reason }

func (e *detail) Unwrap() error { return e.kind }

var errNoFraming = &detail{ErrInvalidFraming, "nil"}
