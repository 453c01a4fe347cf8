package wsproto_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"net/http"
	"net/textproto"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// hsHeader collects the fields of a head in net/http's form. absent are those that net/http takes out or adds to.
func hsHeader(h *wsproto.Head, absent ...string) http.Header {
	got := http.Header{}
	for name, value := range h.EachHeader {
		got.Add(string(name), string(value))
	}
	for _, name := range absent {
		got.Del(name)
	}
	return got
}

func hsStripped(h http.Header, names ...string) http.Header {
	h = h.Clone()
	if h == nil {
		h = http.Header{}
	}
	for _, name := range names {
		h.Del(name)
	}
	return h
}

// hsRequestOracle demands that net/http takes a request that we take, for the same. net/http may take more.
func hsRequestOracle(t testing.TB, head []byte, r *wsproto.Request) {
	t.Helper()
	if r.ContentLength < 0 || r.Header("Trailer") != nil || bytes.ContainsRune(r.Host, '[') {
		return // net/http knows only chunked, forbids some trailers, and checks IPv6 addresses
	}
	theirs, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(head)))
	if err != nil {
		t.Fatalf("net/http refuses %q: %v", head, err)
	}
	if theirs.Method != string(r.Method) || theirs.RequestURI != string(r.Target) || theirs.Host != string(r.Host) ||
		theirs.ProtoAtLeast(1, 1) == r.HTTP10 || theirs.ContentLength != r.ContentLength ||
		theirs.URL.RawQuery != string(r.Query()) {
		t.Fatalf("%q: net/http has %s %s of %s, length %d; we have %s %s of %s, length %d", head, theirs.Method, theirs.RequestURI,
			theirs.Host, theirs.ContentLength, r.Method, r.Target, r.Host, r.ContentLength)
	}
	// net/http takes out Host, and adds Cache-Control for Pragma.
	odd := []string{"Host", "Pragma", "Cache-Control"}
	if d := cmp.Diff(hsStripped(theirs.Header, odd...), hsHeader(&r.Head, odd...)); d != "" {
		t.Fatalf("%q: fields (-net/http +ours)\n%s", head, d)
	}
}

// hsUpgradeOracle says what CheckUpgrade must say, from net/http's view and with the standard library's tools.
func hsUpgradeOracle(head []byte) bool {
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(head)))
	if err != nil {
		return false
	}
	has := func(name, token string) bool {
		for _, v := range r.Header.Values(name) {
			for _, e := range strings.Split(v, ",") {
				if strings.EqualFold(textproto.TrimString(e), token) {
					return true
				}
			}
		}
		return false
	}
	key, err := base64.StdEncoding.Strict().DecodeString(r.Header.Get("Sec-Websocket-Key"))
	return err == nil && len(key) == 16 && len(r.Header["Sec-Websocket-Key"]) == 1 &&
		len(r.Header["Sec-Websocket-Version"]) == 1 && r.Header.Get("Sec-Websocket-Version") == "13" &&
		len(r.Header["Origin"]) <= 1 && has("Connection", "upgrade") && has("Upgrade", "websocket") &&
		r.Method == "GET" && r.ProtoAtLeast(1, 1) && r.Host != "" && r.ContentLength == 0 && len(r.TransferEncoding) == 0
}

