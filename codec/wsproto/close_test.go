package wsproto_test

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gobwas/ws"
	"github.com/google/go-cmp/cmp"
	"github.com/sockeye-io/sockeye/codec/wsproto"
)

func TestParseClose(t *testing.T) {
	for _, c := range []struct {
		name   string
		in     string
		code   wsproto.StatusCode
		reason string
		err    error
	}{
		{"7.3.1 empty", "", 1005, "", nil},
		{"7.3.2 one byte", "a", 0, "", wsproto.ErrCloseLength},
		{"7.3.3 code", "\x03\xe8", 1000, "", nil},
		{"7.3.4 code and reason", "\x03\xe8Hello World!", 1000, "Hello World!", nil},
		{"7.3.5 longest reason", "\x03\xe8" + rep(123), 1000, rep(123), nil},
		{"7.5.1 reason with a surrogate", "\x03\xe8" + greek + "\xed\xa0\x80edited", 0, "", wsproto.ErrCloseReasonUTF8},
		{"reason cut inside a character", "\x03\xe8" + greek[:1], 0, "", wsproto.ErrCloseReasonUTF8},
		{"7.9.1 code 0", "\x00\x00", 0, "", wsproto.ErrCloseCode},
		{"bad code and bad reason", "\x00\x00\xff", 0, "", wsproto.ErrCloseCode},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, reason, err := wsproto.ParseClose([]byte(c.in))
			if code != c.code || string(reason) != c.reason || err != c.err {
				t.Errorf("%d, %q, %v", code, reason, err)
			}
		})
	}
}

// All codes there are, by the registry of RFC 6455 section 11.7 and its ranges.
func TestCloseCodes(t *testing.T) {
	var got, want []int
	for code := range 1 << 16 {
		valid := wsproto.ValidCloseCode(wsproto.StatusCode(code))
		if _, _, err := wsproto.ParseClose([]byte{byte(code >> 8), byte(code)}); (err == nil) != valid {
			t.Fatalf("%d: valid = %v, ParseClose says %v", code, valid, err)
		}
		if valid {
			got = append(got, code)
		}
	}
	want = append(want, 1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014)
	for code := 3000; code < 5000; code++ {
		want = append(want, code)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAppendClose(t *testing.T) {
	for _, c := range []struct {
		name   string
		code   wsproto.StatusCode
		reason string
		want   string
	}{
		{"no status", wsproto.StatusNoStatusRcvd, "ignored", ""},
		{"no reason", wsproto.StatusGoingAway, "", "\x03\xe9"},
		{"reason", wsproto.StatusNormalClosure, "bye", "\x03\xe8bye"},
		{"longest", 4999, rep(123), "\x13\x87" + rep(123)},
		{"too long", 4999, rep(124), "\x13\x87" + rep(123)},
		{"cut before two bytes", 4999, rep(122) + "é", "\x13\x87" + rep(122)},
		{"ends with two bytes", 4999, rep(121) + "éx", "\x13\x87" + rep(121) + "é"},
		{"cut before four bytes", 4999, rep(120) + "🐟", "\x13\x87" + rep(120)},
		{"replacement character", 4999, "a\uFFFDb", "\x13\x87a\uFFFDb"},
		{"not UTF-8", 4999, "ab\xffcd", "\x13\x87ab"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := wsproto.AppendClose([]byte("before"), c.code, c.reason); string(got) != "before"+c.want {
				t.Errorf("% x", got)
			}
		})
	}
}

// What the package says of itself can be sent.
func TestErrorReasons(t *testing.T) {
	for _, c := range conversations {
		if c.err == nil {
			continue
		}
		p := wsproto.AppendClose(nil, c.err.Code, c.err.Reason)
		if code, reason, err := wsproto.ParseClose(p); code != c.err.Code || string(reason) != c.err.Reason || err != nil {
			t.Errorf("%v is sent as %d, %q, %v", c.err, code, reason, err)
		}
		if c.err.Error() != "wsproto: "+c.err.Reason {
			t.Errorf("%q", c.err.Error())
		}
	}
}

func TestCloseAllocations(t *testing.T) {
	buf := make([]byte, 0, 125)
	reason := strings.Repeat("é", 100)
	in := []byte("\x03\xe8" + greek)
	bad := []byte("\x03\xe8\xff")
	if got := testing.AllocsPerRun(100, func() {
		_ = wsproto.AppendClose(buf, wsproto.StatusGoingAway, reason)
		_, _, _ = wsproto.ParseClose(in)
		_, _, _ = wsproto.ParseClose(bad)
	}); got != 0 {
		t.Errorf("%v allocations", got)
	}
}

// FuzzClose agrees with gobwas/ws but for three things: it takes one byte for
// an empty payload, does not know 1012 to 1014, and lets 5000 and more pass.
func FuzzClose(f *testing.F) {
	for _, in := range []string{"", "a", "\x03\xe8", "\x03\xe8Hello", "\x03\xed", "\x03\xf4", "\x13\x88", "\x03\xe8" + greek[:3], "\xff\xff" + rep(125)} {
		f.Add([]byte(in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		code, reason, err := wsproto.ParseClose(in)
		wantCode, wantReason := ws.ParseCloseFrameData(in)
		valid := ws.CheckCloseFrameData(wantCode, wantReason) == nil
		switch {
		case len(in) == 0:
			valid, wantCode = true, wsproto.StatusNoStatusRcvd
		case wantCode >= 1012 && wantCode <= 1014:
			valid = utf8.ValidString(wantReason)
		case wantCode >= 5000:
			valid = false
		}
		if (err == nil) != valid {
			t.Fatalf("% x: %v, gobwas/ws says valid = %v", in, err, valid)
		}
		if err != nil {
			return
		}
		if code != wantCode || string(reason) != wantReason {
			t.Fatalf("% x: %d, %q, gobwas/ws reads %d, %q", in, code, reason, wantCode, wantReason)
		}
		if out := wsproto.AppendClose(nil, code, string(reason)); len(in) <= 125 && !bytes.Equal(out, in) {
			t.Fatalf("% x is written as % x", in, out)
		}
		// Any reason at all can be written, and read again.
		out := wsproto.AppendClose(nil, wsproto.StatusGoingAway, string(in))
		if _, reason, err := wsproto.ParseClose(out); err != nil || len(out) > 125 || !bytes.HasPrefix(in, reason) {
			t.Fatalf("reason %q is written as % x: %v", in, out, err)
		}
	})
}
