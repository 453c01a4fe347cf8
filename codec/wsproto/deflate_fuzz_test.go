package wsproto_test

import (
	"bytes"
	stdflate "compress/flate"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// fuzzLimit is the most that a fuzz target has decompressed: the oracle is slow.
const fuzzLimit = 1 << 18

// readLimited is what a caller does that must not be blown up: it stops after limit bytes.
func readLimited(r io.Reader, limit int) (out []byte, stopped bool, err error) {
	limit = max(limit, 0)
	out, err = io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if len(out) > limit {
		return out[:limit], true, nil
	}
	return out, false, err
}

// stdInflateStreams decompresses a payload with the standard library, stream by stream.
func stdInflateStreams(payload, dict []byte, limit int) (out []byte, stopped, corrupt bool) {
	if len(payload) == 0 {
		return nil, false, false
	}
	src := bytes.NewReader(tailed(payload))
	all := bytes.Clone(dict)
	for streams := 1; ; streams++ {
		next, stopped, err := readLimited(stdflate.NewReaderDict(src, all), limit-(len(all)-len(dict)))
		all = append(all, next...)
		if stopped || err != nil {
			return all[len(dict):], stopped, err != nil
		}
		switch at := len(payload) + len(wsproto.DeflateTail) - src.Len(); {
		case src.Len() == 0, src.Len() == 5, src.Len() == 9:
			return all[len(dict):], false, false
		case streams > 64+at/64:
			return all[len(dict):], false, true
		}
	}
}

func addPayloads(f *testing.F) {
	for i, tt := range hello {
		f.Add([]byte(tt.payload), []byte(tt.dict), uint64(i))
	}
	for i, tt := range corrupt {
		f.Add([]byte(tt.payload[:min(len(tt.payload), 200)]), []byte(nil), uint64(i))
	}
	d := wsproto.NewDeflater(7)
	for i, body := range bodies {
		all := body.make(900, 1)
		f.Add(d.Append(nil, all[200:], 0, all[:200], true), all[:200], uint64(i))
		f.Add(streams(f, rand.New(rand.NewPCG(uint64(i), 1)), all[200:], all[:200]), all[:200], uint64(i))
	}
}

// What comes from a peer, as an Inflater, the standard library and the oracle read it.
func FuzzInflate(f *testing.F) {
	addPayloads(f)
	z := wsproto.NewInflater() // one for all, so that a message finds what others have left
	f.Fuzz(func(t *testing.T, payload, dict []byte, _ uint64) {
		if len(payload) > 4<<10 || len(dict) > 40<<10 {
			return
		}
		z.Reset(tailed(payload), dict)
		got, stopped, err := readLimited(z, fuzzLimit)
		z.Release()
		if err != nil && err != wsproto.ErrDeflate {
			t.Fatal(err)
		}
		want := inflateOracle(payload, dict, fuzzLimit)
		if want.undefined {
			// See inflateClean: what comes is wrong, but always the same.
			fresh := wsproto.NewInflater()
			fresh.Reset(tailed(payload), dict)
			if again, _, err2 := readLimited(fresh, fuzzLimit); err2 != err || !bytes.Equal(again, got) {
				t.Fatalf("% x: %d bytes, %v; then %d bytes, %v", payload, len(got), err, len(again), err2)
			}
			return
		}
		if stopped != want.stopped || (err != nil) != want.corrupt || !want.corrupt && !bytes.Equal(got, want.out) {
			t.Fatalf("% x: %d bytes, stopped %t, %v; the oracle: %d bytes, stopped %t, corrupt %t", payload, len(got), stopped, err, len(want.out), want.stopped, want.corrupt)
		}
		// Of a corrupt message they may read a different number of bytes: flate wants to see further ahead.
		std, stdStopped, stdCorrupt := stdInflateStreams(payload, dict, fuzzLimit)
		if stopped != stdStopped || (err != nil) != stdCorrupt || err == nil && !bytes.Equal(got, std) {
			t.Fatalf("% x: %d bytes, stopped %t, %v; compress/flate: %d bytes, stopped %t, corrupt %t", payload, len(got), stopped, err, len(std), stdStopped, stdCorrupt)
		}
	})
}

// However a payload is cut, an InflateStream and an InflateReader make of it what an Inflater does.
func FuzzInflateStream(f *testing.F) {
	addPayloads(f)
	z, r := wsproto.NewInflater(), new(wsproto.InflateReader)
	f.Fuzz(func(t *testing.T, payload, dict []byte, seed uint64) {
		if len(payload) > 1<<10 { // a bomb of 1 MiB at most
			return
		}
		want, wantErr := inflate(t, z, payload, dict)
		rng := rand.New(rand.NewPCG(seed, 6))
		longest := 2 + rng.IntN(len(payload)+1)
		got, err := inflatePieces(t, payload, dict, func(left int) int {
			if left > 0 && rng.IntN(20) == 0 {
				return -1
			}
			return rng.IntN(longest)
		})
		if err != wantErr || !bytes.Equal(got, want) {
			t.Fatalf("% x: %d bytes, %v; want %d, %v", payload, len(got), err, len(want), wantErr)
		}
		for name, wrap := range readerWraps {
			got, err := inflateRead(r, payload, dict, wrap)
			if err != wantErr || !bytes.Equal(got, want) {
				t.Fatalf("% x, read %s: %d bytes, %v; want %d, %v", payload, name, len(got), err, len(want), wantErr)
			}
		}
	})
}

// What we send, in however many pieces, is what the peer reads, within the window that was agreed.
func FuzzDeflate(f *testing.F) {
	for i, body := range bodies {
		all := body.make(3000, 1)
		for _, n := range []int{0, 100, 300, 1000} {
			f.Add(all[1000:1000+n], all[:n], uint8(i), uint8(i*3), uint64(n))
		}
	}
	var deflaters [12]*wsproto.Deflater
	for i := range deflaters {
		deflaters[i] = wsproto.NewDeflater(i - 2)
	}
	z := wsproto.NewInflater()
	f.Fuzz(func(t *testing.T, p, dict []byte, level, bits uint8, seed uint64) {
		rng := rand.New(rand.NewPCG(seed, 7))
		d := deflaters[level%12]
		if bits = bits % 9; bits > 0 {
			bits += 7
		}
		window := 1 << 15
		if bits > 0 {
			window = 1 << bits
		}
		// A fuzzer finds no long inputs by itself.
		if p, dict = repeated(rng, p), repeated(rng, dict); len(p)+len(dict) > 150_000 {
			return
		}
		takeover := rng.IntN(4) > 0
		seen := bytes.Clone(dict)
		var wire []byte
		for rest, last := p, false; !last; {
			n := rng.IntN(len(rest) + 1)
			if last = rng.IntN(3) == 0; last {
				n = len(rest)
			}
			known := seen
			if !takeover {
				known = nil
			}
			room := make([]byte, len(wire), len(wire)+wsproto.DeflateBound(n))
			copy(room, wire)
			wire = d.Append(room, rest[:n], bits, known, last)
			if cap(wire) != cap(room) {
				t.Fatalf("%d bytes became %d, more than DeflateBound", n, len(wire)-len(room))
			}
			seen, rest = append(seen, rest[:n]...), rest[n:]
		}
		if !takeover {
			dict = nil
		}
		if out := stdInflate(t, tailed(wire), dict); !bytes.Equal(out, p) {
			t.Fatalf("compress/flate reads %d bytes of %d", len(out), len(p))
		}
		if out, err := inflate(t, z, wire, dict); err != nil || !bytes.Equal(out, p) {
			t.Fatalf("Inflater reads %d bytes of %d, %v", len(out), len(p), err)
		}
		if len(p) <= 10_000 {
			if r := inflateOracle(wire, dict, len(p)); r.corrupt || r.stopped || r.farthest > window {
				t.Fatalf("corrupt %t, stopped %t, farthest match %d in a window of %d", r.corrupt, r.stopped, r.farthest, window)
			}
		}
	})
}

// repeated is p some times over, with changes.
func repeated(rng *rand.Rand, p []byte) []byte {
	out := bytes.Clone(p)
	if len(p) > 0 {
		for range rng.IntN(20) * rng.IntN(20) {
			if len(out) > 60_000 {
				break
			}
			out = append(out, p[rng.IntN(len(p)):]...)
			out[rng.IntN(len(out))] ^= byte(rng.Uint32())
		}
	}
	return out
}
