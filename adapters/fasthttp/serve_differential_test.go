package fasthttp_test

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	adapter "github.com/sockeye-io/sockeye/adapters/fasthttp"
	"github.com/sockeye-io/sockeye/engine"
	"github.com/valyala/fasthttp"
)

// What fasthttp.Server answers to any bytes is what Serve answers to them.

// mirror answers with what it was asked.
func mirror(ctx *fasthttp.RequestCtx) {
	switch string(ctx.Path()) {
	case "/stream":
		ctx.SetBodyStream(bytes.NewReader(bytes.Clone(ctx.PostBody())), -1)
		return
	case "/close":
		ctx.SetConnectionClose()
	case "/error":
		ctx.Error("no", fasthttp.StatusTeapot)
		return
	case "/late":
		ctx.TimeoutError("late")
		return
	}
	fmt.Fprintf(ctx, "%d %q\n%q", ctx.Request.Header.ContentLength(), ctx.Request.Header.String(), ctx.PostBody())
}

func strict() *fasthttp.Server {
	return &fasthttp.Server{
		Name: "s", ReadBufferSize: 512, MaxRequestBodySize: 300,
		Logger: log.New(io.Discard, "", 0),
	}
}

var differential = map[string]string{
	"nothing":              "",
	"get":                  "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
	"http/1.0":             "GET / HTTP/1.0\r\n\r\n",
	"http/1.0 keep-alive":  "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /2 HTTP/1.0\r\n\r\n",
	"http/1.0 chunked":     "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	"http/0.9":             "GET /\r\n\r\n",
	"http/2":               "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	"http/1.2":             "GET / HTTP/1.2\r\nHost: a\r\n\r\n",
	"version":              "GET / HTTP/1.1x\r\nHost: a\r\n\r\n",
	"lower method":         "get / HTTP/1.1\r\nHost: a\r\n\r\n",
	"odd method":           "M-SEARCH / HTTP/1.1\r\nHost: a\r\n\r\n",
	"bad method":           "G(T / HTTP/1.1\r\nHost: a\r\n\r\n",
	"no host":              "GET / HTTP/1.1\r\n\r\n",
	"empty host":           "GET / HTTP/1.1\r\nHost:\r\n\r\n",
	"two hosts":            "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
	"absolute":             "GET http://a/b HTTP/1.1\r\nHost: a\r\n\r\n",
	"asterisk":             "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
	"bad asterisk":         "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
	"connect":              "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n",
	"relative":             "GET a HTTP/1.1\r\nHost: a\r\n\r\n",
	"spaces":               "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
	"space in target":      "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
	"control in target":    "GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n",
	"utf-8 target":         "GET /é HTTP/1.1\r\nHost: a\r\n\r\n",
	"crlf before":          "\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
	"lf before":            "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
	"pipelined":            "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n",
	"pipelined crlf":       "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"pipelined close":      "GET /close HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"pipelined bad":        "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n???\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\n",
	"pipelined half":       "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHo",
	"pipelined after odd":  "POST /1 HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nabGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"close":                "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"head":                 "HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"error":                "GET /error HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"late":                 "GET /late HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"stream":               "POST /stream HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"body":                 "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
	"get with body":        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"post without":         "POST / HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"body cut":             "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 30\r\n\r\nabc",
	"body too large":       "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 301\r\n\r\nabc",
	"body huge":            "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\nabc",
	"body large":           "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200\r\n\r\n" + strings.Repeat("x", 200) + "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"negative":             "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\nabc",
	"plus":                 "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc",
	"hex":                  "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x3\r\n\r\nabc",
	"leading zeros":        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 003\r\n\r\nabcGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"length list":          "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\nabc",
	"length empty":         "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\nabc",
	"length space":         "POST / HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n\r\nabc",
	"two lengths":          "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
	"two lengths the same": "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
	"cl.te":                "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"te.cl":                "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"te identity":          "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\nContent-Length: 3\r\n\r\nabcGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"te list":              "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
	"te twice":             "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	"te x":                 "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
	"te space":             "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
	"te tab":               "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\tchunked\r\n\r\n0\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"te capitals":          "POST / HTTP/1.1\r\nHost: a\r\nTRANSFER-ENCODING: Chunked\r\n\r\n1\r\na\r\n0\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"chunked":              "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"chunked on get":       "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"chunk zeros":          "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0003\r\nabc\r\n00000000\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"chunk extension":      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n0\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"chunk extension lf":   "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;a\nbc\r\n0\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"chunk space":          "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3 \r\nabc\r\n0\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"chunk lf":             "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"chunk no crlf":        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
	"chunk size":           "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\nabc\r\n0\r\n\r\n",
	"chunk no size":        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\r\nabc\r\n0\r\n\r\n",
	"chunk negative":       "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n",
	"chunk huge":           "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nabc\r\n0\r\n\r\n",
	"chunk large":          "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n12d\r\nabc",
	"chunks too large":     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + strings.Repeat("64\r\n"+strings.Repeat("x", 100)+"\r\n", 4) + "0\r\n\r\n",
	"chunk cut":            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab",
	"chunk size cut":       "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0",
	"chunk end cut":        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n",
	"trailer":              "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTrailer: X\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"bad trailer":          "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nContent-Length: 3\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"bare lf":              "GET / HTTP/1.1\nHost: a\n\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"bare lf line":         "GET / HTTP/1.1\r\nHost: a\nContent-Length: 3\r\n\r\nabcGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"bare lf end":          "GET / HTTP/1.1\r\nHost: a\r\n\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"bare cr":              "GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n",
	"bare cr end":          "GET / HTTP/1.1\r\nHost: a\r\n\r\rGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"nul":                  "GET / HTTP/1.1\r\nHost: a\r\nA: \x00\r\n\r\n",
	"no colon":             "GET / HTTP/1.1\r\nHost: a\r\nfoo\r\n\r\n",
	"no name":              "GET / HTTP/1.1\r\nHost: a\r\n: foo\r\n\r\n",
	"space in name":        "GET / HTTP/1.1\r\nHost: a\r\nfoo bar: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"space before name":    "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
	"folded":               "GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n c\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"folded length":        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n 3\r\n\r\nabcGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"folded te":            "POST / HTTP/1.1\r\nHost: a\r\nA: b\r\n Transfer-Encoding: chunked\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"head too large":       "GET / HTTP/1.1\r\nHost: a\r\nA: " + strings.Repeat("x", 600) + "\r\n\r\n",
	"head just fits":       "GET / HTTP/1.1\r\nHost: a\r\nA: " + strings.Repeat("x", 512-31-4) + "\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"head does not fit":    "GET / HTTP/1.1\r\nHost: a\r\nA: " + strings.Repeat("x", 512-30-3) + "\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"line too large":       "GET /" + strings.Repeat("x", 600),
	"garbage":              "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03",
	"garbage line":         "\x16\x03\x01\x00\xa5\n\x00\x00\xa1\x03\x03",
	"expect":               "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabcGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"expect chunked":       "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"expect no body":       "GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"expect other":         "POST / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nContent-Length: 3\r\n\r\nabc",
	"multipart":            "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 60\r\n\r\n--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nv\r\n--b--\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"multipart broken":     "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 9\r\n\r\n--b\r\nxxxxGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"multipart epilogue":   "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 90\r\n\r\n--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nv\r\n--b--\r\nGET /smuggled HTTP/1.1\r\nHo:a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
	"pipelined odd":        "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 29\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\nGET /4 HTTP/1.1\r\nHost: a\r\n\r\n",
	"pipelined folded":     "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n 29\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\n\r\nGET /4 HTTP/1.1\r\nHost: a\r\n\r\n",
	"upgrade, not taken":   "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
}

