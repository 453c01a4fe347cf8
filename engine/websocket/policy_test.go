package websocket_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/enginetest"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// knocking sends a handshake and returns the answer.
func knocking(t testing.TB, srv *websocket.Server, send string) (*http.Response, string, *enginetest.Peer) {
	t.Helper()
	p := memory(t).Connect(srv, engine.Options{})
	p.Send([]byte(send))
	resp, body := answer(t, p.Received())
	return resp, body, p
}

// TestLeniencies is what gobwas's Upgrader lets through (it reads lines, and looks
// at those that it knows), what net/http does with it, and what we do: both
// one after the other for whole requests and byte by byte.
func TestLeniencies(t *testing.T) {
	t.Parallel()
	with := func(old, new string) string { return strings.Replace(hello, old, new, 1) }
	many := strings.TrimSuffix(hello, "\r\n") + strings.Repeat("X-Header: some value, and a bit more of it than is needed\r\n", 20_000) + "\r\n"
	for _, tt := range []struct {
		name     string
		send     string
		status   int // ours
		theirs   int // of net/http; 200 is for the handler to decide
		why      string
		accepted bool // by a server that is permissive
	}{
		{"correct", hello, 101, 200, "", true},
		{"bare LF", strings.ReplaceAll(hello, "\r\n", "\n"), 400, 200, "a proxy that wants CRLF sees one line: another request fits in", false},
		{"bare LF at one line", with("Host: a\r\n", "Host: a\n"), 400, 200, "the same", false},
		{"bare CR", with("Host: a\r\n", "Host: a\rX: b\r\n"), 400, 400, "the same, the other way round", false},
		{"duplicate Host", helloWith("Host: b"), 400, 400, "RFC 9112 3.2: which one did the proxy route by?", false},
		{"duplicate Host, the same", helloWith("Host: a"), 400, 400, "RFC 9112 3.2 makes no exception", false},
		{"obsolete folding", helloWith("X-A: b", " c: d"), 400, 200, "RFC 9112 5.2: who does not unfold sees another field", false},
		{"obsolete folding of Host", with("Host: a\r\n", "Host: a\r\n b\r\n"), 400, 400, "the same", false},
		{"Host with a space before the colon", with("Host: a", "Host : a"), 400, 400, "RFC 9112 5.1: a proxy may pass it on as another field", false},
		{"no Host", with("Host: a\r\n", ""), 400, 400, "RFC 9112 3.2", false},
		{"Content-Length and a body", helloWith("Content-Length: 5") + "\x81\x85abc", 400, 200, "frames for us are a body for the proxy, or the reverse", false},
		{"chunked body", helloWith("Transfer-Encoding: chunked") + "0\r\n\r\n", 400, 200, "the same", false},
		{"both lengths", helloWith("Content-Length: 5", "Transfer-Encoding: chunked"), 400, 200, "RFC 9112 6.3 item 3: it may be smuggling", false},
		{"Content-Length: 0", helloWith("Content-Length: 0"), 101, 200, "there is no body", true},
		{"20,000 headers, 1.2 MB", many, 431, 431, "RFC 6585 5; the first 64 lines or 8 KiB are looked at", false},
		{"Upgrade: h2c, websocket", with("Upgrade: websocket", "Upgrade: h2c, websocket"), 101, 200, "RFC 9110 7.8: a list of offers; gobwas refuses it", true},
		{"Upgrade twice", helloWith("Upgrade: h2c"), 101, 200, "a list may be spread over lines (RFC 9110 5.3)", true},
		{"no Connection", with("Connection: Upgrade\r\n", ""), 400, 200, "a proxy on the way does not know of the upgrade", false},
		{"key that is no base64", with("dGhlIHNhbXBsZSBub25jZQ==", "!!!!!!!!!!!!!!!!!!!!!!!!"), 400, 200, "RFC 6455 4.2.1 item 5", true},
		{"version 8", with("Version: 13", "Version: 8"), 426, 200, "RFC 6455 4.4: the answer names 13", false},
		{"versions as a list", with("Version: 13", "Version: 13, 8"), 426, 200, "RFC 6455 11.3.5: one version in a request", true},
		{"HTTP/1.0", with("HTTP/1.1", "HTTP/1.0"), 505, 200, "RFC 9110 7.8: there is no upgrade in it", false},
		{"empty line first", "\r\n" + hello, 400, 400, "RFC 9112 2.2: it may be ignored; llhttp does", true},
		{"subprotocol in quotes", helloWith(`Sec-WebSocket-Protocol: "a"`), 400, 200, "RFC 6455 4.1 item 10: tokens", true},
		{"junk for an extension", helloWith(`Sec-WebSocket-Extensions: ;=,"`), 101, 200, "an offer that cannot be read is declined", true},
		{"empty Host", with("Host: a", "Host:"), 400, 200, "RFC 6455 4.2.1 item 2: the server's authority", true},
		{"target with a control character", with("/chat", "/ch\x01at"), 400, 400, "RFC 3986", false},
		{"target beyond ASCII", with("/chat", "/ch\xe4t"), 400, 200, "RFC 3986", false},
		{"NUL in a value", helloWith("X-A: b\x00c"), 400, 400, "RFC 9110 5.5", false},
		{"field name with a space", helloWith("X A: b"), 400, 400, "RFC 9110 5.1", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := statusOfNetHTTP(t, tt.send); got != tt.theirs {
				t.Errorf("net/http answers %d, want %d", got, tt.theirs)
			}
			resp, body, _ := knocking(t, websocket.NewServer(&app{}, websocket.Options{}), tt.send)
			if resp.StatusCode != tt.status || tt.status == 426 && resp.Header.Get("Sec-Websocket-Version") != "13" {
				t.Errorf("%s %q %q, want %d", resp.Status, resp.Header, body, tt.status)
			}
			loose, _, _ := knocking(t, websocket.NewServer(&app{}, websocket.Options{Permissive: true}), tt.send)
			if want := map[bool]int{true: 101, false: tt.status}[tt.accepted]; loose.StatusCode != want {
				t.Errorf("permissive: %s, want %d", loose.Status, want)
			}
			if len(tt.send) > 10_000 {
				return
			}
			p := memory(t).Connect(websocket.NewServer(&app{}, websocket.Options{}), engine.Options{})
			for i := range len(tt.send) {
				p.Send([]byte(tt.send[i : i+1]))
			}
			if resp, _ := answer(t, p.Received()); resp.StatusCode != tt.status {
				t.Errorf("byte by byte: %s, want %d", resp.Status, tt.status)
			}
		})
	}
}

