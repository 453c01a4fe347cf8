package wsproto_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// hsParser is Request.Parse or Response.Parse.
type hsParser func(p []byte, lim wsproto.Limits, from int) (int, error)

// hsResult is what a parser said, and how many bytes it had seen by then.
type hsResult struct {
	n, seen int
	err     wsproto.HandshakeError
}

// hsFeed gives p in pieces that end at the cuts and at last at len(p), as a connection would.
func hsFeed(t testing.TB, parse hsParser, p []byte, lim wsproto.Limits, cuts ...int) hsResult {
	t.Helper()
	from := 0
	for _, end := range append(cuts, len(p)) {
		n, err := parse(p[:end:end], lim, from)
		if n != 0 && err != nil || n < 0 || n > end {
			t.Fatalf("Parse of %d bytes = %d, %v", end, n, err)
		}
		if err != nil {
			hsStatus(t, err)
			got := hsResult{seen: end}
			if e := (*wsproto.HandshakeError)(nil); errors.As(err, &e) {
				got.err = *e
			}
			return got
		}
		if n > 0 {
			return hsResult{n: n, seen: end}
		}
		from = end
	}
	return hsResult{seen: len(p)}
}

// hsCheckSplits demands that p means the same whole, byte by byte, and in two parts for each of the cuts (nil: all); and
// that the answer comes with the same byte.
func hsCheckSplits(t testing.TB, parse hsParser, p []byte, lim wsproto.Limits, cuts []int) {
	t.Helper()
	whole := hsFeed(t, parse, p, lim)
	bytewise := make([]int, len(p))
	for i := range bytewise {
		bytewise[i] = i
	}
	single := hsFeed(t, parse, p, lim, bytewise...)
	if single.n != whole.n || single.err != whole.err {
		t.Fatalf("byte by byte %+v, whole %+v", single, whole)
	}
	if whole.n > 0 && single.seen != whole.n {
		t.Fatalf("the head of %d bytes was whole after %d", whole.n, single.seen)
	}
	decided := single.n > 0 || single.err.Reason != ""
	if cuts == nil {
		cuts = bytewise
	}
	for _, cut := range cuts {
		if got := hsFeed(t, parse, p, lim, cut); got.n != whole.n || got.err != whole.err {
			t.Fatalf("cut at %d %+v, whole %+v", cut, got, whole)
		}
		// What p[:cut] proves does not depend on how it came.
		if n, err := parse(p[:cut:cut], lim, 0); (n > 0 || err != nil) != (decided && cut >= single.seen) {
			t.Fatalf("the first %d bytes at once: %d, %v; byte by byte it took %d", cut, n, err, single.seen)
		}
	}
}

func TestRequestSplits(t *testing.T) {
	small := wsproto.Limits{MaxHead: 120, MaxHeaders: 3}
	tests := []struct {
		name string
		in   string
		lim  wsproto.Limits
	}{
		{"upgrade", hsUpgrade("Origin: o", "Sec-WebSocket-Protocol: a, b") + "\x81\x80frame", wsproto.Limits{}},
		{"no fields", hsHead("GET / HTTP/1.0"), wsproto.Limits{}},
		{"two in a row", strings.Repeat(hsHead("GET / HTTP/1.1", "Host: a"), 2), wsproto.Limits{}},
		{"no Host", hsHead("GET / HTTP/1.1", "X-A: b"), wsproto.Limits{}},
		{"bare LF", "GET / HTTP/1.1\nHost: a\n\n", wsproto.Limits{}},
		{"bad field in the middle", hsHead("GET / HTTP/1.1", "Host: a", "bad", "X-A: b"), wsproto.Limits{}},
		{"garbage", "GE\x00 / HTTP/1.1\r\n\r\n", wsproto.Limits{}},
		{"CR in place of the end", "GET / HTTP/1.1\r\nHost: a\r\n\rX\r\n\r\n", wsproto.Limits{}},
		{"as many fields as allowed", hsHead("GET / HTTP/1.1", "Host: a", "b: c", "d: e"), small},
		{"too many fields", hsHead("GET / HTTP/1.1", "Host: a", "b: c", "d: e", "f: g"), small},
		{"CR after the last field", hsHead("GET / HTTP/1.1", "Host: a", "b: c", "d: e", "\rf: g"), small},
		{"head too long", hsHead("GET / HTTP/1.1", "Host: a", "b: "+strings.Repeat("c", 120)), small},
		{"line too long", hsHead("GET /"+strings.Repeat("c", 120)+" HTTP/1.1", "Host: a"), small},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r wsproto.Request
			hsCheckSplits(t, r.Parse, []byte(tt.in), tt.lim, nil)
		})
	}
}

func TestRequestLimits(t *testing.T) {
	line := "GET / HTTP/1.1\r\n"
	fields := func(n int) string { return "Host: a\r\n" + strings.Repeat("b: c\r\n", n-1) }
	exact := line + "Host: a\r\nb: " + strings.Repeat("c", 8192-len(line)-len("Host: a\r\nb: ")-4) + "\r\n\r\n"
	tests := []struct {
		name   string
		in     string // the error comes with its last byte, and not before
		lim    wsproto.Limits
		status int
	}{
		{"head of the default size", exact, wsproto.Limits{}, 0},
		{"head one byte over", exact[:len(exact)-4] + "d\r\n\r", wsproto.Limits{}, 431},
		{"negative is the default", exact[:len(exact)-4] + "d\r\n\r", wsproto.Limits{MaxHead: -1}, 431},
		{"head that never ends", (line + "Host: a\r\nb: " + strings.Repeat("c", 8192))[:8192], wsproto.Limits{}, 431},
		{"line that never ends", ("GET /" + strings.Repeat("c", 8192))[:8192], wsproto.Limits{}, 414},
		{"method that never ends", strings.Repeat("M", 100), wsproto.Limits{MaxHead: 100}, 414},
		{"64 fields", line + fields(64) + "\r\n", wsproto.Limits{}, 0},
		{"the 65th field begins", line + fields(64) + "X", wsproto.Limits{}, 431},
		{"the 65th field begins, negative is the default", line + fields(64) + "X", wsproto.Limits{MaxHeaders: -5}, 431},
		{"the third field begins", line + fields(2) + "b", wsproto.Limits{MaxHeaders: 2}, 431},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var r wsproto.Request
			p := []byte(tt.in)
			cuts := make([]int, len(p))
			for i := range cuts {
				cuts[i] = i
			}
			for _, got := range []hsResult{hsFeed(t, r.Parse, p, tt.lim), hsFeed(t, r.Parse, p, tt.lim, cuts...)} {
				if got.err.Status != tt.status || got.seen != len(p) || (got.n == len(p)) != (tt.status == 0) {
					t.Errorf("%+v, want status %d with byte %d", got, tt.status, len(p))
				}
			}
		})
	}
}

// A caller that has counted wrongly gets a wrong answer, but no panic.
func TestRequestFromOutOfRange(t *testing.T) {
	var r wsproto.Request
	for _, from := range []int{-1, 1 << 20} {
		if n, err := r.Parse([]byte("GET / HT"), wsproto.Limits{}, from); n != 0 || err != nil {
			t.Errorf("from %d: %d, %v", from, n, err)
		}
	}
	if n, err := r.Parse([]byte(hsUpgrade()), wsproto.Limits{}, -1); n == 0 || err != nil {
		t.Errorf("from -1: %d, %v", n, err)
	}
}
