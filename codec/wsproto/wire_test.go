package wsproto_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
	"unsafe"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// First bytes of frames: an opcode, with fin or without.
const (
	fin  = 0x80
	cont = 0x0
	text = 0x1
	bin  = 0x2
	cls  = 0x8
	ping = 0x9
	pong = 0xa
)

var wireKey = [4]byte{0x37, 0xfa, 0x21, 0x3d} // the one of RFC 6455 section 5.7

// masked writes a frame as a client sends it, byte by byte from RFC 6455
// section 5.2.
func masked(b0 byte, payload string) string {
	b := []byte(plain(b0, payload))
	head := b[:len(b)-len(payload)]
	head[1] |= 0x80
	body := []byte(payload)
	for i := range body {
		body[i] ^= wireKey[i%4]
	}
	return string(head) + string(wireKey[:]) + string(body)
}

// plain writes a frame as a server sends it.
func plain(b0 byte, payload string) string {
	b := []byte{b0}
	switch n := len(payload); {
	case n <= 125:
		b = append(b, byte(n))
	case n <= 65535:
		b = binary.BigEndian.AppendUint16(append(b, 126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 127), uint64(n))
	}
	return string(b) + payload
}

// reader drives a Decoder the way an engine does, checks what every event
// promises, and puts messages together.
type reader struct {
	t       testing.TB
	d       wsproto.Decoder
	rest    []byte // bytes the decoder did not take
	records []record
	open    bool // inside a message
	op      wsproto.OpCode
	message []byte
	err     error
}

func newReader(t testing.TB, cfg *wsproto.Config) *reader {
	return &reader{t: t, d: wsproto.NewDecoder(cfg)}
}

// feed offers what was left and what has arrived, in fresh memory.
func (r *reader) feed(arrived []byte) {
	r.t.Helper()
	p := append(bytes.Clone(r.rest), arrived...)
	for r.err == nil {
		before := bytes.Clone(p)
		ev, n, err := r.d.Next(p)
		if n == 0 || err != nil {
			r.nothing(ev, n, err)
			if err == nil && !bytes.Equal(before, p) {
				r.t.Fatalf("an incomplete frame was changed")
			}
			break
		}
		r.event(ev, p[:n])
		if !bytes.Equal(before[n:], p[n:]) {
			r.t.Fatalf("bytes after the %d taken were changed", n)
		}
		p = p[n:]
	}
	r.rest = bytes.Clone(p)
	for i := range p {
		p[i] = 0xaa
	}
}

func (r *reader) nothing(ev wsproto.Event, n int, err error) {
	r.t.Helper()
	if n != 0 || ev.Op != 0 || ev.First || ev.Last || ev.Payload != nil {
		r.t.Fatalf("n = %d, event %+v beside error %v", n, ev, err)
	}
	if err == nil {
		return
	}
	if bad := (*wsproto.Error)(nil); !errors.As(err, &bad) {
		r.t.Fatalf("error is a %T", err)
	}
	if _, _, again := r.d.Next([]byte(masked(fin|ping, ""))); again != err {
		r.t.Fatalf("error %v turned into %v", err, again)
	}
	r.err = err
}

func (r *reader) event(ev wsproto.Event, taken []byte) {
	r.t.Helper()
	if len(ev.Payload) != cap(ev.Payload) {
		r.t.Fatalf("payload of %d bytes has room for %d", len(ev.Payload), cap(ev.Payload))
	}
	if len(ev.Payload) > 0 {
		start := &taken[len(taken)-len(ev.Payload)]
		if unsafe.SliceData(ev.Payload) != start {
			r.t.Fatalf("payload is not the end of the bytes taken")
		}
	}
	if ev.Op.IsControl() {
		if !ev.First || !ev.Last {
			r.t.Fatalf("control frame in pieces: %+v", ev)
		}
		r.records = append(r.records, record{ev.Op, string(ev.Payload), true})
		return
	}
	if ev.First == r.open {
		r.t.Fatalf("First = %v inside a message = %v", ev.First, r.open)
	}
	if r.d.Compressed() {
		ev.Op |= compressed
	}
	if ev.First {
		r.op, r.message = ev.Op, nil
	}
	if ev.Op != r.op {
		r.t.Fatalf("a message of type %d went on as %d", r.op, ev.Op)
	}
	r.message = append(r.message, ev.Payload...)
	r.open = !ev.Last
	if ev.Last {
		r.records = append(r.records, record{r.op, string(r.message), true})
	}
}

// result is what was read: as oracle reports it.
func (r *reader) result() ([]record, wsproto.StatusCode) {
	if bad := (*wsproto.Error)(nil); errors.As(r.err, &bad) {
		return r.records, bad.Code
	}
	if r.open {
		return append(r.records, record{r.op, string(r.message), false}), 0
	}
	return r.records, 0
}
