package wsproto_test

import (
	"math/rand/v2"
	"testing"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

var (
	hsGoodLines = []string{
		"GET / HTTP/1.1", "POST /a/b?c=d&e=%20 HTTP/1.1", "HEAD /%41;x=y HTTP/1.0", "GET http://b.example:8080/c HTTP/1.1",
		"PATCH https://b?d HTTP/1.1", "M-SEARCH //a//b HTTP/1.1",
	}
	hsBadLines = []string{
		"GET /", "GET  / HTTP/1.1", "GET / HTTP/1.1 ", "GET / HTTP/2.0", "GET a HTTP/1.1", "G(T / HTTP/1.1", "GET /a b HTTP/1.1",
		"GET /%4 HTTP/1.1", "GET /\x7f HTTP/1.1", "GET /\n HTTP/1.1", "",
	}
	hsGoodFields = []string{
		"A: b", "a:c", "Cookie:\t x=\"y, z\" ", "Empty:", "X-Obs: \xe9\xff", "X!#$%&'*+-.^_`|~9: v", "Connection: close", "Upgrade: a, b",
		"Origin: http://o", "Sec-WebSocket-Key: k", "X-Tab: a\tb", "X-Colon: a:b: c",
	}
	hsBadFields = []string{
		"A", ": b", "A : b", "A\t: b", " A: b", "\tb", "A(: b", "A: \x00", "A: b\rc", "A: b\nC: d", "A: \x7f", "\xe9: a", "A B: c", "Host: twice",
		"Content-Length: x", "Content-Length: -1",
	}
)

// Heads put together at random: the well-formed ones must be accepted for what net/http reads in them,
// and a single flaw must have them refused.
func TestRequestRandom(t *testing.T) {
	const seed = 1
	rnd := rand.New(rand.NewPCG(seed, 0))
	pick := func(from []string) string { return from[rnd.IntN(len(from))] }
	var r wsproto.Request
	for range 5000 {
		lines := []string{pick(hsGoodLines), "Host: a.example"}
		for range rnd.IntN(10) {
			lines = append(lines, pick(hsGoodFields))
		}
		rnd.Shuffle(len(lines)-1, func(i, j int) { lines[i+1], lines[j+1] = lines[j+1], lines[i+1] })
		head := []byte(hsHead(lines...))
		if n, err := r.Parse(head, wsproto.Limits{}, 0); n != len(head) || err != nil {
			t.Fatalf("%q: %d, %v", head, n, err)
		}
		hsRequestOracle(t, head, &r)

		if at := rnd.IntN(len(lines) + 1); at == 0 {
			lines[0] = pick(hsBadLines)
		} else {
			lines = append(lines[:at:at], append([]string{pick(hsBadFields)}, lines[at:]...)...)
		}
		bad := hsHead(lines...)
		want := 400
		if lines[0] == "GET / HTTP/2.0" {
			want = 505
		}
		if n, err := r.Parse([]byte(bad), wsproto.Limits{}, 0); n != 0 || hsStatus(t, err) != want {
			t.Fatalf("%q: %d, %v", bad, n, err)
		}
	}
}
