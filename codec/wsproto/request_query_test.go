package wsproto_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

func hsParse(t testing.TB, head string) *wsproto.Request {
	t.Helper()
	var r wsproto.Request
	if n, err := r.Parse([]byte(head), wsproto.Limits{}, 0); n != len(head) || err != nil {
		t.Fatalf("%q: Parse = %d, %v", head, n, err)
	}
	return &r
}

// hsCheckQuery compares with net/url.
func hsCheckQuery(t testing.TB, r *wsproto.Request, names ...string) {
	t.Helper()
	theirs, _ := url.ParseQuery(string(r.Query())) // what it could parse
	for name := range theirs {
		names = append(names, name)
	}
	for _, name := range names {
		got, ok := r.QueryValue(name)
		if string(got) != theirs.Get(name) || ok != theirs.Has(name) || ok != (got != nil) {
			t.Errorf("query %q: %q is %q, %v; net/url has %q, %v", r.Query(), name, got, ok, theirs.Get(name), theirs.Has(name))
		}
	}
}

func TestRequestQueryValue(t *testing.T) {
	for _, query := range []string{
		"", "?", "?a", "?a=", "?a=1", "?a=1&a=2", "?b=1&a=2", "?=1", "?&&a=1&", "?a=b=c", "?a=%41+%2b", "?%61=1", "?a+b=1", "?a%20b=1",
		"?a=%", "?a=%4", "?a=%zz&a=2", "?%=1&a=2", "?a;b=1&a=2", "?a=1;2&a=3", "?a=%00", "?a=/?:@", "?A=1&a=2", "?a%3db=1",
	} {
		r := hsParse(t, hsHead("GET /"+query+" HTTP/1.1", "Host: h"))
		hsCheckQuery(t, r, "a", "A", "b", "a b", "a=b", "", "%", "absent")
	}
	r := hsParse(t, hsHead("GET /?plain=1&coded=a%20b HTTP/1.1", "Host: h"))
	for name, want := range map[string]float64{"plain": 0, "absent": 0, "coded": 1} {
		if got := testing.AllocsPerRun(100, func() { r.QueryValue(name) }); got != want {
			t.Errorf("%s: %v allocations, want %v", name, got, want)
		}
	}
}

func TestRequestCookie(t *testing.T) {
	if got := hsParse(t, hsHead("GET / HTTP/1.1", "Host: h", "Cookie: a")).Cookie("a"); got != nil {
		t.Errorf("what has no name has the value %q", got) // net/http takes it for the name
	}
	for _, cookies := range [][]string{
		nil,
		{""},
		{"a=1"},
		{"a=1; b=2"},
		{"b=2", "a=1"},
		{"a=1; a=2"},
		{"a=1", "a=2"},
		{`a="1"`},
		{`a=""`},
		{`a="`},
		{"a="},
		{"A=1; a=2"},
		{"aa=1; a=2"},
		{";; ;a=1;"},
		{"  a=1\t;b=2"},
		{"a=b=c"},
		{"b=a=1"},
		{"a=%20+"},
		{"=1; a=2"},
		{"ab=1"},
		{`b="1;a=2"`},
	} {
		lines := []string{"GET / HTTP/1.1", "Host: h"}
		theirs := http.Request{Header: http.Header{"Cookie": cookies}}
		for _, c := range cookies {
			lines = append(lines, "Cookie: "+c)
		}
		r := hsParse(t, hsHead(lines...))
		for _, name := range []string{"a", "A", "b", "aa", "absent", ""} {
			want, err := theirs.Cookie(name)
			got := r.Cookie(name)
			if (err == nil) != (got != nil) || err == nil && want.Value != string(got) {
				// net/http drops a cookie whose value has a character that RFC 6265 does not allow there.
				if err != nil && strings.ContainsAny(string(got), `";`) {
					continue
				}
				t.Errorf("%q: cookie %q is %q; net/http has %v, %v", cookies, name, got, want, err)
			}
		}
	}
}

func TestRequestProtocolOrder(t *testing.T) {
	r := hsParse(t, hsUpgrade("Sec-WebSocket-Protocol: c, b", "sec-websocket-protocol: a"))
	for _, tt := range []struct {
		preferred []string
		want      string
	}{{nil, ""}, {[]string{"a", "b"}, "a"}, {[]string{"x", "b", "a"}, "b"}, {[]string{"x"}, ""}, {[]string{"A", ""}, ""}} {
		if got := r.SelectProtocolOf(tt.preferred); got != tt.want {
			t.Errorf("SelectProtocolOf(%q) = %q, want %q", tt.preferred, got, tt.want)
		}
	}
	if hsParse(t, hsUpgrade()).Offers("a") {
		t.Error("offered by a request that offers none")
	}
}

