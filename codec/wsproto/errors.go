package wsproto

// Error is a violation of the protocol by the peer and the close code it
// deserves (RFC 6455 section 7.4.1). Reason is fit to be sent in that close
// frame: it is ASCII and shorter than 124 bytes.
//
// Every error of this package about frames is one of the variables below,
// never a copy, so that == tells them apart and returning one allocates
// nothing. They must not be modified.
type Error struct {
	Code   StatusCode
	Reason string
}

func (e *Error) Error() string { return "wsproto: " + e.Reason }

// Violations that end a connection with 1002, protocol error.
var (
	ErrReservedBits         = &Error{StatusProtocolError, "reserved bits set without an extension"}
	ErrReservedOpCode       = &Error{StatusProtocolError, "reserved opcode"}
	ErrNotMasked            = &Error{StatusProtocolError, "frame from a client is not masked"}
	ErrMasked               = &Error{StatusProtocolError, "frame from a server is masked"}
	ErrLengthNotMinimal     = &Error{StatusProtocolError, "payload length not in its shortest form"}
	ErrLengthOverflow       = &Error{StatusProtocolError, "payload length of 2^63 bytes or more"}
	ErrControlFragmented    = &Error{StatusProtocolError, "fragmented control frame"}
	ErrControlTooLong       = &Error{StatusProtocolError, "control frame with more than 125 bytes"}
	ErrNothingToContinue    = &Error{StatusProtocolError, "continuation without a message to continue"}
	ErrContinuationExpected = &Error{StatusProtocolError, "new message inside a fragmented one"}
	ErrCloseLength          = &Error{StatusProtocolError, "close payload of one byte"}
	ErrCloseCode            = &Error{StatusProtocolError, "close code not allowed on the wire"}
)

// Violations that end a connection with 1007, invalid payload data.
var (
	ErrInvalidUTF8     = &Error{StatusInvalidFramePayloadData, "text is not UTF-8"}
	ErrCloseReasonUTF8 = &Error{StatusInvalidFramePayloadData, "close reason is not UTF-8"}
	ErrDeflate         = &Error{StatusInvalidFramePayloadData, "compressed message is corrupt"}
)

// Violations that end a connection with 1009, message too big.
var (
	ErrFrameTooBig   = &Error{StatusMessageTooBig, "frame too big"}
	ErrMessageTooBig = &Error{StatusMessageTooBig, "message too big"}
)
