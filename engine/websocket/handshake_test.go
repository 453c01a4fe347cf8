package websocket_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/enginetest"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// answer reads one response, after which nothing may follow.
func answer(t testing.TB, b []byte) (*http.Response, string) {
	t.Helper()
	r := bufio.NewReader(bytes.NewReader(b))
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatalf("answer %q: %v", b, err)
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil || r.Buffered() > 0 {
		t.Fatalf("answer %q: body %v, %d bytes behind it", b, err, r.Buffered())
	}
	_ = resp.Body.Close()
	return resp, string(body)
}

// stillServing wants a connection that has shaken hands to be echoed.
func stillServing(t testing.TB, bystander *enginetest.Peer) {
	t.Helper()
	bystander.Send([]byte(masked(fin|text, "still there?")))
	if got := string(bystander.Received()); got != plain(fin|text, "still there?") {
		t.Errorf("another connection was answered %q", got)
	}
}

var refusals = []struct {
	name   string
	o      websocket.Options
	send   string
	status int
	header string // that must be there, "Name: value"
	body   string
}{
	{name: "garbage", send: "\x00\xff\x01\x02", status: 400},
	{name: "TLS ClientHello", send: "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", status: 400},
	{name: "a frame", send: masked(fin|text, "hello"), status: 400},
	{name: "HTTP/2", send: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", status: 505},
	{name: "HTTP/1.0", send: strings.Replace(hello, "/1.1", "/1.0", 1), status: 505},
	{name: "path", o: websocket.Options{Paths: []string{"/other"}}, send: hello, status: 404},
	{name: "path with more", o: websocket.Options{Paths: []string{"/chat"}}, send: strings.Replace(hello, "/chat", "/chat/", 1), status: 404},
	{name: "version", send: strings.Replace(hello, "Version: 13", "Version: 8", 1), status: 426, header: "Sec-Websocket-Version: 13"},
	{name: "no upgrade", send: "GET /chat HTTP/1.1\r\nHost: a\r\n\r\n", status: 426, header: "Upgrade: websocket"},
	{name: "method", send: strings.Replace(hello, "GET", "PUT", 1), status: 405, header: "Allow: GET"},
	{name: "short key", send: strings.Replace(hello, "dGhl", "", 1), status: 400},
	{name: "two hosts", send: helloWith("Host: b"), status: 400},
	{name: "body", send: helloWith("Content-Length: 1") + "x", status: 400},
	{name: "bare LF", send: strings.ReplaceAll(hello, "\r\n", "\n"), status: 400},
	{name: "long head", o: websocket.Options{MaxHead: 300}, send: helloWith("A: " + strings.Repeat("a", 300)), status: 431},
	{name: "long first line", send: "GET /" + strings.Repeat("a", 9000), status: 414},
	{name: "many fields", o: websocket.Options{MaxHeaders: 6}, send: helloWith("A: b", "A: b", "A: b"), status: 431},
	{
		name: "authorize", send: hello, status: 403, body: "forbidden\n",
		o: websocket.Options{Authorize: func(*websocket.Request) error { return errors.New("a secret") }},
	},
	{
		name: "authorize with an answer", send: hello, status: 503, body: "later",
		o: websocket.Options{Authorize: func(*websocket.Request) error {
			return fmt.Errorf("busy: %w", &websocket.RefuseError{Status: 503, Body: "later"})
		}},
	},
}

func TestHandshakeRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range refusals {
		for _, size := range []int{1 << 20, 1} {
			t.Run(fmt.Sprintf("%s/%d", tt.name, size), func(t *testing.T) {
				t.Parallel()
				l := memory(t)
				bystander := join(t, l, websocket.NewServer(&app{}, websocket.Options{}), engine.Options{})
				h := &app{open: func(*websocket.Conn, *websocket.Request) error {
					t.Error("OnOpen was called")
					return nil
				}}
				srv := websocket.NewServer(h, tt.o)
				p := l.Connect(srv, engine.Options{})
				for b := range slices.Chunk([]byte(tt.send), size) {
					p.Send(b)
				}
				resp, body := answer(t, p.Received())
				name, value, _ := strings.Cut(tt.header, ": ")
				switch {
				case resp.StatusCode != tt.status:
					t.Errorf("status %d, want %d", resp.StatusCode, tt.status)
				case !resp.Close:
					t.Errorf("the answer does not say that the connection closes: %v", resp.Header)
				case tt.header != "" && resp.Header.Get(name) != value:
					t.Errorf("header %v, want %s", resp.Header, tt.header)
				case tt.body != "" && body != tt.body:
					t.Errorf("body %q, want %q", body, tt.body)
				}
				if !p.SawFIN() || p.Closed() {
					t.Errorf("FIN %v, closed %v, want to linger", p.SawFIN(), p.Closed())
				}
				p.Send(bytes.Repeat([]byte(hello), 1000)) // read and dropped
				p.CloseWrite()
				if got := p.Received(); !p.Closed() || len(got) > 0 || len(h.closed) > 0 {
					t.Errorf("closed %v, sent %q more, OnClose %v", p.Closed(), got, h.closed)
				}
				diff(t, "stats", websocket.Stats{Refused: 1}, srv.Stats())
				stillServing(t, bystander)
			})
		}
	}
}

