package wsproto_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// deflateSizes calls run with messages of records, each without a dictionary and with those of earlier messages.
func deflateSizes(b *testing.B, run func(b *testing.B, p, dict []byte)) {
	all := records(100<<10, 1)
	for _, n := range []int{128, 512, 4 << 10, 64 << 10} {
		for _, k := range []int{0, 4 << 10, 32 << 10} {
			b.Run(fmt.Sprintf("size=%d/dict=%d", n, k), func(b *testing.B) {
				b.SetBytes(int64(n))
				b.ReportAllocs()
				run(b, all[k:k+n], all[:k])
			})
		}
	}
}

func BenchmarkDeflate(b *testing.B) {
	for _, level := range []int{1, 6, 9} {
		for _, bits := range []uint8{12, 15} {
			b.Run(fmt.Sprintf("level=%d/bits=%d", level, bits), func(b *testing.B) {
				d := wsproto.NewDeflater(level)
				deflateSizes(b, func(b *testing.B, p, dict []byte) {
					dst := make([]byte, 0, wsproto.DeflateBound(len(p)))
					n := 0
					for b.Loop() {
						n = len(d.Append(dst, p, bits, dict, true))
					}
					b.ReportMetric(float64(n), "out-bytes")
				})
			})
		}
	}
}

func BenchmarkInflate(b *testing.B) {
	d := wsproto.NewDeflater(6)
	z := wsproto.NewInflater()
	out := make([]byte, 16<<10)
	deflateSizes(b, func(b *testing.B, p, dict []byte) {
		msg := tailed(d.Append(nil, p, 0, dict, true))
		for b.Loop() {
			z.Reset(msg, dict)
			for {
				if _, err := z.Read(out); err == io.EOF {
					break
				} else if err != nil {
					b.Fatal(err)
				}
			}
			z.Release()
		}
	})
}

func BenchmarkInflateStream(b *testing.B) {
	d := wsproto.NewDeflater(6)
	deflateSizes(b, func(b *testing.B, p, dict []byte) {
		payload := d.Append(nil, p, 0, dict, true)
		for b.Loop() {
			s := wsproto.NewInflateStream(dict)
			if err := s.Write(payload, true, func([]byte) error { return nil }); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// What a hostile peer can have a processor do with 64 KiB of payload, in which there is not a single byte of message.
func BenchmarkInflateHostile(b *testing.B) {
	for _, h := range []struct{ name, payload string }{
		{"stored", strings.Repeat("\x00\x00\x00\xff\xff", 13107) + "\x00"},
		{"final", strings.Repeat("\x03\x00", 32768)},
		// Blocks with codes of their own, 13 bytes each: the flush behind makes the next one begin at a byte.
		{"dynamic", strings.Repeat("\x04\xdd\x81\x00\x00\x00\x00\x00\x90\xff\x6b\x25\x00\x00\x00\xff\xff", 3855) + "\x00"},
	} {
		b.Run("kind="+h.name, func(b *testing.B) {
			z := wsproto.NewInflater()
			out := make([]byte, 16<<10)
			msg := tailed([]byte(h.payload))
			b.SetBytes(int64(len(msg)))
			b.ReportAllocs()
			for b.Loop() {
				z.Reset(msg, nil)
				n, err := z.Read(out)
				if n != 0 || err == nil || h.name != "final" && err != io.EOF {
					b.Fatal(n, err)
				}
			}
		})
	}
}
