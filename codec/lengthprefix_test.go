package codec_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/codec"
)

const maxUint64 = "\xff\xff\xff\xff\xff\xff\xff\xff"

func TestLengthPrefixNext(t *testing.T) {
	const tooLong, malformed = "codec: message too long", "codec: malformed message"
	const varint = codec.Varint
	tests := []struct {
		name   string
		f      codec.LengthPrefix
		stream string
		want   verdict
	}{
		{"nothing", codec.LengthPrefix{}, "", verdict{}},
		{"zero value", codec.LengthPrefix{}, "\x00\x00\x00\x03abc\x00\x00\x00\x00", verdict{Msgs: []string{"abc", ""}}},
		{"header incomplete", codec.LengthPrefix{}, "\x00\x00\x00", verdict{Rest: 3}},
		{"message incomplete", codec.LengthPrefix{}, "\x00\x00\x00\x03ab", verdict{Rest: 6}},
		{"1 byte", codec.LengthPrefix{Width: 1}, "\x03abc\x00\x01d", verdict{Msgs: []string{"abc", "", "d"}}},
		{"2 bytes", codec.LengthPrefix{Width: 2}, "\x00\x03abc", verdict{Msgs: []string{"abc"}}},
		{"2 bytes, little endian", codec.LengthPrefix{Width: 2, LittleEndian: true}, "\x03\x00abc", verdict{Msgs: []string{"abc"}}},
		{"8 bytes", codec.LengthPrefix{Width: 8}, "\x00\x00\x00\x00\x00\x00\x00\x03abc", verdict{Msgs: []string{"abc"}}},
		{"8 bytes, little endian", codec.LengthPrefix{Width: 8, LittleEndian: true}, "\x03\x00\x00\x00\x00\x00\x00\x00abc", verdict{Msgs: []string{"abc"}}},
		{"as long as allowed", codec.LengthPrefix{Width: 1, Max: 3}, "\x03abc", verdict{Msgs: []string{"abc"}}},
		{"too long at its header", codec.LengthPrefix{Width: 1, Max: 3}, "\x04", verdict{Rest: 1, Err: tooLong}},
		{"default maximum", codec.LengthPrefix{}, "\x00\x10\x00\x01", verdict{Rest: 4, Err: tooLong}},
		{"no maximum", codec.LengthPrefix{Max: -1}, "\x7f\x00\x00\x00", verdict{Rest: 4}},
		{"2^64-1", codec.LengthPrefix{Width: 8}, maxUint64, verdict{Rest: 8, Err: tooLong}},
		{"2^64-1, no maximum", codec.LengthPrefix{Width: 8, Max: -1}, maxUint64, verdict{Rest: 8, Err: tooLong}},
		{"2^64-1, adjusted", codec.LengthPrefix{Width: 8, Max: -1, LengthAdjust: -8}, maxUint64, verdict{Rest: 8, Err: tooLong}},
		{"2^63-1", codec.LengthPrefix{Width: 8}, "\x7f" + maxUint64[1:], verdict{Rest: 8, Err: tooLong}},
		{"2^63-1, no maximum", codec.LengthPrefix{Width: 8, Max: -1}, "\x7f" + maxUint64[1:], verdict{Rest: 8, Err: tooLong}},
		{"2^63-1, varint", codec.LengthPrefix{Width: varint, Max: -1}, maxUint64 + "\x7f", verdict{Rest: 9, Err: tooLong}},
		{"2^64-1, varint", codec.LengthPrefix{Width: varint, Max: -1}, maxUint64 + "\xff\x01", verdict{Rest: 10, Err: tooLong}},

		{"varint", codec.LengthPrefix{Width: varint}, "\x03abc\x00", verdict{Msgs: []string{"abc", ""}}},
		{"varint incomplete", codec.LengthPrefix{Width: varint}, "\x80", verdict{Rest: 1}},
		{"varint of two bytes", codec.LengthPrefix{Width: varint, Max: 200}, "\xc8\x01", verdict{Rest: 2}},
		{"varint past the maximum", codec.LengthPrefix{Width: varint, Max: 199}, "\xc8\x01", verdict{Rest: 2, Err: tooLong}},
		{"varint not minimal", codec.LengthPrefix{Width: varint}, "\x83\x00abc", verdict{Rest: 5, Err: malformed}},
		{"varint zero not minimal", codec.LengthPrefix{Width: varint}, "\x80\x80\x00", verdict{Rest: 3, Err: malformed}},
		{"varint of 65 bits", codec.LengthPrefix{Width: varint}, maxUint64 + "\xff\x02", verdict{Rest: 10, Err: malformed}},
		{"varint of eleven bytes", codec.LengthPrefix{Width: varint}, maxUint64 + "\xff\x81\x00", verdict{Rest: 11, Err: malformed}},
		{"varint never ends", codec.LengthPrefix{Width: varint, Max: -1}, maxUint64 + "\xff\xff", verdict{Rest: 10, Err: malformed}},

		{"header kept", codec.LengthPrefix{Width: 2, Strip: -1}, "\x00\x03abc", verdict{Msgs: []string{"\x00\x03abc"}}},
		{"header kept counts", codec.LengthPrefix{Width: 2, Strip: -1, Max: 4}, "\x00\x03abc", verdict{Rest: 5, Err: tooLong}},
		{"inclusive", codec.LengthPrefix{Width: 2, Inclusive: true}, "\x00\x05abc\x00\x02", verdict{Msgs: []string{"abc", ""}}},
		{"inclusive, shorter than itself", codec.LengthPrefix{Width: 2, Inclusive: true}, "\x00\x01", verdict{Rest: 2, Err: malformed}},
		{"inclusive, shorter than itself, kept", codec.LengthPrefix{Width: 2, Inclusive: true, Strip: -1}, "\x00\x01", verdict{Rest: 2, Err: malformed}},
		{"inclusive by adjustment", codec.LengthPrefix{Width: 2, LengthAdjust: -2}, "\x00\x05abc\x00\x01", verdict{Msgs: []string{"abc"}, Rest: 2, Err: malformed}},
		{"kind before", codec.LengthPrefix{Width: 2, LengthOffset: 1}, "K\x00\x03abc", verdict{Msgs: []string{"abc"}}},
		{"kind before, kept", codec.LengthPrefix{Width: 2, LengthOffset: 1, Strip: -1}, "K\x00\x03abc", verdict{Msgs: []string{"K\x00\x03abc"}}},
		{"kind before, half kept", codec.LengthPrefix{Width: 2, LengthOffset: 2, Strip: 1}, "KL\x00\x03abc", verdict{Msgs: []string{"L\x00\x03abc"}}},
		{"kind before, inclusive", codec.LengthPrefix{Width: 2, LengthOffset: 1, Inclusive: true}, "K\x00\x06abc", verdict{Msgs: []string{"abc"}}},
		{"kind behind, not counted", codec.LengthPrefix{Width: 2, LengthAdjust: 1}, "\x00\x03Kabc", verdict{Msgs: []string{"Kabc"}}},
		{"kind behind, stripped", codec.LengthPrefix{Width: 2, LengthAdjust: 1, Strip: 3}, "\x00\x03Kabc", verdict{Msgs: []string{"abc"}}},
		{"kind behind, counted, stripped, missing", codec.LengthPrefix{Width: 2, Strip: 3}, "\x00\x00", verdict{Rest: 2, Err: malformed}},
		{"both sides", codec.LengthPrefix{Width: 2, LengthOffset: 1, LengthAdjust: -3, Strip: 4}, "K\x00\x07Labc", verdict{Msgs: []string{"abc"}}},
		{"varint behind a kind", codec.LengthPrefix{Width: varint, LengthOffset: 1, Strip: -1}, "K\x03abcL\x00", verdict{Msgs: []string{"K\x03abc", "L\x00"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.f.Validate(); err != nil {
				t.Fatal(err)
			}
			whole := receive(t, tt.f, []byte(tt.stream), false, func() int { return len(tt.stream) })
			if diff := cmp.Diff(tt.want, whole); diff != "" {
				t.Fatalf("(-want +got):\n%s", diff)
			}
			compare(t, tt.f, lengthOracle(tt.f), []byte(tt.stream), 1)
		})
	}
}

func TestLengthPrefixAppend(t *testing.T) {
	const varint = codec.Varint
	long := string(make([]byte, 300))
	tests := []struct {
		name string
		f    codec.LengthPrefix
		msg  string
		want string
		err  error
	}{
		{"zero value", codec.LengthPrefix{}, "abc", "\x00\x00\x00\x03abc", nil},
		{"empty", codec.LengthPrefix{}, "", "\x00\x00\x00\x00", nil},
		{"too long", codec.LengthPrefix{Max: 2}, "abc", "", codec.ErrTooLong},
		{"1 byte", codec.LengthPrefix{Width: 1}, "abc", "\x03abc", nil},
		{"1 byte, too long for it", codec.LengthPrefix{Width: 1}, long, "", codec.ErrTooLong},
		{"1 byte, full", codec.LengthPrefix{Width: 1}, long[:255], "\xff" + long[:255], nil},
		{"1 byte, adjusted past it", codec.LengthPrefix{Width: 1, LengthAdjust: -1}, long[:255], "", codec.ErrTooLong},
		{"3 bytes, little endian", codec.LengthPrefix{Width: 3, LittleEndian: true}, long, "\x2c\x01\x00" + long, nil},
		{"8 bytes", codec.LengthPrefix{Width: 8}, "abc", "\x00\x00\x00\x00\x00\x00\x00\x03abc", nil},
		{"varint", codec.LengthPrefix{Width: varint}, long, "\xac\x02" + long, nil},
		{"varint of one byte, full", codec.LengthPrefix{Width: varint}, long[:127], "\x7f" + long[:127], nil},
		{"varint of two bytes", codec.LengthPrefix{Width: varint}, long[:128], "\x80\x01" + long[:128], nil},
		{"varint, adjusted below zero", codec.LengthPrefix{Width: varint, LengthAdjust: 4}, "abc", "", codec.ErrInvalidMessage},
		{"inclusive", codec.LengthPrefix{Width: 2, Inclusive: true}, "abc", "\x00\x05abc", nil},
		{"not counted", codec.LengthPrefix{Width: 2, LengthAdjust: 1}, "Kabc", "\x00\x03Kabc", nil},
		{"not counted, missing", codec.LengthPrefix{Width: 2, LengthAdjust: 1}, "", "", codec.ErrInvalidMessage},
		{"strip said in bytes", codec.LengthPrefix{Width: 2, Strip: 2}, "abc", "\x00\x03abc", nil},
		{"header kept", codec.LengthPrefix{Width: 2, LengthOffset: 1, Strip: -1}, "K\x00\x03abc", "K\x00\x03abc", nil},
		{"header kept, inclusive", codec.LengthPrefix{Width: 2, LengthOffset: 1, Strip: -1, Inclusive: true}, "K\x00\x06abc", "K\x00\x06abc", nil},
		{"header kept, too long", codec.LengthPrefix{Width: 2, LengthOffset: 1, Strip: -1, Max: 5}, "K\x00\x03abc", "", codec.ErrTooLong},
		{"header missing", codec.LengthPrefix{Width: 2, LengthOffset: 1, Strip: -1}, "K\x00", "", codec.ErrInvalidMessage},
		{"header malformed", codec.LengthPrefix{Width: varint, LengthOffset: 1, Strip: -1}, "K\x80\x00", "", codec.ErrInvalidMessage},
		{"before lost", codec.LengthPrefix{Width: 2, LengthOffset: 1}, "abc", "", codec.ErrDecodeOnly},
		{"half lost", codec.LengthPrefix{Width: 2, LengthOffset: 2, Strip: 1}, "abc", "", codec.ErrDecodeOnly},
		{"behind lost", codec.LengthPrefix{Width: 2, LengthAdjust: 1, Strip: 3}, "abc", "", codec.ErrDecodeOnly},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := roundTrip(t, tt.f, []byte(tt.msg), tt.err); string(got) != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestLengthPrefixFillsPlaceholder(t *testing.T) {
	long := string(make([]byte, 300))
	tests := []struct {
		name string
		f    codec.LengthPrefix
		msg  string
		want string
		err  error
	}{
		{"two bytes", codec.LengthPrefix{Width: 2, LengthOffset: 1, Strip: -1}, "K\x00\x00abc", "K\x00\x03abc", nil},
		{"inclusive", codec.LengthPrefix{Width: 2, Strip: -1, Inclusive: true}, "\xff\xffabc", "\x00\x05abc", nil},
		{"varint grows", codec.LengthPrefix{Width: codec.Varint, LengthOffset: 1, Strip: -1}, "K\x00" + long, "K\xac\x02" + long, nil},
		{"varint shrinks", codec.LengthPrefix{Width: codec.Varint, Strip: -1}, "\xac\x02abc", "\x03abc", nil},
		{"varint grows past the maximum", codec.LengthPrefix{Width: codec.Varint, Strip: -1, Max: 301}, "\x00" + long, "", codec.ErrTooLong},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.f.Append(nil, []byte(tt.msg))
			if string(got) != tt.want || sentinel(err) != sentinel(tt.err) {
				t.Errorf("got %q, %v, want %q, %v", got, err, tt.want, tt.err)
			}
		})
	}
}

func TestLengthPrefixValidate(t *testing.T) {
	const varint = codec.Varint
	tests := []struct {
		name string
		f    codec.LengthPrefix
		want string // behind the prefix that all of them have
	}{
		{"zero value", codec.LengthPrefix{}, ""},
		{"width", codec.LengthPrefix{Width: 9}, "Width is neither 1 to 8 nor Varint"},
		{"negative width", codec.LengthPrefix{Width: -2}, "Width is neither 1 to 8 nor Varint"},
		{"negative offset", codec.LengthPrefix{LengthOffset: -1}, "LengthOffset is negative"},
		{"far offset", codec.LengthPrefix{LengthOffset: 1<<28 + 1}, "LengthOffset, LengthAdjust or Strip is past 256 MiB"},
		{"far adjustment", codec.LengthPrefix{LengthAdjust: -1<<28 - 1}, "LengthOffset, LengthAdjust or Strip is past 256 MiB"},
		{"varint order", codec.LengthPrefix{Width: varint, LittleEndian: true}, "LittleEndian has no meaning for Varint"},
		{"varint counts itself", codec.LengthPrefix{Width: varint, Inclusive: true}, "Inclusive, but a Varint cannot count itself"},
		{"strip through a varint", codec.LengthPrefix{Width: varint, LengthOffset: 1, Strip: 2}, "Strip reaches a Varint, whose size varies; zero strips it"},
		{"strip up to a varint", codec.LengthPrefix{Width: varint, LengthOffset: 1, Strip: 1}, ""},
		{"strip inside", codec.LengthPrefix{Width: 2, LengthOffset: 1, Strip: 2}, "Strip ends inside the length"},
		{"strip all of it", codec.LengthPrefix{Width: 2, LengthOffset: 1, Strip: 3}, ""},
		{"no length is enough", codec.LengthPrefix{Width: 1, LengthAdjust: -256}, "with LengthAdjust and Strip no length gives a message"},
		{"one length is enough", codec.LengthPrefix{Width: 1, LengthAdjust: -255}, ""},
		{"inclusive, no length is enough", codec.LengthPrefix{Width: 1, LengthOffset: 255, Inclusive: true}, "with LengthAdjust and Strip no length gives a message"},
		{"strip more than there can be", codec.LengthPrefix{Width: 1, Strip: 257}, "with LengthAdjust and Strip no length gives a message"},
		{"maximum below the header that is kept", codec.LengthPrefix{Width: 4, Strip: -1, Max: 3}, "Max is shorter than the shortest message"},
		{"maximum below what is not counted", codec.LengthPrefix{LengthAdjust: 4, Max: 3}, "Max is shorter than the shortest message"},
		{"maximum holds what is not counted", codec.LengthPrefix{LengthAdjust: 4, Max: 4}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			if err := tt.f.Validate(); err != nil {
				got = err.Error()
			}
			want := tt.want
			if want != "" {
				want = "codec: invalid framing: LengthPrefix: " + want
			}
			if got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func FuzzLengthPrefix(f *testing.F) {
	f.Add([]byte("\x00\x03abc\x00\x00\x01"), 2, false, false, 0, 0, 0, 8, uint64(1))
	f.Add([]byte("\x85\x01abc\x80\x00"), codec.Varint, false, false, 0, 0, -1, -1, uint64(2))
	f.Add([]byte("K\x07\x00Labc"), 2, true, true, 1, 0, 4, 0, uint64(3))
	f.Add([]byte(maxUint64+"\xff\x01"), 8, true, false, 0, -8, 0, -1, uint64(4))
	f.Fuzz(func(t *testing.T, p []byte, width int, little, inclusive bool, offset, adjust, strip, longest int, seed uint64) {
		lp := codec.LengthPrefix{
			Width: width % 9, LittleEndian: little, Inclusive: inclusive,
			LengthOffset: offset % 16, LengthAdjust: adjust % 512, Strip: strip % 32, Max: longest,
		}
		if lp.Validate() != nil {
			return
		}
		offset, strip = lp.LengthOffset, lp.Strip
		next := lengthOracle(lp)
		compare(t, lp, next, short(p), seed)

		mirror := strip < 0 || offset == 0 && (strip == 0 || strip == widthOf(lp))
		if !mirror {
			roundTrip(t, lp, p, codec.ErrDecodeOnly)
			return
		}
		var before []byte
		body := p
		if strip < 0 {
			length, header, _ := lengthField(lp, p)
			if length == nil {
				roundTrip(t, lp, p, codec.ErrInvalidMessage)
				return
			}
			before, body = p[:offset], p[header:]
		}
		frame, want := lengthEncode(lp, before, body)
		size := len(body)
		if strip < 0 {
			size = len(frame)
		}
		if want == nil && size > limit(longest) {
			frame, want = nil, codec.ErrTooLong
		}
		got, err := lp.Append(nil, p)
		if sentinel(err) != sentinel(want) || string(got) != string(frame) {
			t.Fatalf("%+v: Append(%q) gives %q, %v, want %q, %v", lp, p, got, err, frame, want)
		}
		if want != nil {
			return
		}
		back := p // Strip took off what Append put there
		if strip < 0 {
			back = frame
		}
		if msg, n, err := lp.Next(got); err != nil || n != len(got) || string(msg) != string(back) {
			t.Fatalf("%+v: %q reads as %q, %d, %v", lp, got, msg, n, err)
		}
	})
}
