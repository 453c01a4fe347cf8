package wsproto

import (
	"encoding/binary"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// StatusCode says why a connection was closed.
type StatusCode = ws.StatusCode

// The close codes of RFC 6455 section 7.4.1, and those that were registered
// with IANA after it.
const (
	StatusNormalClosure           = ws.StatusNormalClosure
	StatusGoingAway               = ws.StatusGoingAway
	StatusProtocolError           = ws.StatusProtocolError
	StatusUnsupportedData         = ws.StatusUnsupportedData
	StatusNoStatusRcvd            = ws.StatusNoStatusRcvd    // never on the wire: the close frame was empty
	StatusAbnormalClosure         = ws.StatusAbnormalClosure // never on the wire: there was no close frame
	StatusInvalidFramePayloadData = ws.StatusInvalidFramePayloadData
	StatusPolicyViolation         = ws.StatusPolicyViolation
	StatusMessageTooBig           = ws.StatusMessageTooBig
	StatusMandatoryExt            = ws.StatusMandatoryExt
	StatusInternalServerError     = ws.StatusInternalServerError
	StatusServiceRestart          = StatusCode(1012)
	StatusTryAgainLater           = StatusCode(1013)
	StatusBadGateway              = StatusCode(1014)
	StatusTLSHandshake            = ws.StatusTLSHandshake // never on the wire
)

// MaxCloseReason is the most bytes of a close reason: what a control frame
// holds beside the code.
const MaxCloseReason = MaxControlPayload - 2

// ValidCloseCode reports whether code may stand in a close frame (RFC 6455
// section 7.4): a code registered with IANA for that, or one of the ranges of
// libraries (3000 to 3999) and applications (4000 to 4999).
func ValidCloseCode(code StatusCode) bool {
	switch {
	case code >= StatusNormalClosure && code <= StatusUnsupportedData,
		code >= StatusInvalidFramePayloadData && code <= StatusBadGateway,
		code >= 3000 && code <= 4999:
		return true
	}
	return false
}

// AppendClose appends the payload of a close frame. [StatusNoStatusRcvd] stands
// for the empty payload, as ParseClose has it; every other code must be one
// that [ValidCloseCode] accepts, and is written unchecked.
//
// The reason is cut where a character does not fit in [MaxCloseReason] bytes or
// is not UTF-8 (RFC 6455 section 5.5.1), so any text of an error will do.
func AppendClose(dst []byte, code StatusCode, reason string) []byte {
	if code == StatusNoStatusRcvd {
		return dst
	}
	n := 0
	for n < len(reason) {
		r, size := utf8.DecodeRuneInString(reason[n:])
		if n+size > MaxCloseReason || r == utf8.RuneError && size == 1 {
			break
		}
		n += size
	}
	dst = binary.BigEndian.AppendUint16(dst, uint16(code))
	return append(dst, reason[:n]...)
}

// ParseClose reads the payload of a close frame. reason is a view of p. An
// empty payload is [StatusNoStatusRcvd] without an error.
func ParseClose(p []byte) (code StatusCode, reason []byte, err error) {
	switch len(p) {
	case 0:
		// RFC 6455 7.1.5: without a status code, "_The WebSocket Connection
		// Close Code_ is considered to be 1005".
		return StatusNoStatusRcvd, nil, nil
	case 1:
		// RFC 6455 5.5.1: the body, if there is one, starts with "a 2-byte
		// unsigned integer".
		return 0, nil, ErrCloseLength
	}
	code, reason = StatusCode(binary.BigEndian.Uint16(p)), p[2:]
	// RFC 6455 7.4.1 and 7.4.2: 1005, 1006 and 1015 "MUST NOT be set as a
	// status code in a Close control frame"; 0 to 999 are not used, and the
	// rest is reserved.
	if !ValidCloseCode(code) {
		return 0, nil, ErrCloseCode
	}
	// RFC 6455 5.5.1: the reason is "UTF-8-encoded data"; 8.1 says what to do
	// when it is not.
	if !utf8.Valid(reason) {
		return 0, nil, ErrCloseReasonUTF8
	}
	return code, reason, nil
}
