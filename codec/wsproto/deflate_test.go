package wsproto_test

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// records is text as a feed sends it: many names, few values.
func records(n int, seed uint64) []byte {
	rng := rand.New(rand.NewPCG(seed, 2))
	var b bytes.Buffer
	for b.Len() < n {
		fmt.Fprintf(&b, `{"symbol":"%s","price":%d.%02d,"volume":%d,"time":17%08d,"side":"%s"}`,
			[]string{"BTCUSDT", "ETHUSDT", "SOLUSDT"}[rng.IntN(3)], rng.IntN(70000), rng.IntN(100), rng.IntN(1000),
			rng.IntN(1e8), []string{"buy", "sell"}[rng.IntN(2)])
	}
	return b.Bytes()[:n]
}

func noise(n int, seed uint64) []byte {
	rng := rand.New(rand.NewPCG(seed, 3))
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(rng.Uint32())
	}
	return p
}

// faraway repeats itself at every distance up to 40,000, and at some far above.
func faraway(n int, seed uint64) []byte {
	rng := rand.New(rand.NewPCG(seed, 4))
	p := noise(300, seed)
	for len(p) < n {
		distance := 1 + rng.IntN(min(len(p), 40000))
		length := min(4+rng.IntN(300), distance)
		p = append(p, p[len(p)-distance:len(p)-distance+length]...)
		p = append(p, byte(rng.Uint32()))
	}
	return p[:n]
}

var bodies = []struct {
	name string
	make func(n int, seed uint64) []byte
}{
	{"records", records},
	{"noise", noise},
	{"faraway", faraway},
	{"zeros", func(n int, _ uint64) []byte { return make([]byte, n) }},
}

// stdInflate decompresses a message as the standard library does, which knows of one stream only.
func stdInflate(t testing.TB, msg, dict []byte) []byte {
	t.Helper()
	out, err := io.ReadAll(flate.NewReaderDict(bytes.NewReader(msg), dict))
	if err != nil {
		t.Fatalf("compress/flate: %v", err)
	}
	return out
}

func tailed(p []byte) []byte { return append(bytes.Clone(p), wsproto.DeflateTail...) }

// checkDeflated compresses p and has the result read by everybody.
func checkDeflated(t *testing.T, d *wsproto.Deflater, p, dict []byte, bits uint8) []byte {
	t.Helper()
	room := make([]byte, 3, 3+wsproto.DeflateBound(len(p)))
	got := d.Append(room, p, bits, dict, true)
	if &got[0] != &room[0] {
		t.Fatalf("%d bytes became %d, more than DeflateBound", len(p), len(got)-3)
	}
	got = got[3:]
	window := 1 << 15
	if bits != 0 {
		window = 1 << bits
	}
	// What the peer remembers is no more than the window.
	seen := dict[max(0, len(dict)-window):]
	if out := stdInflate(t, tailed(got), seen); !bytes.Equal(out, p) {
		t.Fatalf("compress/flate reads %d bytes, want %d", len(out), len(p))
	}
	r := inflateOracle(got, seen, len(p))
	if r.corrupt || r.stopped || !bytes.Equal(r.out, p) || r.farthest > window {
		t.Fatalf("the oracle reads %d bytes of %d, corrupt %t, farthest match %d in a window of %d", len(r.out), len(p), r.corrupt, r.farthest, window)
	}
	return got
}

func TestDeflaterWindows(t *testing.T) {
	t.Parallel()
	for _, level := range []int{-2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9} {
		t.Run(fmt.Sprintf("level=%d", level), func(t *testing.T) {
			t.Parallel()
			d := wsproto.NewDeflater(level)
			for _, body := range bodies {
				for _, bits := range []uint8{0, 8, 9, 10, 11, 12, 13, 14, 15} {
					// Around the window of some, and past those of all.
					for i, n := range []int{0, 1, 31, 127, 128, 257, 700, 5000, 17000} {
						for j, k := range []int{0, 1, 100, 256, 4000, 35000} {
							if (i+j+int(bits)+level)%4 != 0 {
								continue
							}
							all := body.make(k+n, uint64(i*10+j))
							checkDeflated(t, d, all[k:], all[:k], bits)
						}
					}
				}
			}
		})
	}
}

func TestDeflaterLarge(t *testing.T) {
	t.Parallel()
	for _, level := range []int{1, 5, 6, 9} {
		d := wsproto.NewDeflater(level)
		for _, body := range bodies {
			for _, n := range []int{65535, 65536, 140_000} {
				p := body.make(n, 9)
				got := checkDeflated(t, d, p, nil, 15)
				if body.name != "noise" && len(got) > n/2 && body.name != "faraway" {
					t.Errorf("level %d, %s: %d bytes became %d", level, body.name, n, len(got))
				}
				checkDeflated(t, d, p, body.make(300, 1), 9)
			}
		}
	}
}

