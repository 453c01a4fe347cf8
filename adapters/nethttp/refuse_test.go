package nethttp_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/gobwas/ws"

	"github.com/sockeye-io/sockeye/adapters/nethttp"
	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

var strict = websocket.Options{
	Paths: []string{"/chat"},
	Hosts: []string{"127.0.0.1"},
	Authorize: func(r *websocket.Request) error {
		switch string(r.Header("X-Who")) {
		case "":
			return nil
		case "nobody":
			return &websocket.RefuseError{
				Status: 401, Body: "<p>who?</p>",
				Header: []string{"WWW-Authenticate", "A", "WWW-Authenticate", "B", "Content-Type", "text/html"},
			}
		case "bug":
			return &websocket.RefuseError{Status: 99}
		}
		return errors.New("no")
	},
}

// said is an answer, without what every server of HTTP says.
func said(t *testing.T, resp *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Error(err)
	}
	var lines []string
	for name, values := range resp.Header {
		if name == "Date" || name == "Content-Length" {
			continue
		}
		for _, v := range values {
			for one := range strings.SplitSeq(v, ", ") {
				lines = append(lines, name+": "+one)
			}
		}
	}
	slices.Sort(lines)
	return fmt.Sprintf("%d %s close:%v %q", resp.StatusCode, strings.Join(lines, " | "), resp.Close, body)
}

