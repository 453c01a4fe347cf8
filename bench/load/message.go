package load

import "encoding/binary"

const (
	opContinuation = 0
	opText         = 1
	opBinary       = 2
	opPing         = 9
	opPong         = 10
)

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

// maskedFrame is one whole message from a client, RFC 6455 section 5.2. The key is the same for every frame: it has to
// be unpredictable against proxies (section 10.3), of which there are none on loopback, and the server's work to
// unmask is the same.
func maskedFrame(op byte, body []byte) []byte {
	p := []byte{0x80 | op}
	switch n := len(body); {
	case n < 126:
		p = append(p, 0x80|byte(n))
	case n <= 0xffff:
		p = binary.BigEndian.AppendUint16(append(p, 0x80|126), uint16(n))
	default:
		p = binary.BigEndian.AppendUint64(append(p, 0x80|127), uint64(n))
	}
	key := [4]byte{0x9d, 0x31, 0xc6, 0x5a}
	p = append(p, key[:]...)
	for i, b := range body {
		p = append(p, b^key[i%4])
	}
	return p
}
