package original_test

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"unicode/utf8"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// The ways in which what is sent may be taken otherwise by the drop-in, as its package comment has them.
const (
	badText = 1 << iota
	notMinimal
	shortClose
	oddRSV1
	corruptDeflate
	expands // beyond the read limit
)

// allowed are the drop-in's own errors.
var allowed = map[string]int{
	"websocket: invalid utf8 payload in text message": badText,
	"websocket: length not minimal":                   notMinimal,
	"websocket: bad close payload":                    shortClose,
	"websocket: RSV1 set":                             oddRSV1,
	"websocket: corrupt compressed message":           corruptDeflate,
	"websocket: read limit exceeded":                  expands,
}

// script makes up what a peer sends.
type script struct {
	rng      *rand.Rand
	toServer bool
	deflate  bool
	wire     []byte
	odd      int // the ways of above in it
}

var sizes = []int{0, 0, 1, 2, 5, 100, 125, 126, 127, 700, 4096, 5000, 65535, 65536}

func (s *script) chance(n int) bool { return s.rng.IntN(n) == 0 }

func (s *script) message() {
	op := byte(wsproto.OpText)
	if s.chance(2) {
		op = byte(wsproto.OpBinary)
	}
	p := make([]byte, sizes[s.rng.IntN(len(sizes))])
	for i := range p {
		p[i] = byte('a' + s.rng.IntN(4))
	}
	if len(p) > 0 && s.chance(30) {
		p[s.rng.IntN(len(p))] = 0xc3
	}
	if op == byte(wsproto.OpText) && !utf8.Valid(p) {
		s.odd |= badText
	}
	compressed := byte(0)
	if s.deflate && s.chance(2) {
		if len(p) > limit {
			s.odd |= expands
		}
		compressed, p = 0x40, deflated(p)
		if len(p) > 0 && s.chance(20) {
			p[s.rng.IntN(len(p))] ^= byte(1 << s.rng.IntN(8))
			s.odd |= corruptDeflate | badText | expands // whatever it is now
		}
	}
	for first := true; ; first = false {
		n := len(p)
		if s.chance(3) {
			n = s.rng.IntN(n + 1)
		}
		b0 := byte(0)
		if first {
			b0 = op | compressed
		}
		if n == len(p) && !s.chance(4) {
			s.frame(b0|0x80, p)
			return
		}
		s.frame(b0, p[:n])
		p = p[n:]
		if s.chance(4) {
			s.control()
		}
	}
}

func (s *script) control() {
	switch s.rng.IntN(8) {
	case 0:
		p := binary.BigEndian.AppendUint16(nil, []uint16{1000, 1001, 1005, 1011, 1014, 3000, 5000, 0}[s.rng.IntN(8)])
		if s.chance(4) {
			p = nil
		} else if s.chance(4) {
			p = append(p, "\xff"...)
		} else if s.chance(4) {
			p = p[:1]
			s.odd |= shortClose
		}
		s.frame(0x88, p)
	case 1, 2, 3:
		s.frame(0x8a, make([]byte, s.rng.IntN(126)))
	default:
		s.frame(0x89, make([]byte, s.rng.IntN(126)))
	}
}

// frame sends a frame, now and then a wrong one.
func (s *script) frame(b0 byte, p []byte) {
	masked := s.toServer
	if s.chance(60) {
		b0 ^= byte(1 << s.rng.IntN(8))
	}
	if s.chance(100) {
		masked = !masked
	}
	if op := b0 & 15; s.deflate && b0&0x40 != 0 && op != 1 && op != 2 {
		s.odd |= oddRSV1
	}
	if b0&0x40 != 0 {
		s.odd |= corruptDeflate | badText | expands // it may not be what was meant
	}
	if b0&15 == 1 || b0&15 == 0 {
		s.odd |= badText * b2i(!utf8.Valid(p) || s.odd&badText != 0 || b0&15 == 0)
	}
	if b0&15 == 8 && len(p) == 1 {
		s.odd |= shortClose
	}
	length := byte(len(p))
	var long []byte
	switch wide := s.chance(80); {
	case len(p) > 65535 || wide && len(p) > 125:
		length, long = 127, binary.BigEndian.AppendUint64(nil, uint64(len(p)))
	case len(p) > 125 || wide:
		length, long = 126, binary.BigEndian.AppendUint16(nil, uint16(len(p)))
	}
	if length == 126 && len(p) < 126 || length == 127 && len(p) < 65536 {
		s.odd |= notMinimal
	}
	if masked {
		length |= 0x80
	}
	s.wire = append(append(s.wire, b0, length), long...)
	if masked {
		key := [4]byte{1, 2, 3, byte(s.rng.Uint32())}
		s.wire = append(s.wire, key[:]...)
		p = bytes.Clone(p)
		wsproto.Mask(p, key, 0)
	}
	s.wire = append(s.wire, p...)
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func deflated(p []byte) []byte {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, 5)
	if err == nil {
		_, err = w.Write(p)
	}
	if err == nil {
		err = w.Flush()
	}
	if err != nil {
		panic(err)
	}
	return b.Bytes()[:b.Len()-4]
}

// sent is what a Conn has written, as control frames and whole messages, decompressed, and as the sizes of frames.
type sent struct {
	Frames   []string
	Messages []string
}

func parse(t testing.TB, wire []byte) (s sent) {
	t.Helper()
	var (
		whole      []byte
		op         wsproto.OpCode
		compressed bool
		z          = wsproto.NewInflater()
	)
	for len(wire) > 0 {
		h, n, err := wsproto.ParseHeader(wire)
		if err != nil || n == 0 || len(wire) < n+int(h.Length) {
			t.Fatalf("%x is not a frame, %v", wire[:min(len(wire), 20)], err)
		}
		p := wire[n : n+int(h.Length)]
		wire = wire[n+int(h.Length):]
		if h.Masked {
			p = bytes.Clone(p)
			wsproto.Mask(p, h.Mask, 0)
		}
		s.Frames = append(s.Frames, frameText(h))
		if h.OpCode.IsControl() {
			s.Messages = append(s.Messages, string([]byte{byte(h.OpCode)})+string(p))
			continue
		}
		if h.OpCode != wsproto.OpContinuation {
			op, compressed, whole = h.OpCode, h.Rsv != 0, nil
		}
		if whole = append(whole, p...); !h.Fin {
			continue
		}
		if compressed {
			whole = inflated(t, z, whole)
		}
		s.Messages = append(s.Messages, string([]byte{byte(op)})+string(whole))
	}
	return s
}
