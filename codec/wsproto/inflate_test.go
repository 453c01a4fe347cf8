package wsproto_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/flate"
	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// inflate decompresses a payload with an Inflater.
func inflate(t testing.TB, z *wsproto.Inflater, payload, dict []byte) ([]byte, error) {
	t.Helper()
	z.Reset(tailed(payload), dict)
	defer z.Release()
	out, err := io.ReadAll(z)
	if n, again := z.Read(make([]byte, 1)); n != 0 || err == nil && again != io.EOF || err != nil && again != err {
		t.Errorf("after the end %v, Read = %d, %v", err, n, again)
	}
	return out, err
}

// hello are the examples of RFC 7692 section 7.2.3, and what else means Hello.
var hello = []struct {
	name    string
	payload string
	dict    string
	want    string
}{
	{"7.2.3.1, one block", "\xf2\x48\xcd\xc9\xc9\x07\x00", "", "Hello"},
	{"7.2.3.2, sharing the window", "\xf2\x00\x11\x00\x00", "Hello", "Hello"},
	{"7.2.3.3, no compression", "\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", "", "Hello"},
	{"7.2.3.4, a final block", "\xf3\x48\xcd\xc9\xc9\x07\x00\x00", "", "Hello"},
	{"7.2.3.5, two blocks", "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00", "", "Hello"},
	{"7.2.3.6, empty", "\x00", "", ""},

	{"a final block that ends the payload", "\xf3\x48\xcd\xc9\xc9\x07\x00", "", "Hello"},
	{"a final block without compression", "\x01\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00", "", "Hello"},
	{"a final block without compression that ends the payload", "\x01\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f", "", "Hello"},
	{"an empty final block of which the tail is left out", "\x01", "", ""},
	{"an empty final block", "\x03\x00", "", ""},
	{"an empty final block and its end", "\x03\x00\x00", "", ""},
	{"two final blocks", "\xf3\x48\xcd\xc9\xc9\x07\x00\xf3\x48\xcd\xc9\xc9\x07\x00", "", "HelloHello"},
	{"a final block and a match in its window", "\xf3\x48\xcd\xc9\xc9\x07\x00\xf2\x00\x11\x00\x00", "", "HelloHello"},
	{"a match over two final blocks", "\xf3\x00\x11\x00\xf3\x00\x11\x00\x00", "Hello", "HelloHello"},
	{"a flush that is left in", "\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff\x00", "", "Hello"},
	{"no payload at all", "", "", ""},
	{"no payload at all, takeover", "", "Hello", ""},
	{"a stored block that takes the tail", "\x00\x04\x00\xfb\xff", "", "\x00\x00\xff\xff"},
}

func TestInflaterHello(t *testing.T) {
	t.Parallel()
	z := wsproto.NewInflater()
	for _, tt := range hello {
		got, err := inflate(t, z, []byte(tt.payload), []byte(tt.dict))
		if err != nil || string(got) != tt.want {
			t.Errorf("%s: %q, %v", tt.name, got, err)
		}
		if r := inflateOracle([]byte(tt.payload), []byte(tt.dict), 1000); r.corrupt || string(r.out) != tt.want {
			t.Errorf("%s: the oracle says %q, corrupt %t", tt.name, r.out, r.corrupt)
		}
	}
}

var corrupt = []struct{ name, payload string }{
	{"reserved block type", "\x06"},
	{"lengths that do not match", "\x00\x05\x00\xfa\xfe\x48\x65\x6c\x6c\x6f\x00"},
	{"match before the start", "\xf2\x00\x11\x00\x00"},
	{"stored block cut off", "\x00\x05\x00\xfa\xff\x48\x65\x6c"},
	{"block cut off", "\xf2\x48\xcd\xc9\xc9\x07"},
	{"final block cut off", "\xf3\x48\xcd\xc9\xc9\x07"},
	{"the whole tail sent", "\xf2\x48\xcd\xc9\xc9\x07\x00\x00\x00\xff\xff"},
	{"garbage behind", "\xf2\x48\xcd\xc9\xc9\x07\x00\xaa"},
	{"garbage behind a final block", "\xf3\x48\xcd\xc9\xc9\x07\x00\xff"},
	{"a final block, its end, and once more", "\xf3\x48\xcd\xc9\xc9\x07\x00\x00\x00"},
	{"a gzip header", "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"},
	{"a zlib header", "\x78\x9c\xf2\x48\xcd\xc9\xc9\x07\x00"},
	{"plain text", "Hello"},
	{"too many final blocks", strings.Repeat("\x03\x00", 1000)},
	{"too many final blocks with bytes in them", strings.Repeat("\x01\x01\x00\xfe\xffa", 1000)},
	{"a final block that takes some of the tail", "\x01\x01\x00\xfe\xff"},
}

func TestInflaterCorrupt(t *testing.T) {
	t.Parallel()
	z := wsproto.NewInflater()
	for _, tt := range corrupt {
		got, err := inflate(t, z, []byte(tt.payload), nil)
		if err != wsproto.ErrDeflate {
			t.Errorf("%s: %q, %v", tt.name, got, err)
		}
		if r := inflateOracle([]byte(tt.payload), nil, 1000); !r.corrupt {
			t.Errorf("%s: the oracle says %q", tt.name, r.out)
		}
	}
	var e *wsproto.Error
	if !errors.As(error(wsproto.ErrDeflate), &e) || e.Code != wsproto.StatusInvalidFramePayloadData {
		t.Errorf("ErrDeflate has code %d", wsproto.ErrDeflate.Code)
	}
}

