package differential_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"time"
)

// A script is a connection whose far end has said everything already. It is
// used by one goroutine: nothing waits, so the same stream always does the same.
type script struct {
	reads   [][]byte
	out     bytes.Buffer
	last    error // of the reads for which nothing is left
	starved bool  // there was one
	closed  bool
}

// errCut is how a script ends: not with io.EOF, see TestFinInsideMessage.
var errCut = errors.New("nothing more to read")

func (s *script) Read(p []byte) (int, error) {
	switch {
	case s.closed:
		return 0, net.ErrClosed
	case len(s.reads) == 0:
		s.starved = true
		return 0, s.last
	}
	n := copy(p, s.reads[0])
	if s.reads[0] = s.reads[0][n:]; len(s.reads[0]) == 0 {
		s.reads = s.reads[1:]
	}
	return n, nil
}

func (s *script) Write(p []byte) (int, error) {
	if s.closed {
		return 0, net.ErrClosed
	}
	return s.out.Write(p)
}

func (s *script) Close() error                     { s.closed = true; return nil }
func (s *script) LocalAddr() net.Addr              { return &net.UnixAddr{} }
func (s *script) RemoteAddr() net.Addr             { return &net.UnixAddr{} }
func (s *script) SetDeadline(time.Time) error      { return nil }
func (s *script) SetReadDeadline(time.Time) error  { return nil }
func (s *script) SetWriteDeadline(time.Time) error { return nil }

// read puts what an endpoint has sent into the normal form. A close frame ends
// it; without one the ending is otherwise. An error says how the endpoint itself
// has broken the protocol.
func read(out []byte, masked bool, p packing, otherwise ending) (o outcome, err error) {
	o.end = otherwise
	var msg, window []byte
	packed := false
	kind := byte(opCont)
	for len(out) > 0 {
		if len(out) < 2 {
			return o, errors.New("sent half a header")
		}
		op, fin, size, length := out[0]&15, out[0]&0x80 != 0, 2, uint64(out[1]&127)
		switch length {
		case 126:
			length, size = uint64(binary.BigEndian.Uint16(out[2:])), 4
		case 127:
			length, size = binary.BigEndian.Uint64(out[2:]), 10
		}
		var key [4]byte
		if masked {
			key = [4]byte(out[size:])
			size += 4
		}
		switch {
		case out[0]&0x30 != 0, out[0]&0x40 != 0 && (p == plain || op != opText && op != opBin):
			return o, errors.New("sent a reserved bit")
		case out[1]&0x80 != 0 != masked:
			return o, errors.New("sent a frame with the wrong mask bit")
		case uint64(len(out)-size) < length:
			return o, errors.New("sent half a frame")
		case op >= opClose && (!fin || length > 125):
			return o, errors.New("sent a wrong control frame")
		case op < opClose && (op == opCont) != (kind != opCont):
			return o, errors.New("sent fragments out of order")
		}
		header, payload := out[:size], bytes.Clone(out[size:size+int(length)])
		out = out[size+int(length):]
		for i := range payload {
			payload[i] ^= key[i%4]
		}
		switch {
		case op == opClose && len(out) > 0:
			return o, errors.New("sent something after its close frame")
		case op == opClose && len(payload) == 1:
			return o, errors.New("sent a close frame with one byte")
		case op == opClose && len(payload) == 0:
			o.end = noStatus
		case op == opClose:
			o.end = ending(binary.BigEndian.Uint16(payload))
		case op > opClose:
			o.answers = append(o.answers, answer(op, payload))
		default:
			if op != opCont {
				kind, msg, packed = op, nil, header[0]&0x40 != 0
			}
			if msg = append(msg, payload...); !fin {
				continue
			}
			if packed {
				if msg, _, err = inflate(msg, window, tail+final, 1<<40); err != nil {
					return o, fmt.Errorf("sent a message that does not decompress: %w", err)
				}
				if p == takeover {
					window = slide(window, msg)
				}
			}
			o.answers = append(o.answers, answer(kind, msg))
			kind = opCont
		}
	}
	return o, nil
}
