package codec_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/codec"
)

// lineOracle reads byte by byte. A message may still come as long as what was read, without a CR that may belong to the ending,
// is not past the maximum.
func lineOracle(f codec.Line) oracle {
	return func(p []byte) ([]byte, int, error) {
		for n := 1; n <= len(p); n++ {
			q := string(p[:n])
			text := strings.TrimSuffix(strings.TrimSuffix(q, "\n"), "\r")
			switch {
			case f.CRLF && strings.HasSuffix(q, "\r\n"):
				return p[:n-2], n, nil
			case f.CRLF && strings.ContainsAny(text, "\r\n"), f.CRLF && strings.HasSuffix(q, "\n"):
				return nil, 0, codec.ErrMalformed
			case len(text) > limit(f.Max):
				return nil, 0, codec.ErrTooLong
			case !f.CRLF && strings.HasSuffix(q, "\n"):
				return []byte(text), n, nil
			}
		}
		return nil, 0, nil
	}
}

func TestLineNext(t *testing.T) {
	const tooLong, malformed = "codec: message too long", "codec: malformed message"
	tests := []struct {
		name   string
		f      codec.Line
		stream string
		want   verdict
	}{
		{"nothing", codec.Line{}, "", verdict{}},
		{"incomplete", codec.Line{}, "abc", verdict{Rest: 3}},
		{"LF", codec.Line{}, "abc\nde\n", verdict{Msgs: []string{"abc", "de"}}},
		{"CRLF", codec.Line{}, "abc\r\nde\r\n", verdict{Msgs: []string{"abc", "de"}}},
		{"empty lines", codec.Line{}, "\n\r\n\n", verdict{Msgs: []string{"", "", ""}}},
		{"one CR belongs to the ending", codec.Line{}, "a\r\r\n", verdict{Msgs: []string{"a\r"}}},
		{"CR inside", codec.Line{}, "a\rb\n", verdict{Msgs: []string{"a\rb"}}},
		{"as long as allowed", codec.Line{Max: 3}, "abc\nabc\r\n", verdict{Msgs: []string{"abc", "abc"}}},
		{"one past the maximum", codec.Line{Max: 3}, "abcd\n", verdict{Rest: 5, Err: tooLong}},
		{"too long without ending", codec.Line{Max: 3}, "abcd", verdict{Rest: 4, Err: tooLong}},
		{"CR may belong to the ending", codec.Line{Max: 3}, "abc\r", verdict{Rest: 4}},
		{"CR does not belong to the ending", codec.Line{Max: 3}, "abc\rd", verdict{Rest: 5, Err: tooLong}},
		{"second CR is too much", codec.Line{Max: 3}, "abc\r\r", verdict{Rest: 5, Err: tooLong}},
		{"default maximum", codec.Line{}, strings.Repeat("a", codec.DefaultMax+1), verdict{Rest: codec.DefaultMax + 1, Err: tooLong}},
		{"no maximum", codec.Line{Max: -1}, strings.Repeat("a", codec.DefaultMax+1), verdict{Rest: codec.DefaultMax + 1}},

		{"strict", codec.Line{CRLF: true}, "abc\r\n\r\nde\r", verdict{Msgs: []string{"abc", ""}, Rest: 3}},
		{"strict, bare LF", codec.Line{CRLF: true}, "a\r\nbc\n", verdict{Msgs: []string{"a"}, Rest: 3, Err: malformed}},
		{"strict, LF first", codec.Line{CRLF: true}, "\n", verdict{Rest: 1, Err: malformed}},
		{"strict, bare CR", codec.Line{CRLF: true}, "a\rb", verdict{Rest: 3, Err: malformed}},
		{"strict, two CRs", codec.Line{CRLF: true}, "a\r\r\n", verdict{Rest: 4, Err: malformed}},
		{"strict, as long as allowed", codec.Line{CRLF: true, Max: 3}, "abc\r\n", verdict{Msgs: []string{"abc"}}},
		{"strict, too long", codec.Line{CRLF: true, Max: 3}, "abcd", verdict{Rest: 4, Err: tooLong}},
		{"strict, too long before malformed", codec.Line{CRLF: true, Max: 3}, "abcd\n", verdict{Rest: 5, Err: tooLong}},
		{"strict, malformed and too long at once", codec.Line{CRLF: true, Max: 3}, "ab\rc", verdict{Rest: 4, Err: malformed}},
		{"strict, malformed before too long", codec.Line{CRLF: true, Max: 3}, "abc\n", verdict{Rest: 4, Err: malformed}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			whole := receive(t, tt.f, []byte(tt.stream), false, func() int { return len(tt.stream) })
			if diff := cmp.Diff(tt.want, whole); diff != "" {
				t.Fatalf("(-want +got):\n%s", diff)
			}
			if len(tt.stream) < 100 { // Next alone is quadratic
				compare(t, tt.f, lineOracle(tt.f), []byte(tt.stream), 1)
			}
		})
	}
}

func TestLineAppend(t *testing.T) {
	tests := []struct {
		name string
		f    codec.Line
		msg  string
		want string
		err  error
	}{
		{"LF", codec.Line{}, "abc", "abc\n", nil},
		{"empty", codec.Line{}, "", "\n", nil},
		{"CR inside", codec.Line{}, "a\rb", "a\rb\n", nil},
		{"CR at the end", codec.Line{}, "a\r", "", codec.ErrInvalidMessage},
		{"LF inside", codec.Line{}, "a\nb", "", codec.ErrInvalidMessage},
		{"as long as allowed", codec.Line{Max: 3}, "abc", "abc\n", nil},
		{"too long", codec.Line{Max: 3}, "abcd", "", codec.ErrTooLong},
		{"strict", codec.Line{CRLF: true}, "abc", "abc\r\n", nil},
		{"strict, CR inside", codec.Line{CRLF: true}, "a\rb", "", codec.ErrInvalidMessage},
		{"strict, CR at the end", codec.Line{CRLF: true}, "a\r", "", codec.ErrInvalidMessage},
		{"strict, LF inside", codec.Line{CRLF: true}, "a\nb", "", codec.ErrInvalidMessage},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := roundTrip(t, tt.f, []byte(tt.msg), tt.err); string(got) != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func FuzzLine(f *testing.F) {
	f.Add([]byte("one\ntwo\r\n\nthree"), false, 8, uint64(1))
	f.Add([]byte("one\r\ntwo\r\n\r\nthree\r"), true, 3, uint64(2))
	f.Add([]byte("a\r\r\nb\rc\n"), false, 2, uint64(3))
	f.Fuzz(func(t *testing.T, p []byte, crlf bool, longest int, seed uint64) {
		line := codec.Line{CRLF: crlf, Max: longest}
		p = short(p)
		next := lineOracle(line)
		compare(t, line, next, p, seed)

		// Append must take exactly the messages that the oracle reads back.
		ending := "\n"
		if crlf {
			ending = "\r\n"
		}
		naive := append(bytes.Clone(p), ending...)
		var want error
		if got, n, _ := next(naive); len(p) > limit(longest) {
			want = codec.ErrTooLong
		} else if n != len(naive) || !bytes.Equal(got, p) {
			want = codec.ErrInvalidMessage
		}
		if got := roundTrip(t, line, p, want); got != nil && !bytes.Equal(got, naive) {
			t.Fatalf("%+v: Append gives %q, want %q", line, got, naive)
		}
	})
}

// short keeps fuzzing fast: the oracles are at least quadratic.
func short(p []byte) []byte { return p[:min(len(p), 200)] }