// statusOfNetHTTP is what a server of net/http answers; 200 when its handler was
// called.
func statusOfNetHTTP(t testing.TB, send string) int {
	t.Helper()
	ours, theirs := net.Pipe()
	ln := &oneListener{conn: make(chan net.Conn, 1), done: make(chan struct{})}
	ln.conn <- theirs
	gone := make(chan struct{})
	srv := &http.Server{
		MaxHeaderBytes: 8192,
		ConnState: func(_ net.Conn, s http.ConnState) {
			if s == http.StateClosed {
				close(gone) // half a second after a refusal
			}
		},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Connection", "close") }),
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = srv.Serve(ln)
	}()
	go func() { _, _ = io.WriteString(ours, send) }()
	resp, err := http.ReadResponse(bufio.NewReader(ours), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	_ = ours.Close()
	wait(t, gone, "end of net/http's connection")
	_ = srv.Close()
	<-served
	return resp.StatusCode
}

// oneListener accepts what is in the channel.
type oneListener struct {
	conn chan net.Conn
	done chan struct{}
}

func (l *oneListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conn:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *oneListener) Close() error {
	select {
	case <-l.done:
	default:
		close(l.done)
	}
	return nil
}

func (l *oneListener) Addr() net.Addr { return &net.TCPAddr{} }

// TestHeadsAreBounded floods a server with heads that never end: each is refused
// as soon as the limit is passed, and what it sends after that is not kept.
func TestHeadsAreBounded(t *testing.T) {
	t.Parallel()
	line := []byte("X-Header: some value, and a bit more of it than is needed\r\n")
	l := memory(t)
	srv := websocket.NewServer(&app{}, websocket.Options{})
	for _, size := range []int{1, len(line), 4096} {
		p := l.Connect(srv, engine.Options{})
		p.Send([]byte(strings.TrimSuffix(hello, "\r\n")))
		flood := bytes.Repeat(line, 20_000)
		sent := 0
		for ; !p.SawFIN() && sent < len(flood); sent += size {
			p.Send(flood[sent:min(sent+size, len(flood))])
		}
		if resp, _ := answer(t, p.Received()); resp.StatusCode != 431 || sent > 8192 {
			t.Errorf("%d at a time: %s after %d bytes", size, resp.Status, sent)
		}
		p.Send(flood[sent:])
		if len(p.Received()) > 0 || l.Stats().ClosedBy[engine.CauseInboundLimit] > 0 {
			t.Errorf("%d at a time: the rest was not discarded", size)
		}
	}
}

// TestRefusal is an answer of the application's choice.
func TestRefusal(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		e      websocket.RefuseError
		want   string // behind the status line
		faults uint64
	}{
		{
			name: "401", e: websocket.RefuseError{Status: 401, Body: "who?", Header: []string{"WWW-Authenticate", `Bearer realm="a"`}},
			want: "Connection: close\r\nContent-Type: text/plain; charset=utf-8\r\nWWW-Authenticate: Bearer realm=\"a\"\r\nContent-Length: 4\r\n\r\nwho?",
		},
		{
			name: "redirect", e: websocket.RefuseError{Status: 307, Header: []string{"Location", "wss://b.example/", "Retry-After", "0"}},
			want: "Connection: close\r\nLocation: wss://b.example/\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n",
		},
		{
			name: "JSON", e: websocket.RefuseError{Status: 403, Body: "{}", Header: []string{"Content-Type", "application/json"}},
			want: "Connection: close\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
		},
		{name: "status too low", e: websocket.RefuseError{Status: 200}, faults: 1},
		{name: "no status", e: websocket.RefuseError{}, faults: 1},
		{name: "not modified", e: websocket.RefuseError{Status: 304}, faults: 1},
		{name: "status too high", e: websocket.RefuseError{Status: 600}, faults: 1},
		{name: "splitting", e: websocket.RefuseError{Status: 302, Header: []string{"Location", "/\r\nSet-Cookie: a=b"}}, faults: 1},
		{name: "half a line", e: websocket.RefuseError{Status: 403, Header: []string{"A", "b", "C"}}, faults: 1},
		{name: "reserved", e: websocket.RefuseError{Status: 403, Header: []string{"A", "b", "content-length", "0"}}, faults: 1},
	} {
		o := websocket.Options{Authorize: func(r *websocket.Request) error {
			if err := r.AddHeader("X-Upgrade", "only"); err != nil {
				t.Error(err)
			}
			return &tt.e
		}}
		srv := websocket.NewServer(&app{}, o)
		p := memory(t).Connect(srv, engine.Options{})
		p.Send([]byte(hello))
		got := string(p.Received())
		_, rest, _ := strings.Cut(got, "\r\n")
		if tt.faults > 0 {
			tt.want = "Connection: close\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 22\r\n\r\ninternal server error\n"
			if !strings.HasPrefix(got, "HTTP/1.1 500 ") {
				t.Errorf("%s: %q", tt.name, got)
			}
		}
		diff(t, tt.name, tt.want, rest)
		diff(t, tt.name, websocket.Stats{Refused: 1, Faults: tt.faults}, srv.Stats())
	}
}

