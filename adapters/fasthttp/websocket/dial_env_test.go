package websocket_test

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
)

// bearing is how long a test bears to wait for what must come.
const bearing = 30 * time.Second

// scripted serves connections until the test is over, and returns the address. Every
// connection must have ended by then, by the client's doing.
func scripted(t testing.TB, serve func(nc net.Conn) error) string {
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
				_ = nc.SetDeadline(time.Now().Add(bearing))
				if err := serve(nc); errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("a connection was left open: %v", err)
				}
			})
		}
	})
	return ln.Addr().String()
}

// untilClosed reads until the client has let go.
func untilClosed(nc net.Conn) error {
	_, err := io.Copy(io.Discard, nc)
	return err
}

// accept reads a request and sends an answer, by default the one that accepts;
// %ACCEPT% is the key's.
func accept(t testing.TB, nc net.Conn, answer ...string) {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(nc))
	if err != nil {
		t.Errorf("reading the request: %v", err)
		return
	}
	if answer == nil {
		answer = []string{switching()}
	}
	key := websocket.ComputeAcceptKey(r.Header.Get("Sec-Websocket-Key"))
	_, _ = io.WriteString(nc, strings.ReplaceAll(strings.Join(answer, ""), "%ACCEPT%", key))
}

// answering is a server that answers each request so.
func answering(t testing.TB, answer ...string) string {
	t.Helper()
	return "ws://" + scripted(t, func(nc net.Conn) error {
		accept(t, nc, answer...)
		return untilClosed(nc)
	})
}

// switching is the answer that accepts, with more header lines.
func switching(lines ...string) string {
	lines = append([]string{
		"HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Accept: %ACCEPT%",
	}, lines...)
	return strings.Join(lines, "\r\n") + "\r\n\r\n"
}

// served is a server of net/http with TLS or without, and its ws URL.
func served(t testing.TB, secure bool, h http.HandlerFunc) string {
	t.Helper()
	srv := httptest.NewUnstartedServer(h)
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	t.Cleanup(srv.Close)
	if secure {
		srv.StartTLS()
	} else {
		srv.Start()
	}
	return "ws" + strings.TrimPrefix(srv.URL, "http") + "/"
}

var certificate = sync.OnceValues(func() (*tls.Config, *tls.Config) {
	srv := httptest.NewUnstartedServer(nil)
	srv.StartTLS()
	defer srv.Close()
	client := srv.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	client.NextProtos = nil
	return &tls.Config{Certificates: srv.TLS.Certificates}, client
})

// serverTLS and trusting are the two ends of TLS; httptest has the same certificate.
func serverTLS() *tls.Config { server, _ := certificate(); return server.Clone() }
func trusting() *tls.Config  { _, client := certificate(); return client.Clone() }

// tunnel is an HTTP proxy that wants the credentials if there are any, and notes what
// it was asked. Names mean nothing to it: it connects to backup instead.
type tunnel struct {
	secure bool
	user   *url.Userinfo
	backup string
	asked  chan string
}

func (p *tunnel) start(t testing.TB) *url.URL {
	t.Helper()
	p.asked = make(chan string, 100)
	u := &url.URL{Scheme: "http", User: p.user}
	if p.secure {
		u.Scheme = "https"
	}
	u.Host = scripted(t, func(nc net.Conn) error {
		if p.secure {
			nc = tls.Server(nc, serverTLS())
		}
		br := bufio.NewReader(nc)
		r, err := http.ReadRequest(br)
		if err != nil {
			return err
		}
		p.asked <- r.Method + " " + r.RequestURI + " " + r.Host
		if p.user != nil {
			want := "Basic " + base64.StdEncoding.EncodeToString([]byte(plain(p.user)))
			if r.Header.Get("Proxy-Authorization") != want {
				_, _ = io.WriteString(nc, "HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n")
				return untilClosed(nc)
			}
		}
		return join(nc, br, p.backup, r.RequestURI, "HTTP/1.1 200 Connection established\r\n\r\n")
	})
	return u
}

func plain(u *url.Userinfo) string {
	password, _ := u.Password()
	return u.Username() + ":" + password
}

// join connects to backup, or to the address that was asked for, says so and passes
// on what both sides say.
func join(nc net.Conn, from io.Reader, backup, asked, say string) error {
	if backup == "" {
		backup = asked
	}
	out, err := net.Dial("tcp", backup)
	if err != nil {
		return err
	}
	defer out.Close()
	_, _ = io.WriteString(nc, say)
	done := make(chan error)
	go func() {
		_, err := io.Copy(out, from)
		_ = out.(*net.TCPConn).CloseWrite()
		done <- err
	}()
	_, _ = io.Copy(nc, out)
	_ = nc.Close()
	return <-done
}

// socks is a SOCKS5 proxy, RFC 1928 and 1929.
type socks struct {
	user   *url.Userinfo
	backup string
	asked  chan string
}

func (p *socks) start(t testing.TB) *url.URL {
	t.Helper()
	p.asked = make(chan string, 100)
	return &url.URL{Scheme: "socks5", User: p.user, Host: scripted(t, p.serve)}
}

func (p *socks) serve(nc net.Conn) error {
	read := func(n int) string {
		b := make([]byte, n)
		_, _ = io.ReadFull(nc, b)
		return string(b)
	}
	counted := func() string { return read(int(read(1)[0])) }
	_, _ = read(1), counted()
	if p.user == nil {
		_, _ = nc.Write([]byte{5, 0})
	} else {
		_, _ = nc.Write([]byte{5, 2})
		_ = read(1)
		if got := counted() + ":" + counted(); got != plain(p.user) {
			_, _ = nc.Write([]byte{1, 1})
			return untilClosed(nc)
		}
		_, _ = nc.Write([]byte{1, 0})
	}
	var host string
	switch head := read(4); head[3] {
	case 1:
		host = net.IP(read(4)).String()
	case 3:
		host = counted()
	default:
		return errors.New("not an address")
	}
	port := read(2)
	at := host + (&net.TCPAddr{Port: int(port[0])<<8 | int(port[1])}).String()
	p.asked <- at
	return join(nc, nc, p.backup, at, "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
}

// soon receives, or fails the test.
func soon[T any](t testing.TB, ch <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-ch:
	case <-time.After(bearing):
		t.Fatal("nothing came")
	}
	return v
}

// through is the Proxy of a Dialer for this proxy.
func through(rawURL string) func(*http.Request) (*url.URL, error) {
	return func(*http.Request) (*url.URL, error) { return url.Parse(rawURL) }
}