// A message in pieces is the pieces one behind the other. The dictionary of a piece is what came before it.
func TestDeflaterPieces(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 1))
	d := wsproto.NewDeflater(1)
	for i := range 300 {
		body := bodies[i%len(bodies)]
		dict := body.make(rng.IntN(3000), 1)
		p := body.make(rng.IntN(3000), 2)
		bits := uint8(8 + rng.IntN(8))
		seen := bytes.Clone(dict)
		var wire []byte
		for rest := p; ; {
			n := rng.IntN(len(rest) + 1)
			last := rng.IntN(4) == 0
			if last {
				n = len(rest)
			}
			start := len(wire)
			wire = d.Append(wire, rest[:n], bits, seen, last)
			if piece := wire[start:]; !last && len(piece) > 0 && !bytes.HasSuffix(piece, []byte("\x00\x00\xff\xff")) {
				t.Fatalf("% x does not end with a flush", piece)
			}
			seen, rest = append(seen, rest[:n]...), rest[n:]
			if last {
				break
			}
		}
		if out := stdInflate(t, tailed(wire), dict); !bytes.Equal(out, p) {
			t.Fatalf("round %d: compress/flate reads %d bytes, want %d", i, len(out), len(p))
		}
		if r := inflateOracle(wire, dict, len(p)); r.corrupt || r.farthest > 1<<bits {
			t.Fatalf("round %d: corrupt %t, farthest match %d, %d bits", i, r.corrupt, r.farthest, bits)
		}
	}
}

// RFC 7692 section 7.2.3.6.
func TestDeflaterEmpty(t *testing.T) {
	t.Parallel()
	d := wsproto.NewDeflater(1)
	if got := d.Append([]byte("x"), nil, 0, nil, true); string(got) != "x\x00" {
		t.Errorf("an empty message is % x", got)
	}
	if got := d.Append([]byte("x"), nil, 8, []byte("dict"), false); string(got) != "x" {
		t.Errorf("an empty piece is % x", got)
	}
}

// With context takeover a message like the one before is little more than a match, also one that is too short for
// flate's own fast writers.
func TestDeflaterTakeover(t *testing.T) {
	t.Parallel()
	for level := 1; level <= 9; level++ {
		d := wsproto.NewDeflater(level)
		for _, n := range []int{50, 120, 128, 500} {
			for _, bits := range []uint8{11, 15} {
				p := records(n, 1)
				got := checkDeflated(t, d, p, records(n, 1), bits)
				if len(got) > 25 {
					t.Errorf("level %d, %d bits: %d bytes sent again take %d", level, bits, n, len(got))
				}
			}
		}
	}
}

// The bytes of a dictionary are the caller's again after the call, and a writer does not remember them.
func TestDeflaterForgets(t *testing.T) {
	t.Parallel()
	for level := 1; level <= 9; level++ {
		d := wsproto.NewDeflater(level)
		for _, n := range []int{100, 1000} {
			for _, bits := range []uint8{8, 15} {
				p := records(n, 1)
				want := checkDeflated(t, d, p, nil, bits)
				dict := records(2000, 1)
				d.Append(nil, p, bits, dict, true)
				clear(dict)
				if got := checkDeflated(t, d, p, nil, bits); !bytes.Equal(got, want) {
					t.Errorf("level %d, %d bytes, %d bits: another result after a dictionary", level, n, bits)
				}
			}
		}
	}
}

func TestDeflaterConcurrent(t *testing.T) {
	t.Parallel()
	d := wsproto.NewDeflater(1)
	var wg sync.WaitGroup
	for g := range uint64(4) {
		wg.Go(func() {
			z := wsproto.NewInflater()
			for i := range uint64(50) {
				p := records(int(g+1)*100, i)
				z.Reset(tailed(d.Append(nil, p, uint8(8+i%8), nil, true)), nil)
				if out, err := io.ReadAll(z); err != nil || !bytes.Equal(out, p) {
					t.Errorf("%d bytes, %v", len(out), err)
				}
			}
		})
	}
	wg.Wait()
}

func TestDeflaterPanics(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]func(){
		"level -3": func() { wsproto.NewDeflater(-3) },
		"level 10": func() { wsproto.NewDeflater(10) },
		"7 bits":   func() { wsproto.NewDeflater(1).Append(nil, nil, 7, nil, true) },
		"16 bits":  func() { wsproto.NewDeflater(1).Append(nil, nil, 16, nil, true) },
		"no tail":  func() { wsproto.NewInflater().Reset([]byte("\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff"), nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

func TestDeflateAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("a sync.Pool forgets under the race detector")
	}
	all := records(200<<10, 1)
	dst := make([]byte, 0, wsproto.DeflateBound(len(all)))
	z := wsproto.NewInflater()
	out := make([]byte, 4096)
	for _, level := range []int{1, 6, 9} {
		d := wsproto.NewDeflater(level)
		for _, bits := range []uint8{15, 10} {
			for _, n := range []int{0, 20, 128, 512, 4096, 70000} {
				for _, k := range []int{0, 500, 32768} {
					dict, p := all[:k], all[k:k+n]
					var msg []byte
					if got := testing.AllocsPerRun(20, func() {
						msg = d.Append(dst, p, bits, dict, true)
						msg = append(msg, wsproto.DeflateTail...)
					}); got != 0 {
						t.Errorf("level %d, %d bits, %d bytes, %d of dict: Append allocates %v times", level, bits, n, k, got)
					}
					if got := testing.AllocsPerRun(20, func() {
						z.Reset(msg, dict)
						for {
							if _, err := z.Read(out); err != nil {
								if !errors.Is(err, io.EOF) {
									t.Error(err)
								}
								break
							}
						}
						z.Release()
					}); got != 0 {
						t.Errorf("%d bits, %d bytes, %d of dict: Inflater allocates %v times", bits, n, k, got)
					}
				}
			}
		}
	}
}