// TestHeadHasNoBody: a HEAD request is answered without one.
func TestHeadHasNoBody(t *testing.T) {
	t.Parallel()
	p := memory(t).Connect(websocket.NewServer(&app{}, websocket.Options{}), engine.Options{})
	p.Send([]byte(strings.Replace(hello, "GET", "HEAD", 1)))
	want := "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
	diff(t, "answer", want, string(p.Received()))
}

// TestUpgradeHeader is what an answer that accepts may carry.
func TestUpgradeHeader(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 3000)
	var late, bad error
	o := websocket.Options{
		Header: []string{"Server", "sockeye", "X-Static", ""},
		Authorize: func(r *websocket.Request) error {
			for _, line := range [][2]string{{"upgrade", "h2c"}, {"Sec-WebSocket-Extensions", "x"}, {"A", "b\r\nC: d"}, {"A B", "c"}, {"", "x"}} {
				if r.AddHeader(line[0], line[1]) == nil {
					t.Errorf("%q was taken", line)
				}
			}
			bad = errors.Join(r.AddHeader("Set-Cookie", "a=b"), r.AddHeader("X-Long", long))
			return nil
		},
		SelectSubprotocol: func(r *websocket.Request) string {
			bad = errors.Join(bad, r.AddHeader("X-Chosen", "none"))
			return ""
		},
	}
	h := &app{open: func(_ *websocket.Conn, r *websocket.Request) error {
		late = r.AddHeader("X-Late", "1")
		return nil
	}}
	p := memory(t).Connect(websocket.NewServer(h, o), engine.Options{})
	p.Send([]byte(hello))
	want := strings.TrimSuffix(welcome, "\r\n") + "Set-Cookie: a=b\r\nX-Long: " + long + "\r\nX-Chosen: none\r\nServer: sockeye\r\nX-Static: \r\n\r\n"
	diff(t, "answer", want, string(p.Received()))
	if bad != nil || late == nil {
		t.Errorf("AddHeader: %v; in OnOpen: %v", bad, late)
	}
}