// TestHandshakeSplit cuts a handshake and the frames behind it everywhere.
func TestHandshakeSplit(t *testing.T) {
	t.Parallel()
	all := []byte(hello + masked(fin|text, "a") + masked(fin|ping, "b") + masked(fin|cls, ""))
	answers := welcome + plain(fin|text, "a") + plain(fin|pong, "b") + plain(fin|cls, "")
	l := memory(t)
	for _, size := range []int{1, 2, 3, 5, 60, len(hello) - 1, len(hello) + 1, len(all) - 1, len(all)} {
		h := &app{}
		srv := websocket.NewServer(h, websocket.Options{Paths: []string{"/chat"}})
		p := l.Connect(srv, engine.Options{})
		for b := range slices.Chunk(all, size) {
			p.Send(b)
		}
		diff(t, fmt.Sprint(size, " at a time"), answers, string(p.Received()))
		p.CloseWrite()
		h.endedWith(t, websocket.CodeNoStatus, nil)
		got := srv.Stats()
		got.Pieces = 0 // as the cuts have it
		diff(t, "stats", websocket.Stats{Handshakes: 1, MessagesIn: 1, MessagesOut: 1, PingsIn: 1, ClosesIn: 1}, got)
		if size == len(all) && p.Writes() != 1 {
			t.Errorf("%d writes for one segment, want 1", p.Writes())
		}
	}
}

// TestHandshakeNeverEnds wants an answer where the limit is: nothing grows on.
func TestHandshakeNeverEnds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ first, then string }{
		{"GET /", "a"},
		{"GET / HTTP/1.1\r\nHost: a\r\n", "A: b\r\n"},
		{"GET / HTTP/1.1\r\nHost: a\r\nA: ", "b"},
	} {
		l := memory(t)
		p := l.Connect(websocket.NewServer(&app{}, websocket.Options{MaxHeaders: 1 << 20}), engine.Options{})
		all := []byte(tt.first + strings.Repeat(tt.then, 9000))
		n := 0
		for ; !p.SawFIN() && n < 9000; n++ {
			p.Send(all[n : n+1])
		}
		if n != 8192 {
			t.Errorf("%q: refused after %d bytes, want 8192", tt.first, n)
		}
	}
}