// script is a connection on which p arrives, in two parts, and then an end.
type script struct {
	net.Conn
	in  []string
	out bytes.Buffer
}

func (s *script) Read(p []byte) (int, error) {
	for len(s.in) > 0 && s.in[0] == "" {
		s.in = s.in[1:]
	}
	if len(s.in) == 0 {
		return 0, io.EOF
	}
	n := copy(p, s.in[0])
	s.in[0] = s.in[0][n:]
	return n, nil
}
func (s *script) Write(p []byte) (int, error)      { return s.out.Write(p) }
func (s *script) Close() error                     { return nil }
func (s *script) SetDeadline(time.Time) error      { return nil }
func (s *script) SetReadDeadline(time.Time) error  { return nil }
func (s *script) SetWriteDeadline(time.Time) error { return nil }
func (s *script) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (s *script) LocalAddr() net.Addr              { return &net.TCPAddr{} }

var date = regexp.MustCompile(`Date: [^\r]*\r\n`)

// reference is what fasthttp.Server answers.
func reference(srv *fasthttp.Server, parts ...string) string {
	srv.Handler = mirror
	s := &script{in: parts}
	_ = srv.ServeConn(s)
	return date.ReplaceAllString(s.out.String(), "")
}

// subject serves on an engine.
type subject struct {
	e      *engine.Engine
	addr   string
	server *adapter.HTTPServer
	like   func() *fasthttp.Server
	turn   sync.Mutex
}

