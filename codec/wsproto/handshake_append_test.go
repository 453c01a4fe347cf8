package wsproto_test

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

func hsField(t testing.TB, name, value string) []byte {
	t.Helper()
	line, err := wsproto.AppendField(nil, name, value)
	if err != nil {
		t.Fatal(err)
	}
	return line
}

func TestHandshakeAppendUpgradeResponse(t *testing.T) {
	start := "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + hsAccept + "\r\n"
	tests := []struct {
		name, protocol string
		extra          []byte
		want           string
	}{
		{"plain", "", nil, start + "\r\n"},
		{"subprotocol", "chat", nil, start + "Sec-WebSocket-Protocol: chat\r\n\r\n"},
		{"fields", "", hsField(t, "Set-Cookie", "a=b"), start + "Set-Cookie: a=b\r\n\r\n"},
		{"extension", "", hsField(t, "Sec-WebSocket-Extensions", "x"), start + "Sec-WebSocket-Extensions: x\r\n\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := string(wsproto.AppendUpgradeResponse([]byte("dst|"), []byte(hsKey), tt.protocol, tt.extra))
			if d := cmp.Diff("dst|"+tt.want, got); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

func TestHandshakeAppendErrorResponse(t *testing.T) {
	const plain = "Content-Type: text/plain; charset=utf-8\r\n"
	tests := []struct {
		name   string
		status int
		extra  []byte
		body   string
		want   string
	}{
		{"400", 400, nil, "no Host\n", "400 Bad Request\r\nConnection: close\r\n" + plain + "Content-Length: 8\r\n\r\nno Host\n"},
		{"405", 405, nil, "", "405 Method Not Allowed\r\nAllow: GET\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"},
		{
			"426", 426, nil, "",
			"426 Upgrade Required\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\nSec-WebSocket-Version: 13\r\nContent-Length: 0\r\n\r\n",
		},
		{"unknown", 418, nil, "", "418 \r\nConnection: close\r\nContent-Length: 0\r\n\r\n"},
		{
			"redirect", 307, hsField(t, "Location", "wss://b.example/"), "",
			"307 Temporary Redirect\r\nConnection: close\r\nLocation: wss://b.example/\r\nContent-Length: 0\r\n\r\n",
		},
		{
			"fields", 401, hsField(t, "WWW-Authenticate", "Basic"), "who?",
			"401 Unauthorized\r\nConnection: close\r\n" + plain + "WWW-Authenticate: Basic\r\nContent-Length: 4\r\n\r\nwho?",
		},
		{
			"another type", 403, hsField(t, "content-type", "application/json"), "{}",
			"403 Forbidden\r\nConnection: close\r\ncontent-type: application/json\r\nContent-Length: 2\r\n\r\n{}",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := wsproto.AppendErrorResponse([]byte("dst|"), tt.status, tt.extra, tt.body)
			if d := cmp.Diff("dst|HTTP/1.1 "+tt.want, string(got)); d != "" {
				t.Errorf("(-want +got)\n%s", d)
			}
		})
	}
}

// What an application may add is decided by name, in any case, and nothing is appended when it may not.
func TestHandshakeAppendReservedFields(t *testing.T) {
	for name, may := range map[string]struct{ upgrade, refusal bool }{
		"Set-Cookie":               {true, true},
		"Location":                 {true, true},
		"allow":                    {true, false},
		"UPGRADE":                  {false, false},
		"connection":               {false, false},
		"Content-Length":           {false, false},
		"Transfer-Encoding":        {false, false},
		"Sec-WebSocket-Accept":     {false, false},
		"Sec-WebSocket-Version":    {true, false},
		"Sec-WebSocket-Protocol":   {false, true},
		"sec-websocket-extensions": {false, true},
		"no token":                 {false, false},
	} {
		for what, f := range map[string]struct {
			append func(dst []byte, name, value string) ([]byte, error)
			may    bool
		}{"upgrade": {wsproto.AppendUpgradeField, may.upgrade}, "refusal": {wsproto.AppendRefusalField, may.refusal}} {
			want := "dst|"
			if f.may {
				want += name + ": v\r\n"
			}
			if got, err := f.append([]byte("dst|"), name, "v"); string(got) != want || (err == nil) != f.may {
				t.Errorf("%s: %s = %q, %v; want %q", what, name, got, err, want)
			}
			if got, err := f.append(nil, name, "v\r\nSet-Cookie: a=b"); got != nil || err == nil {
				t.Errorf("%s: %s with CR LF = %q, %v", what, name, got, err)
			}
		}
	}
}

// Every status that the checks give, as net/http and our own client read the answer.
func TestHandshakeErrorResponsesAreHTTP(t *testing.T) {
	for _, status := range []int{300, 301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 408, 413, 414, 418, 421, 426, 429, 431, 500, 501, 502, 503, 504, 505, 599} {
		p := wsproto.AppendErrorResponse(nil, status, nil, "why\n")
		theirs, err := http.ReadResponse(bufio.NewReader(strings.NewReader(string(p))), nil)
		if err != nil {
			t.Fatalf("%d: %v", status, err)
		}
		body, err := io.ReadAll(theirs.Body)
		if err != nil || string(body) != "why\n" || theirs.StatusCode != status || !theirs.Close {
			t.Errorf("%d: net/http reads %q, %v, status %d, close %v", status, body, err, theirs.StatusCode, theirs.Close)
		}
		switch status {
		case 300, 413, 414, 418: // nobody needs the first; net/http has the names of older RFCs for two, and a joke
		default:
			if want := http.StatusText(status); theirs.Status[4:] != want {
				t.Errorf("%d: reason %q, want %q", status, theirs.Status[4:], want)
			}
		}
		var r wsproto.Response
		n, err := r.Parse(p, wsproto.Limits{}, 0)
		if err != nil || string(p[n:]) != "why\n" || r.ContentLength != 4 || hsStatus(t, r.CheckUpgrade(&wsproto.ClientRequest{Key: hsKey})) != status {
			t.Errorf("%d: Parse = %d, %v: %+v", status, n, err, r)
		}
	}
}

func TestHandshakeAppendResponse(t *testing.T) {
	extra := append(hsField(t, "Content-Type", "text/plain"), hsField(t, "Connection", "close")...)
	got := string(wsproto.AppendResponse([]byte("dst|"), 200, extra, "ok\n"))
	want := "dst|HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: 3\r\n\r\nok\n"
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got)\n%s", d)
	}
}

