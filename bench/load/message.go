package load

import "encoding/binary"

const (
	opContinuation = 0
	opText         = 1
	opBinary       = 2
	opClose        = 8
	opPing         = 9
	opPong         = 10
)

// format is what all messages have in common.
type format struct {
	protocol Protocol
	opcode   byte
	body     []byte // the payload of every message
	answer   []byte // the header of an answer in one frame with the shortest length
	check    int
	// numbered messages begin with a number of numberLen bytes in place of the first bytes of body.
	numbered bool
}

func newFormat(cfg Config) format {
	f := format{protocol: cfg.Protocol, opcode: opBinary, body: payload(cfg.Payload), check: cfg.Check}
	if cfg.Text {
		f.opcode = opText
	}
	f.answer = appendHeader(nil, f.opcode, 0, len(f.body))
	return f
}

// encode is one message as a client sends it.
func (f *format) encode() []byte {
	if f.protocol == TCP {
		return f.body
	}
	return maskedFrame(f.opcode, f.body)
}

// checks is whether the content of the nth message that a connection receives is compared.
func (f *format) checks(n uint32) bool { return f.check > 0 && n%uint32(f.check) == 0 }

// payload is printable, so that it is valid text and can be read in a trace, and has no short period, so that bytes
// lost or repeated in the middle show.
func payload(size int) []byte {
	p := make([]byte, size)
	x := uint32(2463534242)
	for i := range p {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		p[i] = 'A' + byte(x%58)
	}
	return p
}

// key is the same for every frame: it has to be unpredictable against proxies (RFC 6455 section 10.3), of which there
// are none on loopback, and the server's work to unmask is the same.
var key = [4]byte{0x9d, 0x31, 0xc6, 0x5a}

// maskedFrame is one whole message from a client, RFC 6455 section 5.2.
func maskedFrame(op byte, body []byte) []byte {
	p := append(appendHeader(nil, op, 0x80, len(body)), key[:]...)
	for i, b := range body {
		p = append(p, b^key[i%4])
	}
	return p
}

// appendHeader is the header of a frame that is a whole message, without the key.
func appendHeader(p []byte, op, mask byte, n int) []byte {
	p = append(p, 0x80|op)
	switch {
	case n < 126:
		return append(p, mask|byte(n))
	case n <= 0xffff:
		return binary.BigEndian.AppendUint16(append(p, mask|126), uint16(n))
	}
	return binary.BigEndian.AppendUint64(append(p, mask|127), uint64(n))
}

// numberLen is how long the number of a message is: six bits to the byte, as printable ASCII, so that it is valid text.
const numberLen = 8

func putNumber(p []byte, n int64) {
	for i := range numberLen {
		p[i] = '0' + byte(n>>(6*(numberLen-1-i))&63)
	}
}
