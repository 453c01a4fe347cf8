package load

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// reader follows the messages to one connection through reads of any size. A message may come in fragments and with
// pings in between. The zero value is at the start of a message.
type reader struct {
	head    [10]byte // a header that is not whole yet
	headLen uint8
	inFrame bool   // the header is whole, frame bytes are to come
	fin     bool   // the frame is the last of its message
	open    bool   // the message goes on with a continuation frame
	control byte   // the opcode of a control frame, else 0
	seen    uint32 // messages, to choose those whose content is compared
	frame   int
	got     int   // payload bytes of the message
	number  int64 // of the message, if it has one
	ping    *ping // nil when there is none to answer
}

// ping is the payload of the last ping (RFC 6455 section 5.5.3 lets a peer answer that alone), as far as it has come.
type ping struct {
	payload []byte
	whole   bool
}

// next takes p up to the end of the next message, and gives how much that was and whether it came to that end. The error
// errClosing means that the server has sent a close frame, every other that it has made a mistake.
func (r *reader) next(f *format, p []byte) (n int, whole bool, err error) {
	if f.protocol == TCP {
		n = min(len(f.body)-r.got, len(p))
		if err := r.content(f, p[:n]); err != nil {
			return 0, false, err
		}
		return n, r.got == len(f.body) && r.end(), nil
	}
	// Almost every message comes whole and in the shortest form.
	if all := len(f.answer) + len(f.body); len(p) >= all && bytes.HasPrefix(p, f.answer) && r.atStart() {
		if err := r.content(f, p[len(f.answer):all]); err != nil {
			return 0, false, err
		}
		return all, r.end(), nil
	}
	for {
		if !r.inFrame {
			k, err := r.header(f, p[n:])
			n += k
			if err != nil || !r.inFrame {
				return n, false, err
			}
		}
		part := p[n : n+min(r.frame, len(p)-n)]
		if r.control != 0 {
			r.controlled(part)
		} else if err := r.content(f, part); err != nil {
			return n, false, err
		}
		n += len(part)
		r.frame -= len(part)
		if r.frame > 0 {
			return n, false, nil // p is used up
		}
		r.inFrame = false
		switch {
		case r.control == opClose:
			return n, false, errClosing
		case r.control != 0:
			if r.ping != nil {
				r.ping.whole = true
			}
		case !r.fin:
			r.open = true
		case r.got != len(f.body):
			return n, false, fmt.Errorf("a reply of %d bytes to a message of %d", r.got, len(f.body))
		default:
			return n, r.end(), nil
		}
	}
}

func (r *reader) atStart() bool { return r.headLen == 0 && !r.inFrame && !r.open }

// end gets ready for the next message; it gives true.
func (r *reader) end() bool {
	r.seen++
	r.got, r.open = 0, false
	return true
}

// content compares the next payload bytes of the message, if this message is one that is checked, and reads its number,
// if it has one.
func (r *reader) content(f *format, p []byte) error {
	if f.numbered {
		if r.got == 0 {
			r.number = 0
		}
		for r.got < numberLen && len(p) > 0 {
			digit := p[0] - '0'
			if digit > 63 {
				return fmt.Errorf("byte %#02x in the number of a message", p[0])
			}
			r.number = r.number<<6 | int64(digit)
			r.got++
			p = p[1:]
		}
	}
	if f.checks(r.seen) && !bytes.Equal(p, f.body[r.got:r.got+len(p)]) {
		return fmt.Errorf("reply %d differs from the message", r.seen)
	}
	r.got += len(p)
	return nil
}

// controlled keeps what a ping carries.
func (r *reader) controlled(p []byte) {
	if r.ping != nil && r.control == opPing {
		r.ping.payload = append(r.ping.payload, p...)
	}
}

// header takes as much of p as belongs to the frame's header, and sets inFrame when that is whole.
func (r *reader) header(f *format, p []byte) (n int, err error) {
	for {
		need := 2
		if r.headLen >= 2 {
			need += extended(r.head[1])
		}
		if int(r.headLen) == need {
			r.headLen = 0
			return n, r.parse(f)
		}
		if n == len(p) {
			return n, nil
		}
		k := copy(r.head[r.headLen:need], p[n:])
		r.headLen += uint8(k)
		n += k
	}
}

// parse reads the header in head, RFC 6455 section 5.2.
func (r *reader) parse(f *format) error {
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
	switch b0 {
	case 0x80 | opPing, 0x80 | opPong, 0x80 | opClose:
		if length > 125 { // section 5.5
			return fmt.Errorf("a control frame of %d bytes", length)
		}
		r.frame, r.control = int(length), b0&0x0f
		if r.control == opPing {
			r.ping = new(ping)
		}
		return nil
	}
	want := f.opcode
	if r.open {
		want = opContinuation
	}
	if b0&0x7f != want {
		return fmt.Errorf("a frame with first byte %#02x in place of an echo", b0)
	}
	if length > uint64(len(f.body)-r.got) {
		return fmt.Errorf("a frame of %d bytes, %d are missing of a message of %d", length, len(f.body)-r.got, len(f.body))
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
