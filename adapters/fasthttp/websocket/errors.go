package websocket

import (
	"errors"
	"io"
	"slices"
	"strconv"
)

var (
	// ErrNilConn is what the methods of a nil *Conn return.
	ErrNilConn = errors.New("nil *Conn")
	// ErrNilNetConn is what the methods of a Conn that has no net.Conn return.
	ErrNilNetConn = errors.New("nil net.Conn")
	// ErrResponseHijackUnsupported tells that the http.ResponseWriter cannot give its connection away.
	ErrResponseHijackUnsupported = errors.New("websocket: response does not implement http.Hijacker")
)

// ErrCloseSent is returned for a message that is written after a close message.
var ErrCloseSent = errors.New("websocket: close sent")

// ErrReadLimit is returned when a message is larger than the limit of SetReadLimit.
var ErrReadLimit = errors.New("websocket: read limit exceeded")

// netError is a net.Error.
type netError struct {
	text               string
	temporary, timeout bool
}

func (e *netError) Error() string   { return e.text }
func (e *netError) Temporary() bool { return e.temporary }
func (e *netError) Timeout() bool   { return e.timeout }

var (
	errWriteTimeout        = &netError{text: "websocket: write timeout", temporary: true, timeout: true}
	errUnexpectedEOF       = &CloseError{Code: CloseAbnormalClosure, Text: io.ErrUnexpectedEOF.Error()}
	errBadWriteOpCode      = errors.New("websocket: bad write message type")
	errWriteClosed         = errors.New("websocket: write closed")
	errInvalidControlFrame = errors.New("websocket: invalid control frame")
	errBadLevel            = errors.New("websocket: invalid compression level")
)

// CloseError is the end of a connection: what the peer's close frame said, or CloseAbnormalClosure when there was none.
// The read methods return it as a pointer.
type CloseError struct {
	// Code is one of RFC 6455 section 11.7.
	Code int
	// Text is the reason that the peer gave, or empty.
	Text string
}

var closeNames = map[int]string{
	CloseNormalClosure:           "normal",
	CloseGoingAway:               "going away",
	CloseProtocolError:           "protocol error",
	CloseUnsupportedData:         "unsupported data",
	CloseNoStatusReceived:        "no status",
	CloseAbnormalClosure:         "abnormal closure",
	CloseInvalidFramePayloadData: "invalid payload data",
	ClosePolicyViolation:         "policy violation",
	CloseMessageTooBig:           "message too big",
	CloseMandatoryExtension:      "mandatory extension missing",
	CloseInternalServerErr:       "internal server error",
	CloseTLSHandshake:            "TLS handshake error",
}

func (e *CloseError) Error() string {
	text := "websocket: close " + strconv.Itoa(e.Code)
	if name, ok := closeNames[e.Code]; ok {
		text += " (" + name + ")"
	}
	if e.Text != "" {
		text += ": " + e.Text
	}
	return text
}

// IsCloseError reports whether err is a *CloseError, not a wrapped one, with one of the codes.
func IsCloseError(err error, codes ...int) bool {
	e, ok := err.(*CloseError)
	return ok && slices.Contains(codes, e.Code)
}

// IsUnexpectedCloseError reports whether err is a *CloseError, not a wrapped one, with none of the codes.
func IsUnexpectedCloseError(err error, expectedCodes ...int) bool {
	e, ok := err.(*CloseError)
	return ok && !slices.Contains(expectedCodes, e.Code)
}
