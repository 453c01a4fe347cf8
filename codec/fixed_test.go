package codec_test

import (
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/codec"
)

func fixedOracle(f codec.Fixed) oracle {
	return func(p []byte) ([]byte, int, error) {
		for n := 1; n <= len(p); n++ {
			if n == f.Size {
				return p[:n], n, nil
			}
		}
		return nil, 0, nil
	}
}

func TestFixedNext(t *testing.T) {
	tests := []struct {
		name   string
		size   int
		stream string
		want   verdict
	}{
		{"nothing", 3, "", verdict{}},
		{"incomplete", 3, "ab", verdict{Rest: 2}},
		{"one", 3, "abc", verdict{Msgs: []string{"abc"}}},
		{"more", 3, "abcdefg", verdict{Msgs: []string{"abc", "def"}, Rest: 1}},
		{"single bytes", 1, "abc", verdict{Msgs: []string{"a", "b", "c"}}},
		{"huge", math.MaxInt, "abc", verdict{Rest: 3}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := codec.Fixed{Size: tt.size}
			if diff := cmp.Diff(tt.want, expect(fixedOracle(f), []byte(tt.stream))); diff != "" {
				t.Fatalf("oracle (-want +got):\n%s", diff)
			}
			compare(t, f, fixedOracle(f), []byte(tt.stream), 1)
		})
	}
}

func TestFixedAppend(t *testing.T) {
	f := codec.Fixed{Size: 3}
	roundTrip(t, f, []byte("abc"), nil)
	roundTrip(t, f, []byte("ab"), codec.ErrInvalidMessage)
	roundTrip(t, f, nil, codec.ErrInvalidMessage)
	roundTrip(t, f, []byte("abcd"), codec.ErrTooLong)
}

func TestFixedValidate(t *testing.T) {
	for _, size := range []int{0, -1, math.MinInt} {
		if err := (codec.Fixed{Size: size}).Validate(); !errors.Is(err, codec.ErrInvalidFraming) {
			t.Errorf("size %d: %v", size, err)
		}
	}
}

func FuzzFixed(f *testing.F) {
	f.Add([]byte("abcdefg"), 3, uint64(1))
	f.Add([]byte("abcdefg"), 7, uint64(2))
	f.Fuzz(func(t *testing.T, p []byte, size int, seed uint64) {
		p = short(p)
		fixed := codec.Fixed{Size: size}
		if size <= 0 {
			size = 1 + len(p)
			fixed.Size = size
		}
		compare(t, fixed, fixedOracle(fixed), p, seed)
		switch {
		case len(p) < size:
			roundTrip(t, fixed, p, codec.ErrInvalidMessage)
		case len(p) > size:
			roundTrip(t, fixed, p, codec.ErrTooLong)
			p = p[:size]
			fallthrough
		default:
			roundTrip(t, fixed, p, nil)
		}
	})
}