func TestHeaderRefused(t *testing.T) {
	t.Parallel()
	for _, header := range [][]string{
		{"A"},
		{"A", "b", "C"},
		{"A\r\nB", "c"},
		{"A", "b\nC: d"},
		{"Upgrade", "h2c"},
		{"connection", "close"},
		{"Sec-WebSocket-Accept", "x"},
		{"Sec-WebSocket-Protocol", "x"},
		{"Sec-WebSocket-Extensions", "x"},
		{"Content-Length", "0"},
		{"Transfer-Encoding", "chunked"},
	} {
		o := websocket.Options{Header: header}
		if err := o.Validate(); err == nil || !strings.HasPrefix(err.Error(), "websocket: Options.Header") {
			t.Errorf("%q: %v", header, err)
		}
	}
	o := websocket.Options{Subprotocols: []string{"a", "b c"}}
	err := o.Validate()
	defer func() {
		if got := recover(); err == nil || got != err.Error() {
			t.Errorf("NewServer panics with %v, Validate says %v", got, err)
		}
	}()
	websocket.NewServer(&app{}, o)
}

// TestRefusedByAddress are the answers of Hosts and Paths, and which comes first.
func TestRefusedByAddress(t *testing.T) {
	t.Parallel()
	o := websocket.Options{Paths: []string{"/chat"}, Hosts: []string{"a"}, Authorize: func(*websocket.Request) error { return errors.New("no") }}
	for send, want := range map[string]int{
		hello: 403, // of Authorize
		strings.Replace(hello, "/chat", "/other", 1):                    404,
		strings.Replace(hello, "Host: a", "Host: b", 1):                 421,
		strings.Replace(hello, "/chat", "http://b/chat", 1):             421, // RFC 9112 3.2.2: it replaces the field
		strings.Replace(hello, "Version: 13", "Version: 12", 1):         426,
		strings.Replace(hello, "Host: a", "Host: a:8080", 1):            403,
		strings.Replace(helloWith("Origin: http://b"), "/chat", "/", 1): 404,
		helloWith("Origin: http://b"):                                   403,
	} {
		if resp, body, _ := knocking(t, websocket.NewServer(&app{}, o), send); resp.StatusCode != want {
			t.Errorf("%q: %s %q, want %d", send, resp.Status, body, want)
		}
	}
}

// TestPathValue is what the application sees of a pattern.
func TestPathValue(t *testing.T) {
	t.Parallel()
	var seen []string
	look := func(r *websocket.Request) {
		room, ok := r.QueryValue("room")
		seen = append(seen, fmt.Sprintf("%s %s %s %s %s %v %s", r.Pattern, r.PathValue("id"), r.PathValue("rest"), r.PathValue("x"), room, ok, r.Cookie("s")))
	}
	o := websocket.Options{
		Paths:     []string{"/", "/user/{id}/{rest...}"},
		Authorize: func(r *websocket.Request) error { look(r); return nil },
	}
	h := &app{open: func(_ *websocket.Conn, r *websocket.Request) error { look(r); return nil }}
	srv := websocket.NewServer(h, o)
	knocking(t, srv, strings.Replace(helloWith("Cookie: a=b; s=17"), "/chat", "/user/J%C3%BCrgen/a/%62", 1))
	knocking(t, srv, hello)
	knocking(t, websocket.NewServer(h, websocket.Options{}), hello)
	user, root, none := "/user/{id}/{rest...} Jürgen a/b  1 true 17", "/    1 true ", "    1 true "
	diff(t, "seen", []string{user, user, root, root, none}, seen)
}

