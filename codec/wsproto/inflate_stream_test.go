package wsproto_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/sockeye-io/sockeye/codec/wsproto"
	"go.uber.org/goleak"
)

// inflatePieces decompresses a payload with an InflateStream, cut where cut says: it is given how much is left, and what is not
// less is the last piece; -1 is all without being the last. The error is that of the Write that failed, or nil.
func inflatePieces(t testing.TB, payload, dict []byte, cut func(left int) int) (out []byte, err error) {
	t.Helper()
	seen := bytes.Clone(dict)
	s := wsproto.NewInflateStream(seen)
	clear(seen) // it is not the stream's
	defer s.Close()
	for last := false; !last; {
		n := cut(len(payload))
		if last = n >= len(payload); n < 0 {
			n = len(payload)
		}
		piece := bytes.Clone(payload[:min(n, len(payload))])
		err := s.Write(piece, last, func(p []byte) error {
			if len(p) == 0 || len(p) > 32<<10 {
				t.Errorf("a piece of %d bytes", len(p))
			}
			out = append(out, p...)
			return nil
		})
		clear(piece) // nor is this
		if err != nil {
			if again := s.Write(nil, false, nil); again != err {
				t.Errorf("after %v, Write = %v", err, again)
			}
			return out, err
		}
		payload = payload[len(piece):]
	}
	if err := s.Write([]byte("x"), true, nil); err != wsproto.ErrInflateClosed {
		t.Errorf("after the end, Write = %v", err)
	}
	return out, nil
}

func byOne(int) int          { return 1 }
func allAtOnce(left int) int { return left }

func TestInflateStreamHello(t *testing.T) {
	t.Parallel()
	for _, tt := range hello {
		for name, cut := range map[string]func(int) int{"one by one": byOne, "at once": allAtOnce} {
			got, err := inflatePieces(t, []byte(tt.payload), []byte(tt.dict), cut)
			if err != nil || string(got) != tt.want {
				t.Errorf("%s, %s: %q, %v", tt.name, name, got, err)
			}
		}
	}
}

func TestInflateStreamCorrupt(t *testing.T) {
	t.Parallel()
	for _, tt := range corrupt {
		for name, cut := range map[string]func(int) int{"one by one": byOne, "at once": allAtOnce} {
			if got, err := inflatePieces(t, []byte(tt.payload), nil, cut); err != wsproto.ErrDeflate {
				t.Errorf("%s, %s: %q, %v", tt.name, name, got, err)
			}
		}
	}
}

// In pieces a message means what it means as a whole, good or bad.
func TestInflateStreamEqualsInflater(t *testing.T) {
	t.Parallel()
	z := wsproto.NewInflater()
	rng := rand.New(rand.NewPCG(7, 7))
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
		for name, cut := range map[string]func(int) int{
			"one by one": byOne,
			"at once":    allAtOnce,
			"nothing at last": func(left int) int {
				if left == 0 {
					return 0
				}
				return -1
			},
			"at random": func(left int) int { return rng.IntN(left + 2) },
		} {
			got, err := inflatePieces(t, payload, dict, cut)
			if err != wantErr || !bytes.Equal(got, want) {
				t.Fatalf("%d, %s: %d bytes, %v; want %d, %v", i, name, len(got), err, len(want), wantErr)
			}
		}
	}
}

// goroutines fails when there are others than those before. Such a test is not parallel.
func goroutines(t *testing.T) func() {
	before := goleak.IgnoreCurrent()
	return func() {
		t.Helper()
		if err := goleak.Find(before); err != nil {
			t.Error(err)
		}
	}
}

