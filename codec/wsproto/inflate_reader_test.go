package wsproto_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// inflateRead decompresses a payload with an InflateReader, which gets it as wrap says.
func inflateRead(z *wsproto.InflateReader, payload, dict []byte, wrap func(io.Reader) io.Reader) ([]byte, error) {
	seen := bytes.Clone(dict)
	src := bytes.NewReader(payload)
	z.Reset(wrap(src), seen)
	defer z.Release()
	clear(seen) // it is not the reader's
	out, err := io.ReadAll(z)
	if err == nil && src.Len() > 0 {
		err = errors.New("the source was not read to its end")
	}
	return out, err
}

var readerWraps = map[string]func(io.Reader) io.Reader{
	"at once":            func(r io.Reader) io.Reader { return r },
	"one by one":         iotest.OneByteReader,
	"with the end":       iotest.DataErrReader,
	"one, with the end":  func(r io.Reader) io.Reader { return iotest.DataErrReader(iotest.OneByteReader(r)) },
	"now and then empty": func(r io.Reader) io.Reader { return &hesitant{r: r} },
}

// hesitant reads nothing every other time.
type hesitant struct {
	r     io.Reader
	again bool
}

func (h *hesitant) Read(p []byte) (int, error) {
	if h.again = !h.again; h.again {
		return 0, nil
	}
	return h.r.Read(p)
}

func TestInflateReaderHello(t *testing.T) {
	t.Parallel()
	z := new(wsproto.InflateReader)
	for name, wrap := range readerWraps {
		for _, tt := range hello {
			got, err := inflateRead(z, []byte(tt.payload), []byte(tt.dict), wrap)
			if err != nil || string(got) != tt.want {
				t.Errorf("%s, %s: %q, %v", tt.name, name, got, err)
			}
		}
		for _, tt := range corrupt {
			if got, err := inflateRead(z, []byte(tt.payload), nil, wrap); err != wsproto.ErrDeflate {
				t.Errorf("%s, %s: %q, %v", tt.name, name, got, err)
			}
		}
	}
}

// Read on the way a message means what it means as a whole, good or bad.
func TestInflateReaderEqualsInflater(t *testing.T) {
	t.Parallel()
	z, r := wsproto.NewInflater(), new(wsproto.InflateReader)
	rng := rand.New(rand.NewPCG(9, 9))
	d := wsproto.NewDeflater(6)
	for i := range 200 {
		body := bodies[i%len(bodies)]
		all := body.make(rng.IntN(4000), rng.Uint64())
		k := rng.IntN(len(all) + 1)
		dict, p := all[:k], all[k:]
		var payload []byte
		if i%2 == 0 {
			payload = streams(t, rng, p, dict)
		} else {
			payload = d.Append(nil, p, 0, dict, true)
		}
		if len(payload) > 0 && i%3 == 0 {
			payload[rng.IntN(len(payload))] ^= 1 << rng.IntN(8)
		}
		if i%5 == 0 {
			payload = payload[:rng.IntN(len(payload)+1)]
		}
		want, wantErr := inflate(t, z, payload, dict)
		for name, wrap := range readerWraps {
			got, err := inflateRead(r, payload, dict, wrap)
			if err != wantErr || !bytes.Equal(got, want) {
				t.Fatalf("%d, %s: %d bytes, %v; want %d, %v", i, name, len(got), err, len(want), wantErr)
			}
		}
	}
}

// An error of the source is nobody else's, and comes again.
func TestInflateReaderSource(t *testing.T) {
	t.Parallel()
	p := wsproto.NewDeflater(1).Append(nil, faraway(3000, 1), 0, nil, true)
	bad := errors.New("bad")
	z := new(wsproto.InflateReader)
	for n := range len(p) {
		z.Reset(io.MultiReader(bytes.NewReader(p[:n]), iotest.ErrReader(bad)), nil)
		_, err := io.ReadAll(z)
		_, again := z.Read(make([]byte, 1))
		if err != bad || again != bad {
			t.Fatalf("after %d bytes: %v, and again %v", n, err, again)
		}
		z.Release()
	}
	z.Reset(hesitantForEver{}, nil)
	if _, err := io.ReadAll(z); err != io.ErrNoProgress {
		t.Errorf("a source without bytes: %v", err)
	}
	if n, err := z.Read(nil); n != 0 || err != nil {
		t.Errorf("Read of no bytes = %d, %v", n, err)
	}
}

type hesitantForEver struct{}

func (hesitantForEver) Read([]byte) (int, error) { return 0, nil }

func TestInflateReaderAllocs(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	p := wsproto.NewDeflater(1).Append(nil, faraway(3000, 1), 0, nil, true)
	z := new(wsproto.InflateReader)
	src, out := bytes.NewReader(nil), make([]byte, 512)
	if n := testing.AllocsPerRun(100, func() {
		src.Reset(p)
		z.Reset(src, nil)
		for {
			if _, err := z.Read(out); err != nil {
				break
			}
		}
		z.Release()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