func TestHandshakeTimeout(t *testing.T) {
	t.Parallel()
	const patient = 10 * time.Second // the default
	l := memory(t)
	h := &app{}
	srv := websocket.NewServer(h, websocket.Options{})
	mute, slow := l.Connect(srv, engine.Options{}), l.Connect(srv, engine.Options{})
	member := join(t, l, srv, engine.Options{})
	for i := range 99 { // it does not help to send a byte now and then
		slow.Send([]byte(hello)[i : i+1])
		l.Advance(patient / 100)
	}
	if mute.SawFIN() || slow.SawFIN() {
		t.Fatal("timed out early")
	}
	l.Advance(patient / 10)
	if got := mute.Received(); !mute.SawFIN() || len(got) > 0 {
		t.Errorf("sent nothing: FIN %v, answer %q", mute.SawFIN(), got)
	}
	if resp, _ := answer(t, slow.Received()); resp.StatusCode != 408 || !slow.SawFIN() {
		t.Errorf("sent half: status %d, FIN %v", resp.StatusCode, slow.SawFIN())
	}
	l.Advance(2 * time.Second)
	if !mute.Closed() || !slow.Closed() {
		t.Error("not closed after the linger")
	}
	l.Advance(10 * time.Minute)
	stillServing(t, member)
	diff(t, "stats", websocket.Stats{Handshakes: 1, HandshakeTimeouts: 2, MessagesIn: 1, MessagesOut: 1}, srv.Stats())

	never := l.Connect(websocket.NewServer(h, websocket.Options{HandshakeTimeout: -1}), engine.Options{})
	l.Advance(10 * time.Minute)
	if never.SawFIN() {
		t.Error("a negative HandshakeTimeout timed out")
	}
}

func TestSubprotocol(t *testing.T) {
	t.Parallel()
	l := memory(t)
	for _, tt := range []struct {
		name   string
		server []string
		offer  []string
		want   string
	}{
		{"none", nil, nil, ""},
		{"not offered", []string{"a"}, nil, ""},
		{"not spoken", nil, []string{"a"}, ""},
		{"the client's preference", []string{"a", "b"}, []string{"c, b", "a"}, "b"},
		{"no common one", []string{"a"}, []string{"b"}, ""},
		{"case counts", []string{"A"}, []string{"a"}, ""},
	} {
		var lines []string
		for _, o := range tt.offer {
			lines = append(lines, "Sec-WebSocket-Protocol: "+o)
		}
		got := "not called"
		h := &app{open: func(_ *websocket.Conn, r *websocket.Request) error {
			got = r.Subprotocol
			return nil
		}}
		p := l.Connect(websocket.NewServer(h, websocket.Options{Subprotocols: tt.server}), engine.Options{})
		p.Send([]byte(helloWith(lines...)))
		resp, _ := answer(t, p.Received())
		if named := resp.Header.Get("Sec-Websocket-Protocol"); got != tt.want || named != tt.want {
			t.Errorf("%s: OnOpen was told %q, the peer %q, want %q", tt.name, got, named, tt.want)
		}
	}
}

// TestRequest looks at what Authorize and OnOpen can see.
func TestRequest(t *testing.T) {
	t.Parallel()
	l := memory(t)
	var seen []string
	look := func(r *websocket.Request) {
		seen = append(seen, fmt.Sprintf("%s %s?%s %s %s %s %s", r.Method, r.Path(), r.Query(), r.Host, r.Origin,
			r.Header("x-token"), r.Conn().RemoteAddr()))
	}
	o := websocket.Options{Origins: []string{"b"}, Authorize: func(r *websocket.Request) error {
		look(r)
		return nil
	}}
	h := &app{open: func(c *websocket.Conn, r *websocket.Request) error {
		look(r)
		if r.Conn() != c.Conn() {
			t.Error("Request.Conn is another connection")
		}
		return nil
	}}
	p := l.Connect(websocket.NewServer(h, o), engine.Options{})
	p.Send([]byte(helloWith("Origin: http://b", "X-Token: 17")))
	if len(seen) != 2 || seen[0] != seen[1] || !strings.HasPrefix(seen[0], "GET /chat?room=1 a http://b 17 192.0.2.") {
		t.Errorf("seen %q", seen)
	}
}

// TestTLSClient is somebody who takes the port for another.
func TestTLSClient(t *testing.T) {
	t.Parallel()
	url, srv := serve(t, start(t), echo{}, websocket.Options{})
	w := knock(t, url)
	if err := tls.Client(w.Conn, &tls.Config{InsecureSkipVerify: true}).Handshake(); err == nil {
		t.Error("a TLS handshake succeeded")
	}
	_ = w.Close()
	w = shake(t, url)
	w.send(masked(fin|text, "hi"))
	w.expect(plain(fin|text, "hi"))
	if s := srv.Stats(); s.Refused != 1 || s.Handshakes != 1 {
		t.Errorf("stats %+v", s)
	}
}