// What Limits.Permissive lets through, and that it changes nothing for what is refused for safety.
func TestRequestPermissive(t *testing.T) {
	target := func(new string) string { return strings.Replace(hsUpgrade(), "/chat", new, 1) }
	tests := []struct {
		name               string
		in                 string
		strict, permissive int
	}{
		{"correct", hsUpgrade(), 0, 0},
		{"empty line first", "\r\n" + hsUpgrade(), 400, 0},
		{"two empty lines first", "\r\n\r\n" + hsUpgrade(), 400, 400},
		{"bare LF first", "\n" + hsUpgrade(), 400, 400},
		{"bare CR first", "\r" + hsUpgrade(), 400, 400},
		{"key that is not canonical", hsUpgrade("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAB=="), 400, 0},
		{"key of another length", hsUpgrade("Sec-WebSocket-Key: abc"), 400, 0},
		{"key that is no base64", hsUpgrade("Sec-WebSocket-Key: a b!"), 400, 0},
		{"empty key", hsUpgrade("Sec-WebSocket-Key:"), 400, 400},
		{"no key", hsUpgrade("-Sec-WebSocket-Key"), 400, 400},
		{"version in a list", hsUpgrade("Sec-WebSocket-Version: 8, 13"), 426, 0},
		{"other versions in a list", hsUpgrade("Sec-WebSocket-Version: 8, 7"), 426, 426},
		{"version 8", hsUpgrade("Sec-WebSocket-Version: 8"), 426, 426},
		{"junk among the subprotocols", hsUpgrade(`Sec-WebSocket-Protocol: "chat", a b, chat`), 400, 0},
		{"Host without a value", hsUpgrade("Host:"), 400, 0},

		{"no Host", hsUpgrade("-Host"), 400, 400},
		{"two Hosts", hsUpgrade("host: b"), 400, 400},
		{"two Origins", hsUpgrade("Origin: a", "origin: a"), 400, 400},
		{"two keys", hsUpgrade("sec-websocket-key: " + hsKey), 400, 400},
		{"space before the colon", hsUpgrade("X-A : b"), 400, 400},
		{"folded field", hsUpgrade("X-A: a", " b"), 400, 400},
		{"bare LF", strings.ReplaceAll(hsUpgrade(), "\r\n", "\n"), 400, 400},
		{"body", hsUpgrade("Content-Length: 5"), 400, 400},
		{"chunked body", hsUpgrade("Transfer-Encoding: chunked"), 400, 400},
		{"no Connection", hsUpgrade("-Connection"), 400, 400},
		{"no Upgrade", hsUpgrade("-Upgrade"), 426, 426},
		{"HTTP/1.0", strings.Replace(hsUpgrade(), "/1.1", "/1.0", 1), 505, 505},
		{"broken escape", target("/%zz"), 400, 400},
		{"scheme ws in the target", target("ws://a/"), 400, 400},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for permissive, want := range map[bool]int{false: tt.strict, true: tt.permissive} {
				lim, p := wsproto.Limits{Permissive: permissive}, []byte(tt.in)
				var r wsproto.Request
				n, err := r.Parse(p, lim, 0)
				if err == nil {
					err = r.CheckUpgrade()
				}
				if got := hsStatus(t, err); got != want || want == 0 && n != len(tt.in) {
					t.Errorf("permissive %v: took %d of %d bytes, %v; want status %d", permissive, n, len(tt.in), err, want)
				}
				if want == 0 {
					hsCheckRequestViews(t, p, &r)
				}
				hsCheckSplits(t, r.Parse, p, lim, nil)
			}
		})
	}
	var r wsproto.Request
	if _, err := r.Parse([]byte(hsUpgrade(`Sec-WebSocket-Protocol: "chat", a b, chat`)), wsproto.Limits{Permissive: true}, 0); err != nil {
		t.Fatal(err)
	}
	if got := r.SelectProtocol([]string{"a b", `"chat"`, "chat"}); r.Offers("a b") || !r.Offers("chat") || got != "chat" {
		t.Errorf("chosen from junk: %q", got)
	}
}
