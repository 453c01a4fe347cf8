package websocket

import "github.com/sockeye-io/sockeye/codec/wsproto"

// The close codes of RFC 6455 section 11.7.
const (
	CloseNormalClosure           = 1000
	CloseGoingAway               = 1001
	CloseProtocolError           = 1002
	CloseUnsupportedData         = 1003
	CloseNoStatusReceived        = 1005
	CloseAbnormalClosure         = 1006
	CloseInvalidFramePayloadData = 1007
	ClosePolicyViolation         = 1008
	CloseMessageTooBig           = 1009
	CloseMandatoryExtension      = 1010
	CloseInternalServerErr       = 1011
	CloseServiceRestart          = 1012
	CloseTryAgainLater           = 1013
	CloseTLSHandshake            = 1015
)

// The types of messages, RFC 6455 section 11.8.
const (
	// TextMessage is a message of UTF-8 text.
	TextMessage = 1

	// BinaryMessage is a message of bytes that only the application understands.
	BinaryMessage = 2

	// CloseMessage is a close frame. Its payload, a code and a reason, is made by FormatCloseMessage.
	CloseMessage = 8

	// PingMessage is a ping. Its payload is at most 125 bytes and comes back in the pong.
	PingMessage = 9

	// PongMessage is a pong, which answers a ping or nothing at all.
	PongMessage = 10
)

const (
	noFrame = -1 // the message type that goes with an error

	maxControlPayload = wsproto.MaxControlPayload
	maxHeaderSize     = wsproto.MaxHeaderSize

	defaultBufferSize = 4096
)

func isControl(messageType int) bool {
	return messageType == CloseMessage || messageType == PingMessage || messageType == PongMessage
}

func isData(messageType int) bool {
	return messageType == TextMessage || messageType == BinaryMessage
}

// FormatCloseMessage is the payload of a close frame: closeCode and the text behind it. For CloseNoStatusReceived, which
// must not be sent, it is empty and not nil. The text is not cut: a control frame holds 123 bytes of it.
func FormatCloseMessage(closeCode int, text string) []byte {
	if closeCode == CloseNoStatusReceived {
		return []byte{}
	}
	p := make([]byte, 0, 2+len(text))
	return append(append(p, byte(closeCode>>8), byte(closeCode)), text...)
}