func FuzzRequest(f *testing.F) {
	for _, seed := range []string{
		hsUpgrade(), hsUpgrade("Origin: o", "Connection: keep-alive, Upgrade", "Sec-WebSocket-Protocol: a, ,b") + "rest",
		hsUpgrade("Sec-WebSocket-Protocol: ahh, ,bE\uf135\xd2"),
		hsUpgrade("Upgrade: h2c, websocket", "Sec-WebSocket-Extensions: permessage-deflate"),
		hsUpgrade("Sec-WebSocket-Version: 8"), hsUpgrade("Content-Length: 5"), hsHead("GET /?a=%20+&b;c&d=%zz&%61=1 HTTP/1.1", "Host: h"), hsUpgrade("Transfer-Encoding: chunked"),
		hsHead("GET http://u@a:80/b%20c?d HTTP/1.1", "Host: [::1]:80"), hsHead("OPTIONS / HTTP/1.0"),
		hsHead("GET / HTTP/1.1", "Host: a", " folded", "b : c", "d:e\x00"), "GET / HTTP/1.1\nHost: a\n\n",
		"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "\x16\x03\x01\x02\x00",
	} {
		f.Add([]byte(seed), uint8(0), uint8(0), uint16(16))
		f.Add([]byte(seed), uint8(60), uint8(3), uint16(40))
	}
	f.Fuzz(func(t *testing.T, p []byte, maxHead, maxHeaders uint8, cut uint16) {
		lim := wsproto.Limits{MaxHead: int(maxHead), MaxHeaders: int(maxHeaders)}
		var r wsproto.Request
		hsCheckSplits(t, r.Parse, p, lim, []int{min(int(cut), len(p))})
		n, err := r.Parse(p, lim, 0)
		if n == 0 || err != nil {
			return
		}
		head := p[:n]
		hsCheckRequestViews(t, head, &r)
		hsRequestOracle(t, head, &r)
		hsCheckQuery(t, &r)
		accepted := r.CheckUpgrade() == nil
		var loose wsproto.Request
		lim.Permissive = true
		if m, err := loose.Parse(p, lim, 0); m != n || err != nil || accepted && loose.CheckUpgrade() != nil {
			t.Fatalf("%q: permissive refuses what strict takes: %d, %v, %v", head, m, err, loose.CheckUpgrade())
		}
		if hsUpgradeOracle(head) != accepted {
			for protocol := range r.EachProtocol { // the oracle does not look at these
				if bytes.ContainsAny(protocol, " \t\"(),/:;<=>?@[\\]{}") || bytes.ContainsFunc(protocol, func(c rune) bool { return c >= 0x80 }) {
					return
				}
			}
			t.Fatalf("%q: accepted %v: %v", head, accepted, r.CheckUpgrade())
		}
		if !accepted {
			return
		}
		answer := wsproto.AppendUpgradeResponse(nil, r.Key, "", nil)
		var back wsproto.Response
		if m, err := back.Parse(answer, wsproto.Limits{}, 0); m != len(answer) || err != nil {
			t.Fatalf("our own answer: %d, %v", m, err)
		}
		if err := back.CheckUpgrade(&wsproto.ClientRequest{Key: string(r.Key)}); err != nil {
			t.Fatalf("our own answer: %v", err)
		}
	})
}

func FuzzResponse(f *testing.F) {
	for _, seed := range []string{
		hsAnswer(), hsAnswer("Sec-WebSocket-Protocol: chat") + "\x81\x00", hsAnswer("Sec-WebSocket-Extensions: permessage-deflate"),
		hsHead("HTTP/1.1 403 Forbidden", "Content-Length: 5"), hsHead("HTTP/1.0 200 OK", "Transfer-Encoding: chunked"),
		hsHead("HTTP/1.1 103 Early Hints") + hsAnswer(), hsHead("HTTP/1.1 500 ", " a", "b : c"), "HTTP/1.1 200 OK\nA: b\n\n", "HTTP/2",
	} {
		f.Add([]byte(seed), uint8(0), uint8(0), uint16(16))
		f.Add([]byte(seed), uint8(60), uint8(3), uint16(40))
	}
	f.Fuzz(func(t *testing.T, p []byte, maxHead, maxHeaders uint8, cut uint16) {
		lim := wsproto.Limits{MaxHead: int(maxHead), MaxHeaders: int(maxHeaders)}
		var r wsproto.Response
		hsCheckSplits(t, r.Parse, p, lim, []int{min(int(cut), len(p))})
		n, err := r.Parse(p, lim, 0)
		if n == 0 || err != nil {
			return
		}
		for name, value := range r.EachHeader {
			hsInside(t, "name", p[:n], name)
			hsInside(t, "value", p[:n], value)
		}
		hsInside(t, "Reason", p[:n], r.Reason)
		hsInside(t, "Protocol", p[:n], r.Protocol)
		checked := r.CheckUpgrade(&wsproto.ClientRequest{Key: hsKey, Protocols: []string{"chat"}})
		if r.Header("Transfer-Encoding") != nil || r.Header("Trailer") != nil {
			return // net/http knows only chunked, and forbids some trailers
		}
		theirs, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(p[:n])), nil)
		if err != nil {
			t.Fatalf("net/http refuses %q: %v", p[:n], err)
		}
		if theirs.StatusCode != r.Status || r.ContentLength >= 0 && theirs.ContentLength != r.ContentLength {
			t.Fatalf("%q: net/http has %d, length %d; we have %d, length %d", p[:n], theirs.StatusCode, theirs.ContentLength, r.Status, r.ContentLength)
		}
		odd := []string{"Pragma", "Cache-Control"}
		if d := cmp.Diff(hsStripped(theirs.Header, odd...), hsHeader(&r.Head, odd...)); d != "" {
			t.Fatalf("%q: fields (-net/http +ours)\n%s", p[:n], d)
		}
		if checked == nil && (theirs.StatusCode != 101 || theirs.Header.Get("Sec-Websocket-Accept") != hsAccept ||
			!strings.EqualFold(strings.Trim(theirs.Header.Get("Upgrade"), ", \t"), "websocket")) {
			t.Fatalf("%q was accepted", p[:n])
		}
	})
}
