package codec_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/codec"
)

// delimiterOracle reads byte by byte. A message may still come if what was read begins some message that is short enough and its
// delimiter.
func delimiterOracle(f codec.Delimiter) oracle {
	return func(p []byte) ([]byte, int, error) {
		longest := limit(f.Max)
		if f.Keep {
			longest -= len(f.Sequence)
		}
		for n := 1; n <= len(p); n++ {
			q := string(p[:n])
			if text, ok := strings.CutSuffix(q, f.Sequence); ok {
				if f.Keep {
					text = q
				}
				return []byte(text), n, nil
			}
			hope := false
			for size := 0; size <= min(longest, n); size++ {
				hope = hope || strings.HasPrefix(q[:size]+f.Sequence, q)
			}
			if !hope {
				return nil, 0, codec.ErrTooLong
			}
		}
		return nil, 0, nil
	}
}

func TestDelimiterNext(t *testing.T) {
	const tooLong = "codec: message too long"
	tests := []struct {
		name   string
		f      codec.Delimiter
		stream string
		want   verdict
	}{
		{"nothing", codec.Delimiter{Sequence: "--"}, "", verdict{}},
		{"incomplete", codec.Delimiter{Sequence: "--"}, "abc-", verdict{Rest: 4}},
		{"one byte", codec.Delimiter{Sequence: "\x00"}, "abc\x00\x00d\x00", verdict{Msgs: []string{"abc", "", "d"}}},
		{"two bytes", codec.Delimiter{Sequence: "--"}, "abc--d-e--", verdict{Msgs: []string{"abc", "d-e"}}},
		{"kept", codec.Delimiter{Sequence: "--", Keep: true}, "abc----d", verdict{Msgs: []string{"abc--", "--"}, Rest: 1}},
		{"first occurrence", codec.Delimiter{Sequence: "--"}, "a---b--", verdict{Msgs: []string{"a", "-b"}}},
		{"false start", codec.Delimiter{Sequence: "aab"}, "aaab", verdict{Msgs: []string{"a"}}},
		{"as long as allowed", codec.Delimiter{Sequence: "--", Max: 3}, "abc--", verdict{Msgs: []string{"abc"}}},
		{"too long", codec.Delimiter{Sequence: "--", Max: 3}, "abcd--", verdict{Rest: 6, Err: tooLong}},
		{"too long without delimiter", codec.Delimiter{Sequence: "--", Max: 3}, "abcd", verdict{Rest: 4, Err: tooLong}},
		{"delimiter may have begun", codec.Delimiter{Sequence: "--", Max: 3}, "abc-", verdict{Rest: 4}},
		{"delimiter had not begun", codec.Delimiter{Sequence: "--", Max: 3}, "abc-d", verdict{Rest: 5, Err: tooLong}},
		{"delimiter began one too late", codec.Delimiter{Sequence: "xyz", Max: 3}, "abcdx", verdict{Rest: 5, Err: tooLong}},
		{"kept, as long as allowed", codec.Delimiter{Sequence: "--", Keep: true, Max: 3}, "a--", verdict{Msgs: []string{"a--"}}},
		{"kept, too long", codec.Delimiter{Sequence: "--", Keep: true, Max: 3}, "ab", verdict{Rest: 2, Err: tooLong}},
		{"kept, nothing but the delimiter", codec.Delimiter{Sequence: "--", Keep: true, Max: 2}, "----a", verdict{Msgs: []string{"--", "--"}, Rest: 1, Err: tooLong}},
		{"default maximum", codec.Delimiter{Sequence: "--"}, strings.Repeat("a", codec.DefaultMax+1), verdict{Rest: codec.DefaultMax + 1, Err: tooLong}},
		{"no maximum", codec.Delimiter{Sequence: "--", Max: -1}, strings.Repeat("a", codec.DefaultMax+1), verdict{Rest: codec.DefaultMax + 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			whole := receive(t, tt.f, []byte(tt.stream), false, func() int { return len(tt.stream) })
			if diff := cmp.Diff(tt.want, whole); diff != "" {
				t.Fatalf("(-want +got):\n%s", diff)
			}
			if len(tt.stream) < 100 { // Next alone is quadratic
				compare(t, tt.f, delimiterOracle(tt.f), []byte(tt.stream), 1)
			}
		})
	}
}

