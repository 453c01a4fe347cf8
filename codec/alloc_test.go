package codec_test

import (
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/codec"
)

// kinds is one framing of each kind that takes its own path, with a message for it.
var kinds = []struct {
	name string
	f    codec.Framing
	msg  string
}{
	{"Line", codec.Line{}, strings.Repeat("a", 100)},
	{"LineCRLF", codec.Line{CRLF: true}, strings.Repeat("a", 100)},
	{"Delimiter1", codec.Delimiter{Sequence: "\x00"}, strings.Repeat("a", 100)},
	{"Delimiter4", codec.Delimiter{Sequence: "\r\n.\r"}, strings.Repeat("a", 100)},
	{"Delimiter100", codec.Delimiter{Sequence: strings.Repeat("-", 100)}, strings.Repeat("a", 100)},
	{"DelimiterKept", codec.Delimiter{Sequence: "--", Keep: true}, strings.Repeat("a", 98) + "--"},
	{"Fixed", codec.Fixed{Size: 100}, strings.Repeat("a", 100)},
	{"LengthPrefix", codec.LengthPrefix{}, strings.Repeat("a", 100)},
	{"LengthPrefixLittle", codec.LengthPrefix{Width: 8, LittleEndian: true, Inclusive: true}, strings.Repeat("a", 100)},
	{"LengthPrefixVarint", codec.LengthPrefix{Width: codec.Varint}, strings.Repeat("a", 200)},
	{"LengthPrefixKept", codec.LengthPrefix{Width: 2, LengthOffset: 1, Strip: -1}, "K\x00\x64" + strings.Repeat("a", 100)},
}

func TestNoAllocations(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			msg := []byte(kind.msg)
			dst := make([]byte, 0, 1024)
			var out []byte
			if n := testing.AllocsPerRun(100, func() { out, _ = kind.f.Append(dst, msg) }); n != 0 {
				t.Errorf("Append allocates %v times", n)
			}
			if len(out) < len(msg) {
				t.Fatalf("Append gives %q", out)
			}
			for _, p := range [][]byte{out, out[:len(out)-1]} {
				if n := testing.AllocsPerRun(100, func() { _, _, _ = kind.f.Next(p) }); n != 0 {
					t.Errorf("Next of %d bytes allocates %v times", len(p), n)
				}
			}
		})
	}
}

// A peer that breaks the rules must not cost an allocation either.
func TestNoAllocationsOnRefusal(t *testing.T) {
	tests := []struct {
		name   string
		f      codec.Framing
		stream string
	}{
		{"Line too long", codec.Line{Max: 3}, "abcd"},
		{"Line malformed", codec.Line{CRLF: true}, "abc\n"},
		{"Delimiter too long", codec.Delimiter{Sequence: "--", Max: 3}, "abcd"},
		{"LengthPrefix too long", codec.LengthPrefix{Width: 1, Max: 3}, "\x04"},
		{"LengthPrefix malformed", codec.LengthPrefix{Width: codec.Varint}, "\x80\x00"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := []byte(tt.stream)
			var err error
			if n := testing.AllocsPerRun(100, func() { _, _, err = tt.f.Next(p) }); n != 0 || err == nil {
				t.Errorf("Next allocates %v times, error %v", n, err)
			}
		})
	}
}

// What a resumed search looks at again is less than an ending, so the whole of it is linear.
func TestScannerResumes(t *testing.T) {
	tests := []struct {
		name   string
		f      codec.Scanner
		ending string
	}{
		{"Line", codec.Line{Max: -1}, "\n"},
		{"LineCRLF", codec.Line{Max: -1, CRLF: true}, "\r\n"},
		{"Delimiter", codec.Delimiter{Max: -1, Sequence: "end of message"}, "end of message"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := []byte(strings.Repeat("a", 1<<20) + tt.ending)
			scanned := 0
			for end := range len(p) {
				_, n, next, err := tt.f.NextFrom(p[:end], scanned)
				if n != 0 || err != nil || next < scanned || next > end || end-next >= len(tt.ending)+1 {
					t.Fatalf("%d bytes, %d scanned: n %d, next %d, error %v", end, scanned, n, next, err)
				}
				scanned = next
			}
			if msg, n, next, err := tt.f.NextFrom(p, scanned); len(msg) != 1<<20 || n != len(p) || next != 0 || err != nil {
				t.Fatalf("message of %d bytes, n %d, next %d, error %v", len(msg), n, next, err)
			}
		})
	}
}

func BenchmarkNext(b *testing.B) {
	for _, kind := range kinds {
		p, err := kind.f.Append(nil, []byte(kind.msg))
		if err != nil {
			b.Fatal(err)
		}
		b.Run("framing="+kind.name, func(b *testing.B) {
			b.SetBytes(int64(len(p)))
			b.ReportAllocs()
			for b.Loop() {
				if _, n, _ := kind.f.Next(p); n == 0 {
					b.Fatal("no message")
				}
			}
		})
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, kind := range kinds {
		dst, msg := make([]byte, 0, 1024), []byte(kind.msg)
		b.Run("framing="+kind.name, func(b *testing.B) {
			b.SetBytes(int64(len(msg)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := kind.f.Append(dst, msg); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