func TestHandshakeAppendPanics(t *testing.T) {
	upgrade := func(protocol, extra string) func() {
		return func() { wsproto.AppendUpgradeResponse(nil, []byte(hsKey), protocol, []byte(extra)) }
	}
	refuse := func(status int, extra string) func() {
		return func() { wsproto.AppendErrorResponse(nil, status, []byte(extra), "") }
	}
	tests := []struct {
		name string
		call func()
		text string
	}{
		{"protocol with CR LF", upgrade("a\r\nb: c", ""), "AppendUpgradeResponse: protocol is not a token"},
		{"two protocols", upgrade("a, b", ""), "AppendUpgradeResponse: protocol is not a token"},
		{"extra without CRLF", upgrade("", "A: b"), "AppendUpgradeResponse: the header lines were not made by AppendField"},
		{"extra that ends the head", upgrade("", "A: b\r\n\r\n"), "AppendUpgradeResponse: the header lines were not made by AppendField"},
		{"extra with a bare LF", upgrade("", "A: b\nC: d\r\n"), "AppendUpgradeResponse: the header lines were not made by AppendField"},
		{"extra of a bare LF", upgrade("", "\n"), "AppendUpgradeResponse: the header lines were not made by AppendField"},
		{"extra with a folded line", upgrade("", "A: b\r\n c\r\n"), "AppendUpgradeResponse: the header lines were not made by AppendField"},
		{"extra with an accept", upgrade("", "sec-websocket-accept: b\r\n"), "AppendUpgradeResponse: the header lines may not set Sec-WebSocket-Accept"},
		{"status 200 as a refusal", refuse(200, ""), "AppendErrorResponse: the status is not that of a refusal"},
		{"status 304 as a refusal", refuse(304, ""), "AppendErrorResponse: the status is not that of a refusal"},
		{"status 600 as a refusal", refuse(600, ""), "AppendErrorResponse: the status is not that of a refusal"},
		{"refusal with half a line", refuse(400, "A: b"), "AppendErrorResponse: the header lines were not made by AppendField"},
		{"refusal with a length", refuse(400, "content-length: 1\r\n"), "AppendErrorResponse: the header lines may not set Content-Length"},
		{"status 101 as a plain response", func() { wsproto.AppendResponse(nil, 101, nil, "") }, "AppendResponse: the status is not that of a response with a body"},
		{"status 204 with a body", func() { wsproto.AppendResponse(nil, 204, nil, "") }, "AppendResponse: the status is not that of a response with a body"},
		{"length set by hand", func() { wsproto.AppendResponse(nil, 200, []byte("Content-length: 1\r\n"), "") }, "AppendResponse: the header lines may not set Content-Length"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			defer func() {
				if got := recover(); got != "wsproto: "+tt.text {
					t.Errorf("panic %v, want %q", got, tt.text)
				}
			}()
			tt.call()
		})
	}
}

