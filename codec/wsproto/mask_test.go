package wsproto_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/gobwas/ws"
	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// Every length around the sizes of the inner loops, at every alignment and
// every position in the key, touches its own bytes and no others.
func TestMask(t *testing.T) {
	const edge = 9
	source := make([]byte, 600+2*edge)
	for i := range source {
		source[i] = byte(i * 7)
	}
	key := [4]byte{0x80, 0x01, 0xfe, 0x37}
	for n := range 600 {
		for pos := range 9 {
			start := 1 + (n+pos)%edge
			got, want := bytes.Clone(source), bytes.Clone(source)
			wsproto.Mask(got[start:start+n], key, pos)
			for i := range n {
				want[start+i] ^= key[(pos+i)%4]
			}
			if !bytes.Equal(got, want) {
				t.Fatalf("%d bytes at position %d of the payload and %d of memory", n, pos, start)
			}
		}
	}
}

// A payload may be masked in any pieces, and masking twice gives it back.
func TestMaskPieces(t *testing.T) {
	source := []byte(rep(700))
	whole := bytes.Clone(source)
	wsproto.Mask(whole, wireKey, 0)
	for cut := range len(source) {
		p := bytes.Clone(source)
		wsproto.Mask(p[:cut], wireKey, 0)
		wsproto.Mask(p[cut:], wireKey, cut)
		if !bytes.Equal(p, whole) {
			t.Fatalf("cut at %d", cut)
		}
		wsproto.Mask(p, wireKey, 0)
		if !bytes.Equal(p, source) {
			t.Fatal("masking twice is not the identity")
		}
	}
}

func TestMaskAllocations(t *testing.T) {
	p := make([]byte, 4096)
	if got := testing.AllocsPerRun(100, func() {
		wsproto.Mask(p[:20], wireKey, 1)
		wsproto.Mask(p, wireKey, 3)
	}); got != 0 {
		t.Errorf("%v allocations", got)
	}
}

func FuzzMask(f *testing.F) {
	f.Add([]byte("Hello"), uint32(0x37fa213d), uint16(0), uint16(2))
	f.Add([]byte(rep(500)), uint32(1), uint16(3), uint16(250))
	f.Fuzz(func(t *testing.T, p []byte, k uint32, pos, cut uint16) {
		key := [4]byte{byte(k), byte(k >> 8), byte(k >> 16), byte(k >> 24)}
		want := bytes.Clone(p)
		ws.Cipher(want, key, int(pos))
		at := min(int(cut), len(p))
		wsproto.Mask(p[:at], key, int(pos))
		wsproto.Mask(p[at:], key, int(pos)+at)
		if !bytes.Equal(p, want) {
			t.Fatalf("pos %d, cut %d:\n% x, want\n% x", pos, at, p, want)
		}
	})
}

func BenchmarkMask(b *testing.B) {
	for _, n := range []int{8, 20, 125, 128, 191, 192, 1000, 4096, 65536} {
		p := make([]byte, n)
		b.Run(fmt.Sprintf("size=%d/by=Mask", n), func(b *testing.B) {
			b.SetBytes(int64(n))
			b.ReportAllocs()
			for b.Loop() {
				wsproto.Mask(p, wireKey, 0)
			}
		})
		b.Run(fmt.Sprintf("size=%d/by=Cipher", n), func(b *testing.B) {
			b.SetBytes(int64(n))
			b.ReportAllocs()
			for b.Loop() {
				ws.Cipher(p, wireKey, 0)
			}
		})
	}
}