func newSubject(t testing.TB, o adapter.ServeOptions, like func() *fasthttp.Server) *subject {
	t.Helper()
	o.Server = like()
	e, addr, s := startedOn(t, 1, mirror, o)
	return &subject{like: like, e: e, addr: addr, server: s}
}

// answer sends a, waits until it was read, sends b and an end, and returns all that
// comes back.
func (s *subject) answer(t testing.TB, a, b string) string {
	t.Helper()
	s.turn.Lock()
	defer s.turn.Unlock()
	c, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(10 * time.Second))
	before := s.e.Stats()
	_, _ = io.WriteString(c, a)
	for b != "" && a != "" {
		if st := s.e.Stats(); st.BytesRead >= before.BytesRead+uint64(len(a)) || st.Closed > before.Closed {
			break
		}
		runtime.Gosched()
	}
	_, _ = io.WriteString(c, b)
	_ = c.(*net.TCPConn).CloseWrite()
	p, err := io.ReadAll(c)
	if err != nil {
		t.Errorf("read: %v", err)
	}
	return date.ReplaceAllString(string(p), "")
}

func (s *subject) compare(t testing.TB, a, b string) {
	t.Helper()
	got := s.answer(t, a, b)
	if want := reference(s.like(), a, b); got != want && got != reference(s.like(), a+b) {
		t.Errorf("%q + %q\nanswered %q\nfasthttp %q", a, b, got, want)
	}
}

func TestServeDifferential(t *testing.T) {
	t.Parallel()
	splits := 150 // of one input at most, with more bytes they are further apart
	if raceEnabled {
		splits = 15
	}
	modes(t, func(t *testing.T, o adapter.ServeOptions) {
		o.MaxBuffered = 150
		s := newSubject(t, o, strict)
		for name, in := range differential {
			t.Run(name, func(t *testing.T) {
				s.compare(t, in, "")
				if testing.Short() {
					return
				}
				for i := 1; i < len(in) && !t.Failed(); i += 1 + len(in)/splits {
					s.compare(t, in[:i], in[i:])
				}
			})
		}
		t.Logf("%+v", s.server.Stats())
	})
}