func TestSubprotocolChoice(t *testing.T) {
	t.Parallel()
	offer := helloWith("Sec-WebSocket-Protocol: c, b, a")
	pick := func(name string) func(*websocket.Request) string {
		return func(*websocket.Request) string { return name }
	}
	for _, tt := range []struct {
		name   string
		o      websocket.Options
		send   string
		status int
		want   string
	}{
		{"the client's order", websocket.Options{Subprotocols: []string{"a", "b"}}, offer, 101, "b"},
		{"the server's order", websocket.Options{Subprotocols: []string{"a", "b"}, ServerOrder: true}, offer, 101, "a"},
		{"the server's order, not offered", websocket.Options{Subprotocols: []string{"x", "b"}, ServerOrder: true}, offer, 101, "b"},
		{"the server's order, none", websocket.Options{ServerOrder: true}, offer, 101, ""},
		{"a choice", websocket.Options{Subprotocols: []string{"a"}, SelectSubprotocol: pick("c")}, offer, 101, "c"},
		{"a choice of none", websocket.Options{Subprotocols: []string{"a"}, SelectSubprotocol: pick("")}, offer, 101, ""},
		{"a choice that was not offered", websocket.Options{SelectSubprotocol: pick("x")}, offer, 500, ""},
		{"a choice where none was offered", websocket.Options{SelectSubprotocol: pick("a")}, hello, 500, ""},
		{"a choice that splits", websocket.Options{SelectSubprotocol: pick("a\r\nX: y")}, offer, 500, ""},
		{"a choice of junk", websocket.Options{SelectSubprotocol: pick(`"a"`), Permissive: true}, helloWith(`Sec-WebSocket-Protocol: "a"`), 500, ""},
		{"junk beside it", websocket.Options{Subprotocols: []string{"a"}, Permissive: true}, helloWith(`Sec-WebSocket-Protocol: "a", a`), 101, "a"},
	} {
		told := ""
		h := &app{open: func(_ *websocket.Conn, r *websocket.Request) error {
			told = r.Subprotocol
			return nil
		}}
		srv := websocket.NewServer(h, tt.o)
		resp, _, _ := knocking(t, srv, tt.send)
		if got := resp.Header.Get("Sec-Websocket-Protocol"); resp.StatusCode != tt.status || got != tt.want || told != tt.want {
			t.Errorf("%s: %s, %q, OnOpen was told %q; want %d and %q", tt.name, resp.Status, got, told, tt.status, tt.want)
		}
		if s := srv.Stats(); s.Faults != s.Refused || (s.Faults == 1) != (tt.status == 500) {
			t.Errorf("%s: stats %+v", tt.name, s)
		}
	}
}

// TestAuthorizeEnds: the application is not told of a connection that Authorize has
// ended.
func TestAuthorizeEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*engine.Conn){
		"Abort": func(c *engine.Conn) { c.Abort(nil) },
		"Close": (*engine.Conn).Close,
	} {
		h := &app{open: func(*websocket.Conn, *websocket.Request) error { t.Error("OnOpen was called"); return nil }}
		z := &websocket.Compression{Takeover: true}
		srv := websocket.NewServer(h, websocket.Options{
			Authorize:   func(r *websocket.Request) error { end(r.Conn()); return nil },
			Compression: z,
		})
		p := memory(t).Connect(srv, engine.Options{})
		p.Send([]byte(helloWith("Sec-WebSocket-Extensions: permessage-deflate")))
		if !p.Closed() {
			p.CloseWrite()
		}
		if s := srv.Stats(); s != (websocket.Stats{}) || len(h.closed) > 0 || len(p.Received()) > 0 {
			t.Errorf("%s: OnClose %v, stats %+v", name, h.closed, s)
		}
	}
}

// TestPolicyAllocations: a policy that uses everything costs nothing more than
// one that asks for nothing.
func TestPolicyAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("pools drop what they are given under the race detector")
	}
	no := &websocket.RefuseError{Status: 401}
	srv := websocket.NewServer(&app{}, websocket.Options{
		Paths:   []string{"/", "/chat", "/room/{id}/{rest...}"},
		Hosts:   []string{"*.example", "a"},
		Origins: []string{"https://*.example", "self", "http://localhost:*"},
		Authorize: func(r *websocket.Request) error {
			room, _ := r.QueryValue("room")
			if string(room) == "secret" || string(r.Cookie("s")) == "bad" || string(r.PathValue("id")) == "x" || r.Header("X-Bad") != nil {
				return no
			}
			return r.AddHeader("Set-Cookie", "a=b")
		},
		Header:       []string{"Server", "sockeye"},
		Subprotocols: []string{"a", "b"},
		ServerOrder:  true,
	})
	room := strings.Replace(hello, "/chat", "/room/17/a/b", 1)
	for name, send := range map[string]string{
		"plain":           hello,
		"everything":      strings.Replace(helloWith("Origin: https://a:443", "Cookie: a=b; s=17", "Sec-WebSocket-Protocol: b, a"), "/chat", "/room/17/a/b", 1),
		"path with value": room,
		"another host":    strings.Replace(hello, "Host: a", "Host: b", 1),
		"another origin":  helloWith("Origin: https://evil"),
		"not authorized":  strings.Replace(hello, "room=1", "room=secret", 1),
		"malformed":       strings.Replace(hello, "Host: a", "Host : a", 1),
	} {
		check := websocket.Checking(srv, send)
		if n := testing.AllocsPerRun(100, func() { _ = check() }); n != 0 {
			t.Errorf("%s: %v allocations, %v", name, n, check())
		}
	}
}