// TestRefusals wants what a listener of the engine itself answers.
func TestRefusals(t *testing.T) {
	t.Parallel()
	h := handler(t, &app{}, strict)
	s := one.serve(t, h)
	ln, err := h.Engine.Listen("tcp", "127.0.0.1:0", h.Server, engine.ListenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	own := &site{at: ln.Addr().String()}

	for i, tt := range []struct {
		path   string
		lines  []string
		status int
	}{
		{"/", nil, 404},
		{"/chat", []string{"Origin: http://evil.example"}, 403},
		{"/chat", []string{"Sec-WebSocket-Version: 8"}, 426},
		{"/chat", []string{"Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 13"}, 400},
		{"/chat", []string{"Upgrade: h2c"}, 426},
		{"/chat", []string{"Connection: keep-alive"}, 400},
		{"/chat", []string{"Sec-WebSocket-Key: short"}, 400},
		{"/chat", []string{"Sec-WebSocket-Protocol: a b"}, 400},
		{"/chat", []string{"Content-Length: 1"}, 400},
		{"/chat", []string{"Transfer-Encoding: chunked"}, 400},
		{"/chat", []string{"Cookie: " + strings.Repeat("c", 9000)}, 431},
		{"/chat?#", nil, 400},
		{"/chat", []string{"X-Who: nobody"}, 401},
		{"/chat", []string{"X-Who: somebody"}, 403},
		{"/chat", []string{"X-Who: bug"}, 500},
	} {
		t.Run(fmt.Sprint(i, tt.path, tt.lines), func(t *testing.T) {
			t.Parallel()
			// Frames that hoped for the best are no request.
			early := "0\r\n\r\n" + text("GET / HTTP/1.1\r\n\r\n")
			resp, w := s.upgrade(t, tt.path, early, tt.lines...)
			if resp.StatusCode != tt.status {
				t.Errorf("answered with %s", resp.Status)
			}
			want, _ := own.upgrade(t, tt.path, early, tt.lines...)
			diff(t, "answer", said(t, want), said(t, resp))
			w.ended()
		})
	}
	// Those without Upgrade are ordinary requests, and the connection may go on.
	resp, w := s.upgrade(t, "/chat", "", "Upgrade: ", "Connection: ")
	diff(t, "plain GET", `426 Connection: Upgrade | Content-Type: text/plain; charset=utf-8 | `+
		`Sec-Websocket-Version: 13 | Upgrade: websocket close:false "the request does not ask for an upgrade to websocket\n"`, said(t, resp))
	w.send("POST /chat HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 0\r\n\r\n")
	if resp, err = http.ReadResponse(w.r, nil); err != nil {
		t.Fatal(err)
	}
	diff(t, "POST", `405 Allow: GET | Content-Type: text/plain; charset=utf-8 close:false "the method is not GET\n"`, said(t, resp))
	resp, _ = s.raw(t, http.MethodHead, "HEAD /chat HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
	diff(t, "HEAD", `405 Allow: GET close:false ""`, said(t, resp))
	resp, _ = s.raw(t, http.MethodGet, "GET /chat HTTP/1.0\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n\r\n")
	diff(t, "HTTP/1.0 is answered with", 505, resp.StatusCode)
}

// TestRefusals2 is the same over HTTP/2, which has no Upgrade.
func TestRefusals2(t *testing.T) {
	t.Parallel()
	h := handler(t, &app{}, strict)
	s := two.serve(t, h)
	const plain = "Content-Type: text/plain; charset=utf-8"
	for _, tt := range []struct {
		path  string
		lines []string
		want  string
	}{
		{"/", nil, `404 ` + plain + ` close:false "not found\n"`},
		{"/chat", []string{"Origin: http://evil.example"}, `403 ` + plain + ` close:false "the origin of this page is not allowed here\n"`},
		{"/chat", []string{"Sec-WebSocket-Version: 8"}, `400 ` + plain + ` | Sec-Websocket-Version: 13 close:false "Sec-WebSocket-Version is not 13\n"`},
		{"/chat", []string{"X-Who: nobody"}, `401 Content-Type: text/html | Www-Authenticate: A | Www-Authenticate: B close:false "<p>who?</p>"`},
		{"/chat", []string{":protocol: connect-udp"}, `501 ` + plain + ` close:false "nethttp: the only :protocol here is websocket\n"`},
	} {
		resp, _ := s.ask(t, tt.path, "", tt.lines...)
		diff(t, "answer", tt.want, said(t, resp))
	}
	for method, want := range map[string]string{
		"GET":  `400 Content-Type: text/plain; charset=utf-8 | Sec-Websocket-Version: 13 close:false "the request does not ask for an upgrade to websocket\n"`,
		"POST": `405 Allow: CONNECT | Content-Type: text/plain; charset=utf-8 close:false "the method is not GET\n"`,
	} {
		req, _ := http.NewRequestWithContext(t.Context(), method, s.URL+"/chat", nil)
		resp, err := s.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		diff(t, method, want, said(t, resp))
		_ = resp.Body.Close()
	}
	w := s.open(t, "/chat", text("a"), "Origin: "+s.URL)
	w.expect(ws.OpText, "a")
}

// TestCannot is what is not the client's fault.
func TestCannot(t *testing.T) {
	t.Parallel()
	good := handler(t, &app{}, websocket.Options{})
	full := handler(t, &app{}, websocket.Options{})
	full.Engine = start(t, engine.Config{MaxConns: 1})
	one.serve(t, full).open(t, "/", text("")).expect(ws.OpText, "")
	over := handler(t, &app{}, websocket.Options{})
	_ = over.Engine.Close()
	for _, tt := range []struct {
		name   string
		h      *nethttp.Handler
		change func(r *http.Request)
		status int
		text   string
		err    error
	}{
		{"no engine", &nethttp.Handler{Server: good.Server}, nil, 500, "nethttp: Handler.Engine and Handler.Server must be set", nil},
		{"no server", &nethttp.Handler{Engine: good.Engine}, nil, 500, "nethttp: Handler.Engine and Handler.Server must be set", nil},
		{"a recorder", good, nil, 500, "nethttp: this ResponseWriter, or one that it wraps, cannot be hijacked: feature not supported", http.ErrNotSupported},
		{
			"a recorder of HTTP/2", good,
			func(r *http.Request) {
				r.Method, r.Proto, r.ProtoMajor = http.MethodConnect, "HTTP/2.0", 2
				r.Header[":protocol"] = []string{"websocket"}
			},
			500, "nethttp: this ResponseWriter cannot hold a stream: feature not supported", http.ErrNotSupported,
		},
		{"full", full, nil, 503, "engine: too many connections", engine.ErrTooManyConns},
		{"closed", over, nil, 503, "engine: server closed", engine.ErrServerClosed},
		{"method", good, func(r *http.Request) { r.Method = "GET /x HTTP/1.1\r\nA:" }, 400, "nethttp: the method or the URL of the request was changed to what cannot be sent", nil},
		{"path", good, func(r *http.Request) { r.URL = &url.URL{Opaque: "/x HTTP/1.1\r\nA:"} }, 400, "nethttp: the method or the URL of the request was changed to what cannot be sent", nil},
		{"host", good, func(r *http.Request) { r.Host = "a\r\nX-Admin: 1" }, 400, "nethttp: a header field was added to the request that cannot be sent", nil},
		{"value", good, func(r *http.Request) { r.Header.Set("X-User", "a\r\nX-Admin: 1") }, 400, "nethttp: a header field was added to the request that cannot be sent", nil},
		{"name", good, func(r *http.Request) { r.Header["X-User: a\r\nX-Admin"] = []string{"1"} }, 400, "nethttp: a header field was added to the request that cannot be sent", nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
			r.Header = http.Header{
				"Upgrade": {"websocket"}, "Connection": {"Upgrade"},
				"Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}, "Sec-Websocket-Version": {"13"},
			}
			if tt.change != nil {
				tt.change(r)
			}
			w := httptest.NewRecorder()
			if err := tt.h.Upgrade(w, r, nil); err == nil || tt.err != nil && !errors.Is(err, tt.err) {
				t.Errorf("Upgrade: %v, want %v", err, tt.err)
			}
			diff(t, "status", tt.status, w.Code)
			diff(t, "text", tt.text+"\n", w.Body.String())
		})
	}
}

// TestAuthorizePanics: net/http has the panic, and nobody else is hurt.
func TestAuthorizePanics(t *testing.T) {
	each(t, func(t *testing.T, m mode) {
		h := handler(t, &app{}, websocket.Options{
			Compression: &websocket.Compression{Takeover: true},
			Authorize: func(r *websocket.Request) error {
				if string(r.Path()) == "/panic" {
					panic("fallen")
				}
				return nil
			},
		})
		s := m.serve(t, h)
		if m.two {
			req, _ := http.NewRequestWithContext(t.Context(), http.MethodConnect, s.URL+"/panic", http.NoBody)
			req.Header[":protocol"] = []string{"websocket"}
			req.Header.Set("Sec-WebSocket-Version", "13")
			if resp, err := s.client.Do(req); err == nil {
				t.Errorf("answered with %v", resp.Status)
				_ = resp.Body.Close()
			}
		} else {
			w := s.knock(t)
			w.send("GET /panic HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
				"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
			w.ended()
		}
		s.open(t, "/", text("a")).expect(ws.OpText, "a")
		if st := h.Server.Stats(); st.Handshakes != 1 || st.WindowsPromised != 0 {
			t.Errorf("stats %+v", st)
		}
	})
}
