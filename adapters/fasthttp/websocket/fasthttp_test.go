package websocket_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	gorilla "github.com/gorilla/websocket"
	"github.com/valyala/fasthttp"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
)

// patience is how long a test waits for what must come. It is long, for machines are slow.
const patience = 30 * time.Second

// serve runs a fasthttp server that upgrades every request, until the test ends.
func serve(t *testing.T, u *websocket.FastHTTPUpgrader, h websocket.FastHTTPHandler, change ...func(*fasthttp.Server)) string {
	t.Helper()
	return serveHandler(t, func(ctx *fasthttp.RequestCtx) { _ = u.Upgrade(ctx, h) }, change...)
}

func serveHandler(t *testing.T, h fasthttp.RequestHandler, change ...func(*fasthttp.Server)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return serveOn(t, ln, h, change...)
}

func serveOn(t *testing.T, ln net.Listener, h fasthttp.RequestHandler, change ...func(*fasthttp.Server)) string {
	t.Helper()
	s := &fasthttp.Server{Handler: h, Logger: quiet{}}
	for _, f := range change {
		f(s)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.ShutdownWithContext(ctx); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return ln.Addr().String()
}

// quiet keeps fasthttp's log out of the tests.
type quiet struct{}

func (quiet) Printf(string, ...any) {}

// dial connects with a client that is not ours.
func dial(t *testing.T, addr string) *gorilla.Conn {
	t.Helper()
	c, resp, err := gorilla.DefaultDialer.Dial("ws://"+addr, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	guard(t, c)
	return c
}

func guard(t *testing.T, c *gorilla.Conn) {
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetReadDeadline(time.Now().Add(patience))
	_ = c.SetWriteDeadline(time.Now().Add(patience))
}

// echoed sends a message and wants it back.
func echoed(t *testing.T, c *gorilla.Conn, messageType int, p string) {
	t.Helper()
	if err := c.WriteMessage(messageType, []byte(p)); err != nil {
		t.Fatal(err)
	}
	mt, got, err := c.ReadMessage()
	if err != nil || mt != messageType || string(got) != p {
		t.Fatalf("sent %.20q (%d bytes), got %.20q (%d bytes) of type %d, %v", p, len(p), got, len(got), mt, err)
	}
}

// echo is the handler that blocks.
func echo(c *websocket.Conn) {
	defer c.Close() // for Server.KeepHijackedConns; else it is the second
	for {
		mt, p, err := c.ReadMessage()
		if err != nil {
			return
		}
		if c.WriteMessage(mt, p) != nil {
			return
		}
	}
}

// echoByLoop is the handler that returns.
func echoByLoop(c *websocket.Conn) {
	_ = c.OnMessage(func(c *websocket.Conn, mt int, p []byte) { _ = c.WriteMessage(mt, p) })
}

var handlers = map[string]websocket.FastHTTPHandler{"blocking": echo, "callback": echoByLoop}

func TestFastHTTPEcho(t *testing.T) {
	t.Parallel()
	servers := map[string]func(*fasthttp.Server){
		"plain":         func(*fasthttp.Server) {},
		"MaxConnsPerIP": func(s *fasthttp.Server) { s.MaxConnsPerIP = 100 },
		"KeepHijacked":  func(s *fasthttp.Server) { s.KeepHijackedConns = true },
		"ReduceMemory":  func(s *fasthttp.Server) { s.ReduceMemoryUsage = true },
		"both":          func(s *fasthttp.Server) { s.KeepHijackedConns, s.ReduceMemoryUsage = true, true },
		"timeouts":      func(s *fasthttp.Server) { s.ReadTimeout, s.WriteTimeout = patience, patience },
	}
	for mode, h := range handlers {
		for name, change := range servers {
			for _, compress := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/%s/compress=%v", mode, name, compress), func(t *testing.T) {
					t.Parallel()
					addr := serve(t, &websocket.FastHTTPUpgrader{EnableCompression: compress}, h, change)
					d := gorilla.Dialer{EnableCompression: compress}
					c, resp, err := d.Dial("ws://"+addr, nil)
					if err != nil {
						t.Fatal(err)
					}
					if got := resp.Header.Get("Sec-WebSocket-Extensions") != ""; got != compress {
						t.Errorf("extension agreed: %v", got)
					}
					guard(t, c)
					for _, n := range []int{0, 1, 125, 126, 4000, 65535, 65536, 300_000} {
						echoed(t, c, gorilla.TextMessage, strings.Repeat("x", n))
						echoed(t, c, gorilla.BinaryMessage, strings.Repeat("\xff", n))
					}
					_ = c.WriteControl(gorilla.CloseMessage, gorilla.FormatCloseMessage(4001, "bye"), time.Now().Add(patience))
					if _, _, err := c.ReadMessage(); !gorilla.IsCloseError(err, 4001) {
						t.Errorf("the answer to a close frame: %v", err)
					}
				})
			}
		}
	}
}

