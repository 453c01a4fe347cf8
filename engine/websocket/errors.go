package websocket

import (
	"errors"
	"strconv"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// Close codes, RFC 6455 section 7.4.1.
const (
	CodeNormal          = int(wsproto.StatusNormalClosure)
	CodeGoingAway       = int(wsproto.StatusGoingAway)
	CodeProtocolError   = int(wsproto.StatusProtocolError)
	CodeUnsupportedData = int(wsproto.StatusUnsupportedData)
	CodeNoStatus        = int(wsproto.StatusNoStatusRcvd)    // never sent: the peer's close frame was empty
	CodeAbnormal        = int(wsproto.StatusAbnormalClosure) // never sent: there was no close frame
	CodeInvalidPayload  = int(wsproto.StatusInvalidFramePayloadData)
	CodePolicyViolation = int(wsproto.StatusPolicyViolation)
	CodeMessageTooBig   = int(wsproto.StatusMessageTooBig)
	CodeInternalError   = int(wsproto.StatusInternalServerError)
	CodeServiceRestart  = int(wsproto.StatusServiceRestart)
	CodeTryAgainLater   = int(wsproto.StatusTryAgainLater)
)

// ErrHandshakeTimeout is returned by Dial and counted by a server when the
// opening handshake took longer than HandshakeTimeout.
var ErrHandshakeTimeout = errors.New("websocket: handshake timeout")

// ErrControlTooLong is returned by Ping and Pong for more than 125 bytes (RFC 6455
// section 5.5).
var ErrControlTooLong = errors.New("websocket: control frame with more than 125 bytes")

// ErrCloseTimeout ends a connection whose peer did not answer our close frame
// within CloseTimeout.
var ErrCloseTimeout = errors.New("websocket: close timeout")

// ErrPongTimeout ends a connection whose peer was silent for longer than
// PingInterval and then for PongTimeout after a ping.
var ErrPongTimeout = errors.New("websocket: pong timeout")

// ErrFragmented refuses a message while another is sent in fragments.
var ErrFragmented = errors.New("websocket: a message is being sent in fragments")

// CloseError is what OnClose is told, always.
type CloseError struct {
	// Code and Reason are those of the peer's close frame. Where there was
	// none: the code that we sent because the peer broke a rule, or
	// CodeAbnormal.
	Code   int
	Reason string
	// Err is why there was no close frame: io.EOF, a *wsproto.Error, an error
	// of package engine or of the system. Nil after a close handshake.
	Err error
}

func (e *CloseError) Error() string {
	s := "websocket: closed with " + strconv.Itoa(e.Code)
	if e.Reason != "" {
		s += " " + strconv.Quote(e.Reason)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap returns Err.
func (e *CloseError) Unwrap() error { return e.Err }