func TestHandshakeAppendRequest(t *testing.T) {
	got, err := wsproto.AppendRequest([]byte("dst|"), &wsproto.ClientRequest{
		Host: "a.example:81", Target: "/chat?b=%zz", Key: hsKey, Protocols: []string{"chat", "superchat"},
		Origin: "http://a.example", Header: hsField(t, "Authorization", "Bearer x"),
	})
	want := "dst|" + hsHead("GET /chat?b=%zz HTTP/1.1", "Host: a.example:81", "Upgrade: websocket", "Connection: Upgrade",
		"Sec-WebSocket-Key: "+hsKey, "Sec-WebSocket-Version: 13", "Origin: http://a.example",
		"Sec-WebSocket-Protocol: chat, superchat", "Authorization: Bearer x")
	if d := cmp.Diff(want, string(got)); err != nil || d != "" {
		t.Errorf("%v (-want +got)\n%s", err, d)
	}
	got, err = wsproto.AppendRequest(nil, &wsproto.ClientRequest{Host: "[::1]", Key: hsKey})
	want = hsHead("GET / HTTP/1.1", "Host: [::1]", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: "+hsKey,
		"Sec-WebSocket-Version: 13")
	if d := cmp.Diff(want, string(got)); err != nil || d != "" {
		t.Errorf("%v (-want +got)\n%s", err, d)
	}
}

func TestHandshakeAppendRequestRefused(t *testing.T) {
	good := wsproto.ClientRequest{Host: "a", Target: "/", Key: hsKey}
	tests := []struct {
		name  string
		spoil func(r *wsproto.ClientRequest)
		text  string
	}{
		{"no Host", func(r *wsproto.ClientRequest) { r.Host = "" }, "Host"},
		{"Host with CR LF", func(r *wsproto.ClientRequest) { r.Host = "a\r\nX: y" }, "Host"},
		{"Host with userinfo", func(r *wsproto.ClientRequest) { r.Host = "u@a" }, "Host"},
		{"relative Target", func(r *wsproto.ClientRequest) { r.Target = "a" }, "Target"},
		{"absolute Target", func(r *wsproto.ClientRequest) { r.Target = "http://a/" }, "Target"},
		{"Target with a space", func(r *wsproto.ClientRequest) { r.Target = "/a b" }, "Target"},
		{"Target with a fragment", func(r *wsproto.ClientRequest) { r.Target = "/a#b" }, "Target"},
		{"Target with a bad escape", func(r *wsproto.ClientRequest) { r.Target = "/%" }, "Target"},
		{"no Key", func(r *wsproto.ClientRequest) { r.Key = "" }, "Key"},
		{"empty subprotocol", func(r *wsproto.ClientRequest) { r.Protocols = []string{""} }, "Protocols"},
		{"subprotocol twice", func(r *wsproto.ClientRequest) { r.Protocols = []string{"a", "b", "a"} }, "Protocols"},
		{"Origin with LF", func(r *wsproto.ClientRequest) { r.Origin = "a\nb" }, "Origin"},
		{"Header without CRLF", func(r *wsproto.ClientRequest) { r.Header = []byte("A: b") }, "not made by AppendField"},
		{"Header with a field of ours", func(r *wsproto.ClientRequest) { r.Header = []byte("host: b\r\n") }, "may not set Host"},
		{"Header with a body", func(r *wsproto.ClientRequest) { r.Header = []byte("Content-Length: 1\r\n") }, "may not set Content-Length"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := good
			tt.spoil(&r)
			got, err := wsproto.AppendRequest([]byte("dst|"), &r)
			if err == nil || !strings.HasPrefix(err.Error(), "wsproto: ClientRequest: ") || !strings.Contains(err.Error(), tt.text) || string(got) != "dst|" {
				t.Errorf("AppendRequest = %q, %v", got, err)
			}
		})
	}
}