// The same with each option of the Server that changes what is read or answered.
func TestServeDifferentialOptions(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(s *fasthttp.Server){
		"GetOnly":           func(s *fasthttp.Server) { s.GetOnly = true },
		"StreamRequestBody": func(s *fasthttp.Server) { s.StreamRequestBody = true },
		"ReduceMemoryUsage": func(s *fasthttp.Server) { s.ReduceMemoryUsage = true },
		"DisableKeepalive":  func(s *fasthttp.Server) { s.DisableKeepalive = true },
		"DisableHeaderNamesNormalizing": func(s *fasthttp.Server) {
			s.DisableHeaderNamesNormalizing = true
			s.NoDefaultServerHeader, s.NoDefaultContentType = true, true
		},
		"DisablePreParseMultipartForm": func(s *fasthttp.Server) { s.DisablePreParseMultipartForm = true },
		"MaxRequestsPerConn":           func(s *fasthttp.Server) { s.MaxRequestsPerConn = 2 },
		"ContinueHandler": func(s *fasthttp.Server) {
			s.ContinueHandler = func(*fasthttp.RequestHeader) bool { return false }
		},
		"ExpectHandler": func(s *fasthttp.Server) {
			s.ExpectHandler = func(ctx *fasthttp.RequestCtx) int { return 402 + len(ctx.Path()) }
		},
		"HeaderReceived": func(s *fasthttp.Server) {
			s.HeaderReceived = func(h *fasthttp.RequestHeader) (c fasthttp.RequestConfig) {
				if h.IsPost() {
					c.MaxRequestBodySize = 310
				}
				return c
			}
		},
		"ErrorHandler": func(s *fasthttp.Server) {
			s.ErrorHandler = func(ctx *fasthttp.RequestCtx, _ error) { ctx.Error("mine", fasthttp.StatusTeapot) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			modes(t, func(t *testing.T, o adapter.ServeOptions) {
				o.MaxBuffered = 150
				s := newSubject(t, o, func() *fasthttp.Server {
					srv := strict()
					set(srv)
					return srv
				})
				for name, in := range differential {
					t.Run(name, func(t *testing.T) {
						s.compare(t, in, "")
						s.compare(t, in[:len(in)/2], in[len(in)/2:])
					})
				}
			})
		})
	}
}

// Every field of a Server holds, or the documentation of ServeOptions says that it does not.
func TestServeFields(t *testing.T) {
	t.Parallel()
	known := strings.Fields(`Logger Handler ErrorHandler HeaderReceived ContinueHandler ExpectHandler ConnState TLSConfig
		FormValueFunc Name Concurrency ReadBufferSize WriteBufferSize ReadTimeout WriteTimeout IdleTimeout MaxConnsPerIP
		MaxRequestsPerConn MaxKeepaliveDuration MaxIdleWorkerDuration TCPKeepalivePeriod MaxRequestBodySize
		SleepWhenConcurrencyLimitsExceeded DisableKeepalive TCPKeepalive ReduceMemoryUsage LazyRequestTime GetOnly
		DisablePreParseMultipartForm LogAllErrors SecureErrorLogMessage DisableHeaderNamesNormalizing NoDefaultServerHeader
		NoDefaultDate NoDefaultContentType KeepHijackedConns CloseOnShutdown StreamRequestBody`)
	for _, f := range reflect.VisibleFields(reflect.TypeFor[fasthttp.Server]()) {
		if f.IsExported() && !slices.Contains(known, f.Name) {
			t.Errorf("fasthttp.Server.%s is new: say whether it holds", f.Name)
		}
	}
}

func FuzzServeDifferential(f *testing.F) {
	for _, in := range differential {
		f.Add(in, uint16(len(in)/2))
	}
	pool := newSubject(f, adapter.ServeOptions{MaxBuffered: 150}, strict)
	loop := newSubject(f, adapter.ServeOptions{MaxBuffered: 150, OnLoop: true}, strict)
	f.Fuzz(func(t *testing.T, in string, at uint16) {
		if len(in) > 4<<10 {
			return
		}
		i := min(int(at), len(in))
		pool.compare(t, in[:i], in[i:])
		loop.compare(t, in[:i], in[i:])
	})
}
