package proxyproto

import "errors"

var (
	// ErrNotHeader says that the bytes begin neither with the signature of version 1 nor with that of version 2. Section 2.2: "the
	// connection must be dropped".
	ErrNotHeader = errors.New("proxyproto: not a PROXY header")

	// ErrInvalid says that the bytes begin as a PROXY header and break its rules.
	ErrInvalid = errors.New("proxyproto: invalid header")

	// ErrTooLong says that a version 1 line is longer than MaxV1, or that a version 2 header is longer than the caller allows.
	ErrTooLong = errors.New("proxyproto: header too long")

	// ErrChecksum is the ErrInvalid of a header whose CRC32C is wrong (section 2.2.3).
	ErrChecksum error = &detail{ErrInvalid, "CRC32C does not match"}

	// ErrInvalidHeader is an error of Append and its kin: what was asked for cannot be said.
	ErrInvalidHeader = errors.New("proxyproto: header cannot be expressed")
)

// detail is one of the errors above and the reason for it. All of them are package variables: a hostile peer that is refused
// costs no allocation.
type detail struct {
	kind   error
	reason string
}

func (e *detail) Error() string { return e.kind.Error() + ": " + e.reason }

func (e *detail) Unwrap() error { return e.kind }

// What is wrong with a line of version 1.
var (
	errNoSpace   = &detail{ErrInvalid, "no single space after PROXY"}
	errProtocol  = &detail{ErrInvalid, "protocol is not TCP4, TCP6 or UNKNOWN"}
	errNumber    = &detail{ErrInvalid, "not a decimal number"}
	errZero      = &detail{ErrInvalid, "number with a leading zero"}
	errRange     = &detail{ErrInvalid, "number out of range"}
	errIPv6      = &detail{ErrInvalid, "not an IPv6 address"}
	errLineEnd   = &detail{ErrInvalid, "line does not end with CRLF"}
	errLongLine  = &detail{ErrTooLong, "line of more than 107 bytes"}
	errLongBlock = &detail{ErrTooLong, "more bytes declared than allowed"}
)

// What is wrong with a header of version 2.
var (
	errVersion     = &detail{ErrInvalid, "version is not 2"}
	errCommand     = &detail{ErrInvalid, "unassigned command"}
	errTransport   = &detail{ErrInvalid, "unassigned address family and protocol"}
	errShort       = &detail{ErrInvalid, "length does not cover the addresses"}
	errTLV         = &detail{ErrInvalid, "TLV does not end where the header does"}
	errCRC32CSize  = &detail{ErrInvalid, "CRC32C is not of 4 bytes"}
	errCRC32CTwice = &detail{ErrInvalid, "more than one CRC32C"}
	errUniqueID    = &detail{ErrInvalid, "unique ID of more than 128 bytes"}
	errSSL         = &detail{ErrInvalid, "SSL TLV does not hold what it must"}
)
