package load_test

import (
	"slices"
	"testing"

	"github.com/sockeye-io/sockeye/bench/load"
)

// FuzzReader reads anything, whole, byte by byte and cut anywhere: the same messages come of it and it fails or not.
func FuzzReader(f *testing.F) {
	cfg := load.Config{Payload: 20, Check: 1}
	body := string(load.Payload(20))
	for _, seed := range []string{
		"\x82\x14" + body + "\x82\x14" + body,
		"\x02\x05" + body[:5] + "\x89\x02hi" + "\x80\x0f" + body[5:] + "\x8a\x00\x88\x02\x03\xe8",
		"\x82\x7e\x00\x14" + body,
		"\x82\x7f\x00\x00\x00\x00\x00\x00\x00\x14" + body,
		string(load.Numbered(cfg, 1<<47+12345)),
	} {
		f.Add([]byte(seed), []byte{3, 1, 7}, false)
		f.Add([]byte(seed), []byte{}, true)
	}
	f.Fuzz(func(t *testing.T, in, cuts []byte, numbered bool) {
		whole, wholeErr := readAll(t, in, nil, numbered)
		for _, cuts := range [][]byte{{1}, cuts} {
			got, err := readAll(t, in, cuts, numbered)
			if !slices.Equal(got, whole) || (err == nil) != (wholeErr == nil) {
				t.Errorf("cut at %v: messages %v, error %v; in one piece %v, %v", cuts, got, err, whole, wholeErr)
			}
		}
	})
}

// readAll gives the numbers of the messages in p.
func readAll(t *testing.T, p, cuts []byte, numbered bool) (numbers []int64, err error) {
	t.Helper()
	r, err := load.NewReader(validated(load.Config{Payload: 20, Check: 1}), numbered)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; len(p) > 0; i++ {
		piece := p
		if len(cuts) > 0 {
			piece = p[:min(len(p), 1+int(cuts[i%len(cuts)]))]
		}
		p = p[len(piece):]
		for len(piece) > 0 {
			n, whole, number, err := r.Next(piece)
			if err != nil {
				return numbers, err
			}
			if n == 0 || n > len(piece) {
				t.Fatalf("%d of %d bytes were taken", n, len(piece))
			}
			piece = piece[n:]
			if whole {
				numbers = append(numbers, number)
			}
		}
	}
	return numbers, nil
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	cfg := validated(load.Config{Payload: 200, Check: 1})
	r, err := load.NewReader(cfg, true)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []int64{0, 1, 63, 64, 1<<48 - 1} {
		p := load.Numbered(cfg, want)
		if n, whole, got, err := r.Next(p); n != len(p) || !whole || got != want || err != nil {
			t.Errorf("%d of %d, whole %v, number %d, %v; want %d", n, len(p), whole, got, err, want)
		}
	}
}