func TestFastHTTPTLS(t *testing.T) {
	t.Parallel()
	for mode, h := range handlers {
		for _, keep := range []bool{false, true} {
			for _, perIP := range []int{0, 10} {
				t.Run(fmt.Sprintf("%s/keep=%v/perIP=%d", mode, keep, perIP), func(t *testing.T) {
					t.Parallel()
					cert, pool := ownCertificate(t)
					ln, err := net.Listen("tcp", "127.0.0.1:0")
					if err != nil {
						t.Fatal(err)
					}
					u := &websocket.FastHTTPUpgrader{}
					addr := serveOn(t, tls.NewListener(ln, &tls.Config{Certificates: []tls.Certificate{cert}}),
						func(ctx *fasthttp.RequestCtx) { _ = u.Upgrade(ctx, h) },
						func(s *fasthttp.Server) { s.KeepHijackedConns, s.MaxConnsPerIP = keep, perIP })
					d := gorilla.Dialer{TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: "example.com"}}
					c, _, err := d.Dial("wss://"+addr, nil)
					if err != nil {
						t.Fatal(err)
					}
					guard(t, c)
					for _, n := range []int{0, 100, 70_000} {
						echoed(t, c, gorilla.TextMessage, strings.Repeat("y", n))
					}
				})
			}
		}
	}
}

// fastRequest is an opening handshake as a client writes it.
const fastRequest = "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

// TestFastHTTPEarly sends frames in one segment with the request.
func TestFastHTTPEarly(t *testing.T) {
	t.Parallel()
	for mode, h := range handlers {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			addr := serve(t, &websocket.FastHTTPUpgrader{}, h)
			nc, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			_ = nc.SetDeadline(time.Now().Add(patience))
			frames := ""
			for i := range 1000 { // more than fasthttp's buffer holds
				frames += "\x81\x85\x00\x00\x00\x00" + fmt.Sprintf("%05d", i)
			}
			if _, err := io.WriteString(nc, fastRequest+"\r\n"+frames+"\x88\x82\x00\x00\x00\x00\x03\xe8"); err != nil {
				t.Fatal(err)
			}
			br := bufio.NewReader(nc)
			resp, err := http.ReadResponse(br, nil)
			if err != nil || resp.StatusCode != 101 {
				t.Fatalf("%v, %v", resp, err)
			}
			_ = resp.Body.Close()
			for i := range 1000 {
				got := make([]byte, 7)
				if _, err := io.ReadFull(br, got); err != nil || string(got) != "\x81\x05"+fmt.Sprintf("%05d", i) {
					t.Fatalf("message %d: %q, %v", i, got, err)
				}
			}
			// The answer to the close frame is not sent before those to the messages.
			if got, err := io.ReadAll(br); err != nil || string(got) != "\x88\x02\x03\xe8" {
				t.Errorf("at the end: %q, %v", got, err)
			}
		})
	}
}

