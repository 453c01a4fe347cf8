package codec_test

import (
	"bytes"
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/codec"
)

// oracle is a slow and obvious Next: it looks at ever longer prefixes of p, and answers at the first one that decides.
type oracle func(p []byte) (msg []byte, n int, err error)

// verdict is all that a stream of bytes comes to.
type verdict struct {
	Msgs []string
	Rest int    // bytes that are not part of a message
	Err  string // which sentinel
}

func sentinel(err error) string {
	for _, e := range []error{
		codec.ErrTooLong, codec.ErrMalformed, codec.ErrInvalidMessage, codec.ErrDecodeOnly, codec.ErrInvalidFraming,
	} {
		if errors.Is(err, e) {
			return e.Error()
		}
	}
	if err != nil {
		return "unknown: " + err.Error()
	}
	return ""
}

// receive feeds stream to f as a connection would: each time, step says how many bytes more have arrived.
func receive(t testing.TB, f codec.Framing, stream []byte, resume bool, step func() int) verdict {
	t.Helper()
	var v verdict
	start, end, scanned := 0, 0, 0
	for {
		p := stream[start:end:end]
		var msg []byte
		var n int
		var err error
		if resume {
			msg, n, scanned, err = f.(codec.Scanner).NextFrom(p, scanned)
		} else {
			msg, n, err = f.Next(p)
		}
		switch {
		case err != nil && (n != 0 || msg != nil || scanned != 0), n < 0, n > len(p), n == 0 && msg != nil, n > 0 && scanned != 0:
			t.Fatalf("%+v: %q gives message %q, n %d, scanned %d, error %v", f, p, msg, n, scanned, err)
		case err != nil:
			v.Rest, v.Err = len(stream)-start, sentinel(err)
			return v
		case n > 0:
			if cap(msg) != len(msg) {
				t.Fatalf("%+v: a message of %d bytes has a capacity of %d", f, len(msg), cap(msg))
			}
			v.Msgs = append(v.Msgs, string(msg))
			start += n
		case end == len(stream):
			v.Rest = len(stream) - start
			return v
		default:
			end = min(len(stream), end+step())
		}
	}
}

// expect is receive for an oracle and a stream in one piece.
func expect(next oracle, stream []byte) verdict {
	v := verdict{Rest: len(stream)}
	for {
		msg, n, err := next(stream[len(stream)-v.Rest:])
		if n == 0 {
			v.Err = sentinel(err)
			return v
		}
		v.Msgs = append(v.Msgs, string(msg))
		v.Rest -= n
	}
}

// compare wants f to come to the verdict of the oracle, however the stream is cut.
func compare(t testing.TB, f codec.Framing, next oracle, stream []byte, seed uint64) {
	t.Helper()
	want := expect(next, stream)
	random := rand.New(rand.NewPCG(seed, 0))
	ways := []struct {
		name string
		step func() int
	}{
		{"whole", func() int { return len(stream) }},
		{"byte by byte", func() int { return 1 }},
		{"random", func() int { return 1 + random.IntN(1+len(stream)/2) }},
	}
	_, scans := f.(codec.Scanner)
	for _, way := range ways {
		for _, resume := range []bool{false, true} {
			if resume && !scans {
				continue
			}
			if diff := cmp.Diff(want, receive(t, f, stream, resume, way.step)); diff != "" {
				t.Fatalf("%+v: %q, %s, resumed %v (-want +got):\n%s", f, stream, way.name, resume, diff)
			}
		}
	}
}

// roundTrip appends msg and wants it back, or the error of a kind that the caller expects. It returns the encoded bytes.
func roundTrip(t testing.TB, f codec.Framing, msg []byte, want error) []byte {
	t.Helper()
	const prefix = "earlier bytes"
	out, err := f.Append([]byte(prefix), msg)
	if sentinel(err) != sentinel(want) {
		t.Fatalf("%+v: Append(%q) fails with %v, want %v", f, msg, err, want)
	}
	if err != nil {
		if string(out) != prefix {
			t.Fatalf("%+v: a failed Append(%q) returns %q", f, msg, out)
		}
		return nil
	}
	encoded, ok := bytes.CutPrefix(out, []byte(prefix))
	if !ok {
		t.Fatalf("%+v: Append(%q) touched the bytes before it: %q", f, msg, out)
	}
	got, n, err := f.Next(encoded)
	if err != nil || n != len(encoded) || !bytes.Equal(got, msg) {
		t.Fatalf("%+v: Append(%q) gives %q, which reads as %q, %d, %v", f, msg, encoded, got, n, err)
	}
	return encoded
}

// limit is what a Max stands for.
func limit(n int) int {
	switch {
	case n == 0:
		return codec.DefaultMax
	case n < 0:
		return math.MaxInt
	}
	return n
}

// plain is a Framing without a Validate method.
type plain struct{ codec.Framing }

func TestValidateAnyFraming(t *testing.T) {
	for _, f := range []codec.Framing{codec.Line{}, codec.LengthPrefix{}, codec.Fixed{Size: 1}, plain{codec.Fixed{}}} {
		if err := codec.Validate(f); err != nil {
			t.Errorf("%+v: %v", f, err)
		}
	}
	for _, f := range []codec.Framing{nil, codec.Fixed{}, codec.Delimiter{}, codec.LengthPrefix{Width: 9}} {
		if err := codec.Validate(f); !errors.Is(err, codec.ErrInvalidFraming) {
			t.Errorf("%+v: %v, want ErrInvalidFraming", f, err)
		}
	}
}

func TestInvalidFramingStaysInvalid(t *testing.T) {
	for _, f := range []codec.Framing{codec.Fixed{}, codec.Delimiter{}, codec.LengthPrefix{LengthOffset: -1}} {
		want := codec.Validate(f)
		if _, n, err := f.Next([]byte("12345678")); n != 0 || err != want {
			t.Errorf("%+v: Next gives %d, %v, want %v", f, n, err, want)
		}
		if out, err := f.Append([]byte("dst"), nil); string(out) != "dst" || err != want {
			t.Errorf("%+v: Append gives %q, %v, want %v", f, out, err, want)
		}
	}
}