func TestDelimiterAppend(t *testing.T) {
	tests := []struct {
		name string
		f    codec.Delimiter
		msg  string
		want string
		err  error
	}{
		{"plain", codec.Delimiter{Sequence: "--"}, "abc", "abc--", nil},
		{"empty", codec.Delimiter{Sequence: "--"}, "", "--", nil},
		{"delimiter inside", codec.Delimiter{Sequence: "--"}, "a--b", "", codec.ErrInvalidMessage},
		{"delimiter across the end", codec.Delimiter{Sequence: "--"}, "a-", "", codec.ErrInvalidMessage},
		{"half a delimiter is no delimiter", codec.Delimiter{Sequence: "-+"}, "a-", "a--+", nil},
		{"as long as allowed", codec.Delimiter{Sequence: "--", Max: 3}, "abc", "abc--", nil},
		{"too long", codec.Delimiter{Sequence: "--", Max: 3}, "abcd", "", codec.ErrTooLong},
		{"kept", codec.Delimiter{Sequence: "--", Keep: true}, "abc--", "abc--", nil},
		{"kept, missing", codec.Delimiter{Sequence: "--", Keep: true}, "abc-", "", codec.ErrInvalidMessage},
		{"kept, message shorter", codec.Delimiter{Sequence: "--", Keep: true}, "-", "", codec.ErrInvalidMessage},
		{"kept, twice", codec.Delimiter{Sequence: "--", Keep: true}, "a--b--", "", codec.ErrInvalidMessage},
		{"kept, too long", codec.Delimiter{Sequence: "--", Keep: true, Max: 3}, "ab--", "", codec.ErrTooLong},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := roundTrip(t, tt.f, []byte(tt.msg), tt.err); string(got) != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestDelimiterValidate(t *testing.T) {
	tests := []struct {
		name string
		f    codec.Delimiter
		want error
	}{
		{"empty", codec.Delimiter{Max: 5}, codec.ErrInvalidFraming},
		{"kept past the maximum", codec.Delimiter{Sequence: "--", Keep: true, Max: 1}, codec.ErrInvalidFraming},
		{"kept within the maximum", codec.Delimiter{Sequence: "--", Keep: true, Max: 2}, nil},
		{"not kept, longer than the maximum", codec.Delimiter{Sequence: "--", Max: 1}, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.f.Validate(); !errors.Is(err, tt.want) {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
}

func FuzzDelimiter(f *testing.F) {
	f.Add([]byte("one--two----three-"), "--", false, 8, uint64(1))
	f.Add([]byte("aabaaabab"), "aab", true, 5, uint64(2))
	f.Add([]byte("abababcabc"), "ababc", false, 4, uint64(3))
	f.Fuzz(func(t *testing.T, p []byte, sequence string, keep bool, longest int, seed uint64) {
		d := codec.Delimiter{Sequence: sequence, Keep: keep, Max: longest}
		if d.Validate() != nil || len(sequence) > 50 {
			return
		}
		p = short(p)
		next := delimiterOracle(d)
		compare(t, d, next, p, seed)

		// Append must take exactly the messages that the oracle reads back.
		naive := bytes.Clone(p)
		if !keep {
			naive = append(naive, sequence...)
		}
		var want error
		if got, n, _ := next(naive); len(p) > limit(longest) {
			want = codec.ErrTooLong
		} else if n == 0 || n != len(naive) || !bytes.Equal(got, p) {
			want = codec.ErrInvalidMessage
		}
		if got := roundTrip(t, d, p, want); got != nil && !bytes.Equal(got, naive) {
			t.Fatalf("%+v: Append gives %q, want %q", d, got, naive)
		}
	})
}
