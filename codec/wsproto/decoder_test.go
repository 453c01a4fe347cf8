package wsproto_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"
	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// arrivals are the ways in which bytes reach a decoder.
var arrivals = []struct {
	name string
	cuts func(n int) [][]int
}{
	{"at once", func(int) [][]int { return [][]int{nil} }},
	{"byte by byte", func(n int) [][]int {
		each := make([]int, n)
		for i := range each {
			each[i] = i
		}
		return [][]int{each}
	}},
	{"in two", func(n int) (all [][]int) {
		for i := range n {
			all = append(all, []int{i})
		}
		return all
	}},
	{"in three", func(n int) (all [][]int) {
		for i := range min(n, 80) {
			for j := i; j < min(n, 80); j++ {
				all = append(all, []int{i, j})
			}
		}
		return all
	}},
}

func feedCut(r *reader, in string, cuts []int) {
	start := 0
	for _, cut := range cuts {
		r.feed([]byte(in[start:cut]))
		start = cut
	}
	r.feed([]byte(in[start:]))
}

func TestDecoder(t *testing.T) {
	for _, c := range conversations {
		for _, arrival := range arrivals {
			t.Run(c.name+"/"+arrival.name, func(t *testing.T) {
				for _, cuts := range arrival.cuts(len(c.in)) {
					r := newReader(t, &c.cfg)
					feedCut(r, c.in, cuts)
					got, _ := r.result()
					if diff := cmp.Diff(c.want, got); diff != "" {
						t.Fatalf("cut at %v (-want +got):\n%s", cuts, diff)
					}
					if c.err == nil && r.err != nil || c.err != nil && r.err != c.err {
						t.Fatalf("cut at %v: error %v, want %v", cuts, r.err, c.err)
					}
				}
			})
		}
	}
}

// The oracle must know the conversations, or its verdict elsewhere is worth
// nothing.
func TestOracle(t *testing.T) {
	for _, c := range conversations {
		t.Run(c.name, func(t *testing.T) {
			got, code := oracle(c.cfg, []byte(c.in))
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if c.err == nil && code != 0 || c.err != nil && code != c.err.Code {
				t.Errorf("code %d, want %v", code, c.err)
			}
		})
	}
}

// Every text with a flaw fails with the first byte that makes it hopeless, in
// one frame or in many, though much more was announced.
func TestDecoderFailsFast(t *testing.T) {
	for _, bad := range []string{
		"\x80", "\xc0", "\xc2\x41", "\xe0\x9f", "\xed\xa0", "\xf0\x8f", fatal, "\xf5",
		"\xe2\x82\x41", "\xf0\x90\x41", "\xf0\x90\x80\x41", "\xe2\x82\xe2",
	} {
		payload := greek + "12345678" + bad + rep(40)
		hopeless := len(payload) - 40
		t.Run(strings.ToUpper(hex(bad)), func(t *testing.T) {
			one := masked(fin|text, payload)
			for i := range one {
				requireFailure(t, one, i, len(one)-len(payload)+hopeless)
			}
			var many string
			for i := range len(payload) {
				many += masked(map[bool]byte{true: text, false: cont}[i == 0], payload[i:i+1])
			}
			for i := range many {
				requireFailure(t, many, i, 7*hopeless)
			}
		})
	}
}

// requireFailure feeds a prefix in two pieces, cut at i; with fewer than until
// bytes there is no error, with until bytes there is.
func requireFailure(t *testing.T, in string, i, until int) {
	t.Helper()
	i = min(i, until-1)
	r := newReader(t, nil)
	r.feed([]byte(in[:i]))
	r.feed([]byte(in[i : until-1]))
	if r.err != nil {
		t.Fatalf("cut at %d: %v one byte too early", i, r.err)
	}
	r.feed([]byte(in[until-1 : until]))
	if r.err != wsproto.ErrInvalidUTF8 {
		t.Fatalf("cut at %d: no error at the hopeless byte", i)
	}
}

func hex(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		b.WriteByte("0123456789abcdef"[c>>4])
		b.WriteByte("0123456789abcdef"[c&15])
	}
	return b.String()
}

