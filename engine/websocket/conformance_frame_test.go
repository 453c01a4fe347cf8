package websocket_test

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// conformFrame is a frame as the fuzzer has read it.
type conformFrame struct {
	b0      byte
	payload []byte
}

func (f conformFrame) op() byte { return f.b0 & 15 }

// appendConformFrame writes a frame from RFC 6455 section 5.2. A nil key does
// not mask. p is not changed.
func appendConformFrame(b []byte, b0 byte, p, key []byte) []byte {
	return appendConformBody(appendConformHeader(b, b0, len(p), key), p, key, 0)
}

func appendConformHeader(b []byte, b0 byte, n int, key []byte) []byte {
	mask := byte(0)
	if key != nil {
		mask = 0x80
	}
	return append(append(b, header(b0, mask, n)...), key...)
}

// appendConformBody masks p, which begins at offset off of its frame.
func appendConformBody(b, p, key []byte, off int) []byte {
	b = append(b, p...)
	if key != nil {
		conformMask(b[len(b)-len(p):], key, off)
	}
	return b
}

func conformMask(p, key []byte, off int) {
	var k [8]byte
	for i := range k {
		k[i] = key[(off+i)%4]
	}
	word := binary.LittleEndian.Uint64(k[:])
	i := 0
	for ; i+8 <= len(p); i += 8 {
		binary.LittleEndian.PutUint64(p[i:], binary.LittleEndian.Uint64(p[i:])^word)
	}
	for ; i < len(p); i++ {
		p[i] ^= k[i%8]
	}
}

// conformMax is more than any case has in a frame.
const conformMax = 64 << 20

// readConformFrame reads one frame and is strict about it: whoever is tested
// must send masked frames or must not, lengths in their shortest form, control
// frames as RFC 6455 section 5.5 wants them, and no bits or opcodes that mean
// nothing.
func readConformFrame(r *bufio.Reader, masked, rsv1 bool) (f conformFrame, err error) {
	var h [8]byte
	if _, err := io.ReadFull(r, h[:2]); err != nil {
		return f, err // io.EOF between two frames
	}
	f.b0 = h[0]
	n, op := uint64(h[1]&0x7f), f.op()
	switch {
	case h[1]&0x80 != 0 != masked:
		return f, fmt.Errorf("a frame whose mask bit is %v", !masked)
	case op > pong || op > bin && op < cls:
		return f, fmt.Errorf("a frame with opcode %d", op)
	case f.b0&0x30 != 0, f.b0&0x40 != 0 && (!rsv1 || op != text && op != bin):
		return f, fmt.Errorf("a frame with reserved bits: %#x", f.b0)
	case op >= cls && (n > 125 || f.b0&fin == 0):
		return f, fmt.Errorf("a control frame that begins with %#x, %d", f.b0, n)
	}
	switch n {
	case 126:
		_, err = io.ReadFull(r, h[:2])
		if n = uint64(binary.BigEndian.Uint16(h[:])); n < 126 && err == nil {
			err = errors.New("16 bits of length for less than 126")
		}
	case 127:
		_, err = io.ReadFull(r, h[:8])
		if n = binary.BigEndian.Uint64(h[:]); n < 1<<16 && err == nil {
			err = errors.New("64 bits of length for less than 65536")
		}
	}
	if err == nil && n > conformMax {
		err = fmt.Errorf("a frame of %d bytes", n)
	}
	var key []byte
	if err == nil && masked {
		key = make([]byte, 4)
		_, err = io.ReadFull(r, key)
	}
	if err != nil {
		return f, noEOF(err)
	}
	f.payload = make([]byte, n)
	if _, err := io.ReadFull(r, f.payload); err != nil {
		return f, noEOF(err)
	}
	if masked {
		conformMask(f.payload, key, 0)
	}
	return f, nil
}

// noEOF is for ends in the middle of something.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// parseConformClose reads the payload of a close frame; a code of -1 means that
// there is none.
func parseConformClose(p []byte) (code int, err error) {
	switch {
	case len(p) == 0:
		return -1, nil
	case len(p) == 1:
		return 0, errors.New("a close frame with one byte")
	case !utf8.Valid(p[2:]):
		return 0, errors.New("a close frame whose reason is not UTF-8")
	}
	return int(binary.BigEndian.Uint16(p)), nil
}
