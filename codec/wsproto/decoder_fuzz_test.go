package wsproto_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// checkOracle feeds in, cut at random, and expects what the oracle reads.
func checkOracle(t *testing.T, cfg wsproto.Config, in []byte, rng *rand.Rand) {
	t.Helper()
	r := newReader(t, &cfg)
	longest := 1 + rng.IntN(len(in)+1)
	for rest := in; len(rest) > 0; {
		n := min(rng.IntN(longest+1), len(rest))
		r.feed(rest[:n])
		rest = rest[n:]
	}
	got, code := r.result()
	want, wantCode := oracle(cfg, in)
	if diff := cmp.Diff(want, got); diff != "" || code != wantCode {
		t.Fatalf("% x\nerror %v, want code %d (-want +got):\n%s", in, r.err, wantCode, diff)
	}
}

func FuzzDecoder(f *testing.F) {
	for i, c := range conversations {
		f.Add([]byte(c.in), c.cfg.Client, c.cfg.SkipUTF8, int8(c.cfg.MaxFrame), int8(c.cfg.MaxMessage), uint64(i))
	}
	f.Fuzz(func(t *testing.T, in []byte, client, skip bool, maxFrame, maxMessage int8, seed uint64) {
		cfg := wsproto.Config{Client: client, SkipUTF8: skip, MaxFrame: int64(maxFrame), MaxMessage: int64(maxMessage), Deflate: seed%2 == 1}
		checkOracle(t, cfg, in, rand.New(rand.NewPCG(seed, 0)))
	})
}

// Conversations that are mostly in order go deeper than bytes that a fuzzer
// thinks up.
func TestDecoderRandomConversations(t *testing.T) {
	for seed := range uint64(3000) {
		rng := rand.New(rand.NewPCG(seed, 1))
		cfg := wsproto.Config{Client: rng.IntN(2) == 0, SkipUTF8: rng.IntN(4) == 0, Deflate: rng.IntN(2) == 0}
		if rng.IntN(4) == 0 {
			cfg.MaxFrame, cfg.MaxMessage = int64(rng.IntN(300)), int64(rng.IntN(600))
		}
		checkOracle(t, cfg, randomConversation(rng, cfg.Client), rng)
	}
}

// randomConversation is a few messages in fragments with control frames among
// them; now and then a bit is flipped.
func randomConversation(rng *rand.Rand, client bool) (wire []byte) {
	write := masked
	if client {
		write = plain
	}
	for range 1 + rng.IntN(4) {
		op := byte(text + rng.IntN(2))
		payload := randomText(rng)
		for first := true; first || op != 0; first = false {
			if rng.IntN(3) == 0 {
				wire = append(wire, write(byte(fin|cls+rng.IntN(3)), rep(rng.IntN(126)))...)
			}
			n := rng.IntN(len(payload) + 1)
			b0 := op
			switch {
			case !first:
				b0 = cont
			case rng.IntN(4) == 0:
				b0 |= 0x40
			}
			if rng.IntN(3) == 0 {
				n, b0, op = len(payload), b0|fin, 0
			}
			wire = append(wire, write(b0, payload[:n])...)
			payload = payload[n:]
		}
	}
	if rng.IntN(2) == 0 {
		wire[rng.IntN(len(wire))] ^= 1 << rng.IntN(8)
	}
	return wire[:len(wire)-rng.IntN(2)*rng.IntN(len(wire))]
}

func randomText(rng *rand.Rand) string {
	var s string
	for range rng.IntN(4) {
		one := texts[rng.IntN(len(texts))].text
		for range 1 + rng.IntN(3)*rng.IntN(3) {
			s += one
		}
	}
	if rng.IntN(40) == 0 {
		s += greek[:1+rng.IntN(3)]
	}
	return s
}

func BenchmarkDecoder(b *testing.B) {
	for _, kind := range []struct {
		name string
		op   wsproto.OpCode
	}{{"text", text}, {"binary", bin}, {"ping", ping}} {
		for _, n := range []int{20, 125, 1000, 4096, 65536} {
			if kind.op == ping && n > 125 {
				continue
			}
			// This key turns ASCII into ASCII, so that what was unmasked in
			// place is a good frame again.
			p := wsproto.AppendMaskedFrame(nil, kind.op, []byte(rep(n)), [4]byte{1, 2, 3, 4})
			b.Run(fmt.Sprintf("kind=%s/size=%d", kind.name, n), func(b *testing.B) {
				b.SetBytes(int64(len(p)))
				b.ReportAllocs()
				d := wsproto.NewDecoder(nil)
				for b.Loop() {
					if _, n, err := d.Next(p); n != len(p) || err != nil {
						b.Fatal(n, err)
					}
				}
			})
		}
	}
}

func BenchmarkHeader(b *testing.B) {
	for _, c := range headers {
		in := []byte(c.in)
		if !c.want.Masked {
			continue
		}
		b.Run(fmt.Sprintf("do=parse/size=%d", len(in)), func(b *testing.B) {
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				if _, n, err := wsproto.ParseHeader(in); n != len(in) || err != nil {
					b.Fatal(n, err)
				}
			}
		})
		b.Run(fmt.Sprintf("do=append/size=%d", len(in)), func(b *testing.B) {
			buf := make([]byte, 0, wsproto.MaxHeaderSize)
			b.SetBytes(int64(len(in)))
			b.ReportAllocs()
			for b.Loop() {
				if len(wsproto.AppendHeader(buf, c.want)) != len(in) {
					b.Fatal("size")
				}
			}
		})
	}
}
