package nethttp_test

import (
	"bufio"
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/adapters/nethttp"
)

// FuzzHead: whatever middleware makes of a request, the head says that and no more.
// net/http itself reads it again.
func FuzzHead(f *testing.F) {
	f.Add("GET", "/a%20b?q=1", "example.com", "X-A", "1", "2", int64(0), false)
	f.Add("CONNECT", "/", "[::1]:80", "Connection", "Upgrade", "", int64(-1), true)
	f.Add("GET /x HTTP/1.1\r\nA:", "/", "a", "A: b\r\nC", "d\r\nE: f", "\n", int64(5), false)
	f.Add("GET", "/ HTTP/1.1\r\nHost: b\r\n\r\n", "a\r\nB: c", "Host", "b", "c", int64(-1), false)
	f.Fuzz(func(t *testing.T, method, query, host, name, v1, v2 string, length int64, connect bool) {
		r := &http.Request{
			Method: method, Host: host, ContentLength: length, ProtoMajor: 1, ProtoMinor: 1,
			URL: &url.URL{Path: "/" + query, RawQuery: query}, Header: http.Header{name: {v1, v2}, "X-Last": {"last"}},
		}
		if strings.EqualFold(name, "X-Last") {
			return
		}
		b, err := nethttp.Head(r, connect)
		if err != nil {
			return
		}
		in := bufio.NewReader(bytes.NewReader(b))
		got, err := http.ReadRequest(in)
		if err != nil {
			return // refused too: it is stricter about hosts, say
		}
		if in.Buffered() > 0 {
			t.Fatalf("more than a head: %q", b)
		}
		want := http.Header{"X-Last": {"last"}}
		switch c := http.CanonicalHeaderKey(name); {
		case c == "Host" || c == "Content-Length" || c == "Transfer-Encoding":
		case connect && (name[:min(1, len(name))] == ":" || c == "Connection" || c == "Upgrade" || c == "Sec-Websocket-Key"):
		default:
			want[c] = []string{strings.Trim(v1, " \t"), strings.Trim(v2, " \t")}
		}
		if connect {
			method, length = "GET", 0
			want["Upgrade"], want["Connection"] = []string{"websocket"}, []string{"Upgrade"}
			want["Sec-Websocket-Key"] = []string{"AAAAAAAAAAAAAAAAAAAAAA=="}
		} else if length > 0 {
			want["Content-Length"] = got.Header["Content-Length"]
		}
		if len(got.Trailer) > 0 || got.Close || strings.HasPrefix(http.CanonicalHeaderKey(name), "Pragma") {
			return // net/http has understood it, and changed the header
		}
		diff(t, "header", want, got.Header)
		if got.Method != method || got.Host != strings.Trim(host, " \t") || got.ContentLength != max(length, -1) || got.URL.RawQuery != query {
			t.Errorf("%q became %s %s %s %d", b, got.Method, got.Host, got.URL, got.ContentLength)
		}
	})
}
