package load

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// reader follows the replies of one connection through reads of any size. A message may come in fragments and with
// pings in between. The zero value is at the start of a message.
type reader struct {
	head    [10]byte // a header that is not whole yet
	headLen int
	inFrame bool // the header is whole, frame bytes are to come
	frame   int
	fin     bool // the frame is the last of its message
	control byte // the opcode of a control frame, else 0
	open    bool // the message goes on with a continuation frame
	got     int  // payload bytes of the message
	seen    int  // messages, to choose those whose content is compared

	ping   []byte // the payload of a ping, as far as it has come
	pinged bool   // ping is whole and not answered yet
}

// read takes p and says how many messages became whole.
func (r *reader) read(l *Load, p []byte) (messages int, err error) {
	if l.cfg.Protocol == TCP {
		return r.readBytes(l, p)
	}
	for {
		if !r.inFrame {
			n, err := r.header(l, p)
			if err != nil {
				return messages, err
			}
			p = p[n:]
			if !r.inFrame {
				return messages, nil // p is used up
			}
		}
		n := min(r.frame, len(p))
		if r.control != 0 {
			r.ping = append(r.ping, p[:n]...)
		} else if err := r.content(l, p[:n]); err != nil {
			return messages, err
		}
		p = p[n:]
		r.frame -= n
		if r.frame > 0 {
			return messages, nil // p is used up
		}
		r.inFrame = false
		switch {
		case r.control != 0:
			r.pinged = r.control == opPing
		case !r.fin:
			r.open = true
		default:
			if r.got != len(l.body) {
				return messages, fmt.Errorf("a reply of %d bytes to a message of %d", r.got, len(l.body))
			}
			r.endMessage(l)
			messages++
		}
	}
}

func (r *reader) readBytes(l *Load, p []byte) (messages int, err error) {
	for len(p) > 0 {
		n := min(len(l.body)-r.got, len(p))
		if err := r.content(l, p[:n]); err != nil {
			return messages, err
		}
		p = p[n:]
		if r.got == len(l.body) {
			r.endMessage(l)
			messages++
		}
	}
	return messages, nil
}

// content compares the next payload bytes of the message, if this message is one that is checked.
func (r *reader) content(l *Load, p []byte) error {
	if l.checks(r.seen) && !bytes.Equal(p, l.body[r.got:r.got+len(p)]) {
		return fmt.Errorf("reply %d differs from the message", r.seen)
	}
	r.got += len(p)
	return nil
}

func (r *reader) endMessage(l *Load) {
	if l.checks(r.seen) {
		l.checked++
	}
	r.seen++
	r.got, r.open = 0, false
}

func (l *Load) checks(n int) bool { return l.cfg.Check > 0 && n%l.cfg.Check == 0 }

// header takes as much of p as belongs to the frame's header, and sets inFrame when that is whole.
func (r *reader) header(l *Load, p []byte) (n int, err error) {
	for {
		need := 2
		if r.headLen >= 2 {
			need += extended(r.head[1])
		}
		if r.headLen == need {
			r.headLen = 0
			return n, r.parse(l)
		}
		if n == len(p) {
			return n, nil
		}
		k := copy(r.head[r.headLen:need], p[n:])
		r.headLen += k
		n += k
	}
}

// parse reads the header in head, RFC 6455 section 5.2.
func (r *reader) parse(l *Load) error {
	b0, b1 := r.head[0], r.head[1]
	if b1&0x80 != 0 {
		return errors.New("a masked frame from the server") // section 5.1
	}
	var length uint64
	switch b1 {
	case 126:
		length = uint64(binary.BigEndian.Uint16(r.head[2:]))
	case 127:
		length = binary.BigEndian.Uint64(r.head[2:])
	default:
		length = uint64(b1)
	}
	r.inFrame, r.control = true, 0
	if b0 == 0x80|opPing || b0 == 0x80|opPong {
		if length > 125 { // section 5.5
			return fmt.Errorf("a control frame of %d bytes", length)
		}
		r.frame, r.control = int(length), b0&0x0f
		r.ping, r.pinged = r.ping[:0], false
		return nil
	}
	want := byte(opBinary)
	if l.cfg.Text {
		want = opText
	}
	if r.open {
		want = opContinuation
	}
	if b0&0x7f != want {
		return fmt.Errorf("a frame with first byte %#02x in place of an echo", b0)
	}
	if length > uint64(len(l.body)-r.got) {
		return fmt.Errorf("a frame of %d bytes, %d are missing of a message of %d", length, len(l.body)-r.got, len(l.body))
	}
	r.frame, r.fin = int(length), b0&0x80 != 0
	return nil
}

// extended is how many bytes of length follow the second byte of a header.
func extended(b1 byte) int {
	switch b1 & 0x7f {
	case 126:
		return 2
	case 127:
		return 8
	}
	return 0
}