func TestFastHTTPRefused(t *testing.T) {
	t.Parallel()
	const base = "Host: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
	without := func(name string) string {
		out := ""
		for _, line := range strings.SplitAfter(base, "\r\n") {
			if !strings.HasPrefix(line, name) {
				out += line
			}
		}
		return out
	}
	for _, tt := range []struct {
		name, method, head string
		status             int
		reason             string
	}{
		{"method", "POST", base + "Content-Length: 0\r\n", 405, "websocket: the client is not using the websocket protocol: request method is not GET"},
		{"connection", "GET", without("Connection"), 400, "websocket: the client is not using the websocket protocol: 'upgrade' token not found in 'Connection' header"},
		{"upgrade", "GET", without("Upgrade"), 400, "websocket: the client is not using the websocket protocol: 'websocket' token not found in 'Upgrade' header"},
		{"version", "GET", without("Sec-WebSocket-Version") + "Sec-WebSocket-Version: 8\r\n", 400, "websocket: unsupported version: 13 not found in 'Sec-Websocket-Version' header"},
		{"origin", "GET", base + "Origin: http://elsewhere\r\n", 403, "websocket: request origin not allowed by FastHTTPUpgrader.CheckOrigin"},
		{"no key", "GET", without("Sec-WebSocket-Key"), 400, "websocket: not a websocket handshake: `Sec-WebSocket-Key' header is missing or blank"},
		{"bad key", "GET", without("Sec-WebSocket-Key") + "Sec-WebSocket-Key: x\r\n", 400, "websocket: not a websocket handshake: 'Sec-WebSocket-Key' header must be Base64 encoded value of 16-byte in length"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, own := range []bool{false, true} {
				reasons := make(chan error, 2)
				u := &websocket.FastHTTPUpgrader{}
				if own {
					u.Error = func(ctx *fasthttp.RequestCtx, status int, reason error) {
						ctx.Error("refused", status)
						reasons <- reason
					}
				}
				addr := serveHandler(t, func(ctx *fasthttp.RequestCtx) {
					reasons <- u.Upgrade(ctx, func(*websocket.Conn) { t.Error("upgraded") })
				})
				resp := ask(t, addr, tt.method+" / HTTP/1.1\r\n"+tt.head+"\r\n")
				body, _ := io.ReadAll(resp.Body)
				want := fasthttp.StatusMessage(tt.status)
				if own {
					want = "refused"
				} else if got := resp.Header.Get("Sec-Websocket-Version"); got != "13" { // RFC 6455 section 4.4
					t.Errorf("Sec-Websocket-Version: %q", got)
				}
				if resp.StatusCode != tt.status || string(body) != want {
					t.Errorf("%d %q, want %d %q", resp.StatusCode, body, tt.status, want)
				}
				for range 1 + b2i(own) {
					err := <-reasons
					if as := (websocket.HandshakeError{}); !errors.As(err, &as) || err.Error() != tt.reason {
						t.Errorf("%T %v, want %s", err, err, tt.reason)
					}
				}
			}
		})
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// ask sends one request and reads one response.
func ask(t *testing.T, addr, request string) *http.Response {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(nc, request); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(nc), nil)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}

func TestFastHTTPHeaders(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name           string
		subprotocols   []string
		preset, header string
		protocol       string
		extension      string
	}{
		{"server's order", []string{"a", "b"}, "", "Sec-WebSocket-Protocol: c, b, a\r\n", "a", ""},
		{"several lines", []string{"a", "b"}, "", "Sec-WebSocket-Protocol: c\r\nSec-WebSocket-Protocol: b\r\n", "b", ""},
		{"none in common", []string{"a"}, "", "Sec-WebSocket-Protocol: c\r\n", "", ""},
		{"the application's", nil, "x", "Sec-WebSocket-Protocol: x, y\r\n", "x", ""},
		{"deflate", nil, "", "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n", "", "permessage-deflate; server_no_context_takeover; client_no_context_takeover"},
		{"a window", nil, "", "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10\r\n", "", "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10"},
		{"another extension", nil, "", "Sec-WebSocket-Extensions: permessage-deflated\r\n", "", ""},
		{"offer after one with an unknown parameter", nil, "", "Sec-WebSocket-Extensions: permessage-deflate; nonsense, permessage-deflate\r\n", "", "permessage-deflate; server_no_context_takeover; client_no_context_takeover"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			subprotocol := make(chan string, 1)
			u := &websocket.FastHTTPUpgrader{Subprotocols: tt.subprotocols, EnableCompression: true}
			addr := serveHandler(t, func(ctx *fasthttp.RequestCtx) {
				ctx.Response.Header.Set("X-Mine", "yes")
				if tt.preset != "" {
					ctx.Response.Header.Set("Sec-WebSocket-Protocol", tt.preset)
				}
				if err := u.Upgrade(ctx, func(c *websocket.Conn) { subprotocol <- c.Subprotocol() }); err != nil {
					t.Error(err)
				}
			})
			resp := ask(t, addr, fastRequest+tt.header+"\r\n")
			h := resp.Header
			if resp.StatusCode != 101 || h.Get("X-Mine") != "yes" || h.Get("Sec-WebSocket-Accept") != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
				t.Fatalf("%s %v", resp.Status, h)
			}
			if h.Get("Sec-WebSocket-Protocol") != tt.protocol || h.Get("Sec-WebSocket-Extensions") != tt.extension {
				t.Errorf("protocol %q, extensions %q", h.Get("Sec-WebSocket-Protocol"), h.Get("Sec-WebSocket-Extensions"))
			}
			if got := <-subprotocol; got != tt.protocol {
				t.Errorf("Subprotocol() is %q", got)
			}
		})
	}
}

// ownCertificate is one for example.com, and those who trust it.
func ownCertificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return s.TLS.Certificates[0], pool
}
