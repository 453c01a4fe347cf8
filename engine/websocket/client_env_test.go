package websocket_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	gorilla "github.com/gorilla/websocket"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// gorillaEcho is a foreign echo server; it returns its URL, and what a client
// needs to trust it.
func gorillaEcho(t testing.TB, secure bool) (string, *tls.Config) {
	t.Helper()
	return httpServer(t, secure, echoHandler)
}

func echoHandler(w http.ResponseWriter, r *http.Request) {
	echoWith(&gorilla.Upgrader{Subprotocols: []string{"b"}, CheckOrigin: func(*http.Request) bool { return true }}, w, r)
}

func echoWith(up *gorilla.Upgrader, w http.ResponseWriter, r *http.Request) {
	c, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer c.Close()
	for {
		kind, msg, err := c.ReadMessage()
		if err != nil || c.WriteMessage(kind, msg) != nil {
			return
		}
	}
}

func httpServer(t testing.TB, secure bool, h http.HandlerFunc) (string, *tls.Config) {
	t.Helper()
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ErrorLog = nil
	t.Cleanup(srv.Close)
	if !secure {
		srv.Start()
		return "ws" + strings.TrimPrefix(srv.URL, "http"), nil
	}
	srv.StartTLS()
	return "ws" + strings.TrimPrefix(srv.URL, "http"), srv.Client().Transport.(*http.Transport).TLSClientConfig
}

// listen serves connections until the test is over, and returns the address.
// Every connection must have ended by then, by the client's doing: one that has
// not is a leak.
func listen(t testing.TB, serve func(nc net.Conn) error) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	t.Cleanup(func() {
		_ = ln.Close()
		all.Wait()
	})
	all.Go(func() {
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer nc.Close()
				_ = nc.SetDeadline(time.Now().Add(patience))
				if err := serve(nc); errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("a connection was left open: %v", err)
				}
			})
		}
	})
	return ln.Addr().String()
}

// drained reads until the client has let go.
func drained(nc net.Conn) error {
	_, err := io.Copy(io.Discard, nc)
	return err
}

// splice joins two connections until both sides have ended.
func splice(a, b net.Conn, fromA io.Reader) error {
	errs := make(chan error, 2)
	half := func(to net.Conn, from io.Reader) {
		_, err := io.Copy(to, from)
		if h, ok := to.(interface{ CloseWrite() error }); ok {
			_ = h.CloseWrite()
		}
		errs <- err
	}
	go half(b, fromA)
	go half(a, b)
	err := errors.Join(<-errs, <-errs)
	_ = b.Close()
	return err
}

// connectProxy is an HTTP proxy. It wants the credentials if there are any, and
// connects to the host that was asked for, whose name means nothing to it.
type connectProxy struct {
	user   *url.Userinfo
	secure bool
	asked  chan string // the authority of each request
	backup string      // dialled instead
}

func (p *connectProxy) start(t testing.TB) *url.URL {
	t.Helper()
	p.asked = make(chan string, 100)
	u := &url.URL{Scheme: "http", User: p.user}
	wrap := func(nc net.Conn) net.Conn { return nc }
	if p.secure {
		u.Scheme = "https"
		cfg := serverTLS(t)
		wrap = func(nc net.Conn) net.Conn { return tls.Server(nc, cfg) }
	}
	u.Host = listen(t, func(nc net.Conn) error {
		nc = wrap(nc)
		defer nc.Close()
		br := bufio.NewReader(nc)
		r, err := http.ReadRequest(br)
		if err != nil {
			return err
		}
		p.asked <- r.Method + " " + r.RequestURI + " " + r.Host
		if p.user != nil {
			password, _ := p.user.Password()
			want := "Basic " + base64.StdEncoding.EncodeToString([]byte(p.user.Username()+":"+password))
			if r.Header.Get("Proxy-Authorization") != want {
				_, _ = io.WriteString(nc, "HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n")
				return drained(nc)
			}
		}
		to := p.backup
		if to == "" {
			to = r.RequestURI
		}
		out, err := net.Dial("tcp", to)
		if err != nil {
			_, _ = io.WriteString(nc, "HTTP/1.1 502 Bad Gateway\r\n\r\n")
			return drained(nc)
		}
		_, _ = io.WriteString(nc, "HTTP/1.0 200 Connection established\r\nContent-Length: 17\r\n\r\n")
		return splice(nc, out, br)
	})
	return u
}

// socksProxy is a SOCKS5 proxy, RFC 1928 and 1929.
type socksProxy struct {
	scheme string
	user   *url.Userinfo
	asked  chan string // the address of each request
	backup string      // dialled instead of a name
}