// Cut anywhere, a message is either corrupt or, at the end of a block, shorter.
func TestInflaterTruncated(t *testing.T) {
	t.Parallel()
	z := wsproto.NewInflater()
	d := wsproto.NewDeflater(6)
	for _, body := range bodies {
		p := body.make(700, 1)
		wire := d.Append(d.Append(nil, p, 0, nil, false), p, 0, p, true)
		for n := range len(wire) {
			r := inflateOracle(wire[:n], nil, 1<<20)
			got, err := inflate(t, z, wire[:n], nil)
			if r.corrupt != (err != nil) || err == nil && !bytes.Equal(got, r.out) {
				t.Errorf("%s, %d bytes of %d: %d bytes, %v; the oracle: %d bytes, corrupt %t", body.name, n, len(wire), len(got), err, len(r.out), r.corrupt)
			}
		}
	}
}

// Streams that end in the middle share one window, however much comes between.
func TestInflaterStreams(t *testing.T) {
	t.Parallel()
	z := wsproto.NewInflater()
	rng := rand.New(rand.NewPCG(5, 5))
	for range 12 {
		all := faraway(80_000, rng.Uint64())
		k := rng.IntN(50_000)
		dict, p := all[:k], all[k:]
		payload := streams(t, rng, p, dict)
		for _, wrap := range []func(io.Reader) io.Reader{
			func(r io.Reader) io.Reader { return r },
			iotest.HalfReader,
			iotest.OneByteReader,
		} {
			z.Reset(tailed(payload), dict)
			if got, err := io.ReadAll(wrap(z)); err != nil || !bytes.Equal(got, p) {
				t.Fatalf("%d bytes of %d, %v", len(got), len(p), err)
			}
			z.Release()
		}
	}
}

// streams is p as many streams, each with what was before as its dictionary.
func streams(t testing.TB, rng *rand.Rand, p, dict []byte) (payload []byte) {
	t.Helper()
	seen := bytes.Clone(dict)
	var b bytes.Buffer
	for len(p) > 0 {
		n := 1 + rng.IntN(min(len(p), 1+rng.IntN(40_000)))
		w, err := flate.NewWriterDict(&b, 1+rng.IntN(9), seen)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(p[:n]); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		seen, p = append(seen, p[:n]...), p[n:]
	}
	if rng.IntN(2) == 0 {
		b.WriteByte(0)
	}
	return b.Bytes()
}

// A message says nothing about the next one.
func TestInflaterAgain(t *testing.T) {
	t.Parallel()
	z := wsproto.NewInflater()
	if n, err := z.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("before Reset, Read = %d, %v", n, err)
	}
	for i := range 20 {
		for _, payload := range []string{"\x06", "\x03\x00\x03\x00\x03\x00", "\xf2\x48"} {
			z.Reset(tailed([]byte(payload)), []byte("dict"))
			_, _ = z.Read(make([]byte, i))
		}
		// A match before the message: it must not find what was there last time.
		if got, err := inflate(t, z, []byte("\xf2\x00\x11\x00\x00"), nil); err != wsproto.ErrDeflate {
			t.Fatalf("%q, %v", got, err)
		}
		if got, err := inflate(t, z, []byte(hello[0].payload), nil); string(got) != "Hello" || err != nil {
			t.Fatalf("%q, %v", got, err)
		}
	}
	if n, err := z.Read(nil); n != 0 || err != nil {
		t.Errorf("Read of no bytes = %d, %v", n, err)
	}
}

// Nor does a message find the tables of the one before: flate keeps them when a block has a code without symbols.
func TestInflaterTables(t *testing.T) {
	t.Parallel()
	d := wsproto.NewDeflater(9)
	messages := [][]byte{{0x24, 0x34, 0x90}, []byte("\x94\x92KJ\x00Q\f\x04o\xf4B7\x9d\xdfV\xaf\xe0\x15\xdc\xcd\xce\xfb# \xe8\xcb8227")}
	dict := bytes.Repeat([]byte("0"), 300)
	for _, payload := range messages {
		fresh := wsproto.NewInflater()
		want, wantErr := inflate(t, fresh, payload, dict)
		used := wsproto.NewInflater()
		for i, body := range bodies {
			if _, err := inflate(t, used, d.Append(nil, body.make(5000, uint64(i)), 0, nil, true), nil); err != nil {
				t.Fatal(err)
			}
			if got, err := inflate(t, used, payload, dict); err != wantErr || !bytes.Equal(got, want) {
				t.Errorf("after %s: %d bytes, %v; before: %d bytes, %v", body.name, len(got), err, len(want), wantErr)
			}
			got, err := inflatePieces(t, payload, dict, byOne)
			if err != wantErr || !bytes.Equal(got, want) {
				t.Errorf("in pieces: %d bytes, %v; want %d bytes, %v", len(got), err, len(want), wantErr)
			}
		}
	}
}

// A bomb comes a little at a time.
func TestInflaterBomb(t *testing.T) {
	t.Parallel()
	payload := wsproto.NewDeflater(9).Append(nil, make([]byte, 4<<20), 0, nil, true)
	if len(payload) > 8<<10 {
		t.Fatalf("%d bytes are not much of a bomb", len(payload))
	}
	z := wsproto.NewInflater()
	z.Reset(tailed(payload), nil)
	p := make([]byte, 1<<20)
	for total := 0; total < 3<<20; {
		n, err := z.Read(p)
		if err != nil {
			t.Fatal(err)
		}
		total += n
	}
	z.Release()
}