// There is no goroutine before the first bytes, nor after the end, however it comes.
func TestInflateStreamGoroutine(t *testing.T) {
	payload := wsproto.NewDeflater(1).Append(nil, records(100_000, 1), 0, nil, true)
	half := payload[:len(payload)/2]
	nothing := func([]byte) error { return nil }
	mine := errors.New("enough")
	var s *wsproto.InflateStream
	tests := []struct {
		name string
		run  func() error
		want error
	}{
		{"not begun", func() error { return nil }, nil},
		{"no bytes yet", func() error { return s.Write(nil, false, nothing) }, nil},
		{"no bytes at all", func() error { return s.Write(nil, true, nothing) }, nil},
		{"whole", func() error { return s.Write(payload, true, nothing) }, nil},
		{"whole in two", func() error {
			return errors.Join(s.Write(half, false, nothing), s.Write(payload[len(half):], true, nothing))
		}, nil},
		{"closed", func() error {
			err := s.Write(half, false, nothing)
			s.Close()
			return err
		}, nil},
		{"closed twice", func() error {
			s.Close()
			s.Close()
			return s.Write(half, false, nothing)
		}, wsproto.ErrInflateClosed},
		{"closed within", func() error {
			return s.Write(half, false, func([]byte) error { s.Close(); return nil })
		}, wsproto.ErrInflateClosed},
		{"too short", func() error { return s.Write(half, true, nothing) }, wsproto.ErrDeflate},
		{"corrupt", func() error { return s.Write([]byte("\x06"), false, nothing) }, wsproto.ErrDeflate},
		{"corrupt later", func() error {
			return errors.Join(s.Write([]byte("\x00"), false, nothing), s.Write([]byte("\x00\x00\x00\x00"), false, nothing))
		}, wsproto.ErrDeflate},
		{"refused", func() error { return s.Write(payload, true, func([]byte) error { return mine }) }, mine},
		{"panic", func() (err error) {
			defer func() {
				if recover() != "oh" {
					err = errors.New("no panic")
				}
			}()
			return s.Write(payload, true, func([]byte) error { panic("oh") })
		}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			check := goroutines(t)
			s = wsproto.NewInflateStream(nil)
			if err := tt.run(); !errors.Is(err, tt.want) || tt.want == nil && err != nil {
				t.Errorf("%v, want %v", err, tt.want)
			}
			check()
			s.Close()
		})
	}
}

// A stream that is used again means what a new one means, however the message before came to its end.
func TestInflateStreamReset(t *testing.T) {
	check := goroutines(t)
	s := wsproto.NewInflateStream([]byte("not of any message"))
	z := wsproto.NewInflater()
	rng := rand.New(rand.NewPCG(8, 8))
	d := wsproto.NewDeflater(6)
	for i := range 300 {
		all := bodies[i%len(bodies)].make(rng.IntN(4000), rng.Uint64())
		k := rng.IntN(len(all) + 1)
		dict, p := all[:k], all[k:]
		payload := d.Append(nil, p, 0, dict, true)
		if i%3 == 0 {
			payload[rng.IntN(len(payload))] ^= 1 << rng.IntN(8)
		}
		want, wantErr := inflate(t, z, payload, dict)
		var got []byte
		add := func(p []byte) error { got = append(got, p...); return nil }
		s.Reset(dict)
		half := rng.IntN(len(payload) + 1)
		err := s.Write(payload[:half], false, add)
		if i%7 == 0 {
			continue // given up
		}
		if err == nil {
			err = s.Write(payload[half:], true, add)
		}
		if err != wantErr || !bytes.Equal(got, want) {
			t.Fatalf("%d: %d bytes, %v; want %d, %v", i, len(got), err, len(want), wantErr)
		}
	}
	s.Close()
	check()
}

// yield runs on the goroutine that calls Write: not what a coroutine would do by itself.
func TestInflateStreamSameGoroutine(t *testing.T) {
	t.Parallel()
	s := wsproto.NewInflateStream(nil)
	defer s.Close()
	var stack [4096]byte
	found := false
	err := s.Write([]byte(hello[0].payload), true, func([]byte) error {
		found = bytes.Contains(stack[:runtime.Stack(stack[:], false)], []byte("TestInflateStreamSameGoroutine("))
		return nil
	})
	if err != nil || !found {
		t.Errorf("%v: another stack:\n%s", err, stack[:])
	}
}

// Whatever passes through, a stream takes the same.
func TestInflateStreamMemory(t *testing.T) {
	if raceEnabled {
		t.Skip("counts allocations")
	}
	zeros := wsproto.NewDeflater(9).Append(nil, make([]byte, 64<<20), 0, nil, true)
	s := wsproto.NewInflateStream(nil)
	defer s.Close()
	total := 0
	count := func(p []byte) error {
		total += len(p)
		return nil
	}
	half := len(zeros) / 2
	write := func(p []byte, last bool) {
		if err := s.Write(p, last, count); err != nil {
			t.Fatal(err)
		}
	}
	write(zeros[:half], false)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	write(zeros[half:], true)
	runtime.ReadMemStats(&after)
	if got := after.TotalAlloc - before.TotalAlloc; total != 64<<20 || got > 64<<10 {
		t.Errorf("%d bytes took %d bytes of memory", total, got)
	}
}