// A piece is what has arrived, an empty fragment is seen, and a frame of which
// only the header is there is seen too.
func TestDecoderPieces(t *testing.T) {
	type piece struct {
		Op          wsproto.OpCode
		First, Last bool
		Payload     string
		N           int
	}
	for _, c := range []struct {
		name   string
		pieces []string // each arrives after the one before was taken whole
		want   []piece
	}{
		{"whole", []string{masked(fin|text, "abc")}, []piece{{text, true, true, "abc", 9}}},
		{
			"header first",
			[]string{masked(fin|text, "abc")[:6], masked(fin|text, "abc")[6:]},
			[]piece{{text, true, false, "", 6}, {text, false, true, "abc", 3}},
		},
		{
			"byte by byte",
			[]string{masked(fin|bin, "abc")[:7], masked(fin|bin, "abc")[7:8], masked(fin|bin, "abc")[8:]},
			[]piece{{bin, true, false, "a", 7}, {bin, false, false, "b", 1}, {bin, false, true, "c", 1}},
		},
		{
			"empty fragments",
			[]string{masked(text, ""), masked(cont, ""), masked(fin|cont, "")},
			[]piece{{text, true, false, "", 6}, {text, false, false, "", 6}, {text, false, true, "", 6}},
		},
		{
			"fragment then next message",
			[]string{masked(bin, "a") + masked(fin|cont, "b") + masked(fin|text, "c")},
			[]piece{{bin, true, false, "a", 7}, {bin, false, true, "b", 7}, {text, true, true, "c", 7}},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := wsproto.NewDecoder(nil)
			var got []piece
			for _, in := range c.pieces {
				for p := []byte(in); len(p) > 0; {
					ev, n, err := d.Next(p)
					if n == 0 || err != nil {
						t.Fatalf("stopped with %d bytes left: %v", len(p), err)
					}
					got = append(got, piece{ev.Op, ev.First, ev.Last, string(ev.Payload), n})
					p = p[n:]
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecoderSize(t *testing.T) {
	if size := unsafe.Sizeof(wsproto.Decoder{}); size > 48 {
		t.Errorf("a Decoder takes %d bytes of every connection, at most 48 are allowed", size)
	}
}

func TestDecoderAllocations(t *testing.T) {
	for _, c := range conversations {
		in := []byte(c.in)
		buf := slices.Clone(in)
		if got := testing.AllocsPerRun(10, func() {
			d := wsproto.NewDecoder(&c.cfg)
			for p := buf[:copy(buf, in)]; ; {
				_, n, err := d.Next(p)
				if n == 0 || err != nil {
					return
				}
				p = p[n:]
			}
		}); got != 0 {
			t.Errorf("%s: %v allocations", c.name, got)
		}
	}
}

// TestSetConfig changes the limit between two frames of a message.
func TestSetConfig(t *testing.T) {
	t.Parallel()
	frame := func(op wsproto.OpCode, fin bool, n int) []byte {
		h := wsproto.Header{Fin: fin, OpCode: op, Length: int64(n)}
		return append(wsproto.AppendHeader(nil, h), make([]byte, n)...)
	}
	for _, c := range []struct {
		limit int64
		want  error
	}{{8, nil}, {7, wsproto.ErrMessageTooBig}, {3, wsproto.ErrMessageTooBig}, {0, nil}, {-1, nil}} {
		d := wsproto.NewDecoder(&wsproto.Config{Client: true, MaxMessage: 4})
		if _, n, err := d.Next(frame(wsproto.OpBinary, false, 4)[:3]); n != 3 || err != nil {
			t.Fatal(n, err)
		}
		d.SetConfig(&wsproto.Config{Client: true, MaxMessage: c.limit})
		if _, n, err := d.Next(make([]byte, 3)); n != 3 || err != nil {
			t.Errorf("limit %d: the frame that had begun: %d, %v", c.limit, n, err)
		}
		if _, _, err := d.Next(frame(wsproto.OpContinuation, true, 4)); !errors.Is(err, c.want) {
			t.Errorf("limit %d: %v, want %v", c.limit, err, c.want)
		}
	}
}