func (p *socksProxy) start(t testing.TB) *url.URL {
	t.Helper()
	p.asked = make(chan string, 100)
	return &url.URL{Scheme: p.scheme, User: p.user, Host: listen(t, p.serve)}
}

func (p *socksProxy) serve(nc net.Conn) error {
	read := func(n int) string {
		b := make([]byte, n)
		_, _ = io.ReadFull(nc, b)
		return string(b)
	}
	counted := func() string { return read(int(read(1)[0])) }
	say := func(b ...byte) { _, _ = nc.Write(b) }
	if v := read(1); v != "\x05" {
		return errors.New("not version 5")
	}
	methods := counted()
	if p.user == nil {
		say(5, 0)
	} else {
		if !strings.Contains(methods, "\x02") {
			say(5, 0xff)
			return drained(nc)
		}
		say(5, 2)
		_ = read(1)
		name, word := counted(), counted()
		if password, _ := p.user.Password(); name != p.user.Username() || word != password {
			say(1, 1)
			return drained(nc)
		}
		say(1, 0)
	}
	var host string
	switch head := read(4); head {
	case "\x05\x01\x00\x01":
		host = net.IP(read(4)).String()
	case "\x05\x01\x00\x03":
		host = counted()
	case "\x05\x01\x00\x04":
		host = net.IP(read(16)).String()
	default:
		return errors.New("not a CONNECT")
	}
	port := read(2)
	at := (&net.TCPAddr{Port: int(port[0])<<8 | int(port[1])}).String()
	p.asked <- host + at
	to := host + at
	if p.backup != "" {
		to = p.backup
	}
	out, err := net.Dial("tcp", to)
	if err != nil {
		say(5, 5, 0, 1, 0, 0, 0, 0, 0, 0)
		return drained(nc)
	}
	say(5, 0, 0, 3, 1, 'x', 0, 1)
	return splice(nc, out, nc)
}

var testCertificate = sync.OnceValue(func() tls.Certificate {
	srv := httptest.NewUnstartedServer(nil)
	srv.StartTLS()
	defer srv.Close()
	return srv.TLS.Certificates[0]
})

func serverTLS(testing.TB) *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{testCertificate()}}
}

// trusting is what a client needs to trust serverTLS and httptest.
var trusting = sync.OnceValue(func() *tls.Config {
	srv := httptest.NewUnstartedServer(nil)
	srv.StartTLS()
	defer srv.Close()
	return srv.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
})

// through is the Proxy option for this proxy.
func through(u *url.URL) func(*url.URL) (*url.URL, error) {
	return func(*url.URL) (*url.URL, error) { return u, nil }
}

// dialers are the two ways to dial: they have a conversation of a few messages
// with an echo server and end it.
var dialers = map[string]func(t testing.TB, ctx context.Context, e *engine.Engine, url string, o websocket.DialOptions) error{
	"Dial": func(t testing.TB, ctx context.Context, e *engine.Engine, url string, o websocket.DialOptions) error {
		k := newTalk()
		h, err := websocket.Dial(ctx, e, url, k, o)
		if (err != nil) != (h == websocket.Handle{}) {
			t.Errorf("Dial answered %v, %v", h, err)
		}
		if err == nil {
			exchange(t, h, k)
		}
		return err
	},
	"DialClient": func(t testing.TB, ctx context.Context, _ *engine.Engine, url string, o websocket.DialOptions) error {
		c, err := websocket.DialClient(ctx, url, o)
		if (err != nil) != (c == nil) {
			t.Errorf("DialClient answered %v, %v", c, err)
		}
		if err == nil {
			converse(t, c)
		}
		return err
	},
}

// converse is exchange for a Client.
func converse(t testing.TB, c *websocket.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, n := range []int{0, 1, 125, 126, 5000, 70_000} {
		msg := strings.Repeat("é", n/2)
		for _, kind := range []websocket.MessageType{websocket.Text, websocket.Binary} {
			if err := c.WriteMessage(ctx, kind, []byte(msg)); err != nil {
				t.Error(err)
			}
			got, p, err := c.ReadMessage(ctx)
			if err != nil || got != kind || string(p) != msg {
				t.Errorf("echo of %d bytes is %v %q, %v", n, got, brief(string(p)), err)
				c.CloseNow()
				return
			}
		}
	}
	if err := c.Close(websocket.CodeNormal, "done"); err != nil {
		t.Error(err)
	}
	_, _, err := c.ReadMessage(ctx)
	closedWith(t, err, websocket.CodeNormal, nil)
}
