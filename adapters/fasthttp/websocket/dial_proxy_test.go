package websocket_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
)

// starter is a proxy.
type starter interface{ start(t testing.TB) *url.URL }

// TestDialThrough goes every way to a server: with and without TLS and through every
// kind of proxy.
func TestDialThrough(t *testing.T) {
	t.Parallel()
	user := url.UserPassword("somebody", "p:x")
	for name, way := range map[string]func(backup string) (starter, *chan string){
		"http":            func(b string) (starter, *chan string) { p := &tunnel{backup: b}; return p, &p.asked },
		"http password":   func(b string) (starter, *chan string) { p := &tunnel{backup: b, user: user}; return p, &p.asked },
		"https":           func(b string) (starter, *chan string) { p := &tunnel{backup: b, secure: true}; return p, &p.asked },
		"socks5":          func(b string) (starter, *chan string) { p := &socks{backup: b}; return p, &p.asked },
		"socks5 password": func(b string) (starter, *chan string) { p := &socks{backup: b, user: user}; return p, &p.asked },
	} {
		for _, secure := range []bool{false, true} {
			for host, ports := range map[string][2]string{"example.com": {"80", "443"}, "example.com:8443": {"8443", "8443"}} {
				scheme, port := "ws://", ports[0]
				if secure {
					scheme, port = "wss://", ports[1]
				}
				t.Run(name+" "+scheme+host, func(t *testing.T) {
					t.Parallel()
					at := served(t, secure, echoes(websocket.Upgrader{}))
					p, asked := way(strings.Trim(strings.TrimPrefix(at, "wss"), "ws:/"))
					var sent *http.Request
					proxy := p.start(t)
					d := websocket.Dialer{TLSClientConfig: trusting(), Proxy: func(r *http.Request) (*url.URL, error) { sent = r; return proxy, nil }}
					c, _, err := d.Dial(scheme+host+"/a?b", nil)
					if err != nil {
						t.Fatal(err)
					}
					defer c.Close()
					exchange(t, c)
					want := "example.com:" + port
					if _, isTunnel := p.(*tunnel); isTunnel {
						want = "CONNECT " + want + " " + want
					}
					if got := soon(t, *asked); got != want {
						t.Errorf("the proxy was asked for %q, want %q", got, want)
					}
					if want := strings.Replace(scheme, "ws", "http", 1) + host + "/a?b"; sent.URL.String() != want {
						t.Errorf("Proxy was asked about %s, want %s", sent.URL, want)
					}
					if _, bare := c.NetConn().(*net.TCPConn); bare == (secure || proxy.Scheme == "https") {
						t.Errorf("the connection is a %T", c.NetConn())
					}
				})
			}
		}
	}
}

// TestDialProxyRefuses meets proxies that do not do as they should; the texts are the
// original's.
func TestDialProxyRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		scheme string
		say    string
		err    string // all of it, or a part of it behind ...
	}{
		"403":              {"http", "HTTP/1.1 403 No way\r\nX-Why: because\r\n\r\nno", "No way"},
		"407":              {"http", "HTTP/1.1 407 \r\n\r\n", "Proxy Authentication Required"},
		"no reason":        {"http", "HTTP/1.1 407\r\n\r\n", "Proxy Authentication Required"},
		"unknown":          {"http", "HTTP/1.1 799\r\n\r\n", "websocket: the proxy refused with status 799"},
		"101":              {"http", "HTTP/1.1 101 Switching\r\n\r\n", "Switching"},
		"not HTTP":         {"http", "SSH-2.0-OpenSSH_9\r\n", "...malformed"},
		"nothing":          {"http", "", "unexpected EOF"},
		"TLS garbage":      {"https", "HTTP/1.1 200 OK\r\n\r\n", "...TLS"},
		"socks: nothing":   {"socks5", "", "...EOF"},
		"socks: no method": {"socks5", "\x05\xff", "...no acceptable"},
		"socks: refused":   {"socks5", "\x05\x00\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00", "...not allowed"},
		"other scheme":     {"ftp", "", "proxy: unknown scheme: ftp"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := scripted(t, func(nc net.Conn) error {
				_, _ = nc.Read(make([]byte, 1000))
				_, _ = io.WriteString(nc, tt.say)
				_ = nc.(*net.TCPConn).CloseWrite()
				return untilClosed(nc)
			})
			d := websocket.Dialer{TLSClientConfig: trusting(), Proxy: through(tt.scheme + "://" + at)}
			c, resp, err := d.Dial("ws://server.invalid/", nil)
			part, isPart := strings.CutPrefix(tt.err, "...")
			if c != nil || resp != nil || err == nil || !isPart && err.Error() != tt.err || !strings.Contains(err.Error(), part) {
				t.Errorf("%v, %v, want %s", resp, err, tt.err)
			}
		})
	}
}

// TestDialProxyEarly: what comes in one piece with the proxy's answer is the server's.
func TestDialProxyEarly(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"200":         "HTTP/1.1 200 OK\r\n\r\n",
		"299":         "HTTP/1.1 299 \r\nContent-Length: 3\r\n\r\n",
		"interim":     "HTTP/1.1 103 \r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
		"no text":     "HTTP/1.1 200\r\n\r\n",
		"HTTP/1.0":    "HTTP/1.0 200 Connection established\r\n\r\n",
		"odd framing": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
	} {
		at := scripted(t, func(nc net.Conn) error {
			_, _ = nc.Read(make([]byte, 1000))
			_, _ = io.WriteString(nc, answer+"HTTP/1.1 403 Early\r\nContent-Length: 3\r\n\r\nyes")
			return untilClosed(nc)
		})
		d := websocket.Dialer{Proxy: through("http://" + at)}
		_, resp, err := d.Dial("ws://server.invalid/", nil)
		if err != websocket.ErrBadHandshake || resp.StatusCode != 403 {
			t.Errorf("%s: %v, %v", name, resp, err)
			continue
		}
		if body, _ := io.ReadAll(resp.Body); string(body) != "yes" {
			t.Errorf("%s: body %q", name, body)
		}
	}
}

// TestDialTLSThroughProxy: with NetDialTLSContext, the server behind a proxy gets TLS all
// the same, and it is used for a proxy that wants TLS.
func TestDialTLSThroughProxy(t *testing.T) {
	t.Parallel()
	at := served(t, true, echoes(websocket.Upgrader{}))
	for scheme, proxy := range map[string]starter{
		"http":  &tunnel{backup: strings.Trim(at, "ws:/")},
		"https": &tunnel{backup: strings.Trim(at, "ws:/"), secure: true},
	} {
		var called atomic.Int32
		d := websocket.Dialer{
			TLSClientConfig: trusting(),
			Proxy:           http.ProxyURL(proxy.start(t)),
			NetDialTLSContext: func(_ context.Context, network, addr string) (net.Conn, error) {
				called.Add(1)
				cfg := trusting()
				cfg.ServerName = "example.com"
				return tls.Dial(network, addr, cfg)
			},
		}
		c, _, err := d.Dial("wss://example.com/", nil)
		if err != nil {
			t.Fatalf("%s: %v", scheme, err)
		}
		exchange(t, c)
		_ = c.Close()
		if want := map[string]int32{"https": 1}[scheme]; called.Load() != want {
			t.Errorf("%s: NetDialTLSContext was called %d times", scheme, called.Load())
		}
	}
}

// TestDialTLS looks at what is refused, and that the plain bytes of a handshake are not
// seen on a wss connection.
func TestDialTLS(t *testing.T) {
	t.Parallel()
	at := served(t, true, echoes(websocket.Upgrader{}))
	plain := served(t, false, echoes(websocket.Upgrader{}))
	var wire bytes.Buffer
	d := websocket.Dialer{NetDial: func(network, _ string) (net.Conn, error) {
		nc, err := net.Dial(network, strings.Trim(at, "ws:/"))
		return &wired{Conn: nc, wrote: &wire}, err
	}}
	var unknown x509.UnknownAuthorityError
	if _, _, err := d.Dial("wss://example.com/", nil); !errors.As(err, &unknown) {
		t.Errorf("nobody is trusted: %v", err)
	}
	d.TLSClientConfig = trusting()
	var name x509.HostnameError
	if _, _, err := d.Dial("wss://other.invalid/", nil); !errors.As(err, &name) {
		t.Errorf("another name: %v", err)
	}
	c, _, err := d.Dial("wss://example.com/", nil)
	if err != nil {
		t.Fatal(err)
	}
	exchange(t, c)
	_ = c.Close()
	if d.TLSClientConfig.ServerName != "" {
		t.Error("the configuration was changed")
	}
	if bytes.Contains(wire.Bytes(), []byte("HTTP/1.1")) || wire.Len() == 0 {
		t.Error("the handshake is not secured")
	}
	var record tls.RecordHeaderError
	if _, _, err := new(websocket.Dialer).Dial("wss"+strings.TrimPrefix(plain, "ws"), nil); !errors.As(err, &record) {
		t.Errorf("TLS to a plain server: %v", err)
	}
	// The configuration of a client of HTTP/2 makes the server speak that.
	d.TLSClientConfig.NextProtos = []string{"h2", "http/1.1"}
	h2 := scripted(t, func(nc net.Conn) error {
		cfg := serverTLS()
		cfg.NextProtos = []string{"h2"}
		nc = tls.Server(nc, cfg)
		_, _ = nc.Read(make([]byte, 1000))
		_, _ = io.WriteString(nc, "\x00\x00\x0a\x04\x00\x00\x00\x00\x00\n") // SETTINGS
		return untilClosed(nc)
	})
	d.NetDial = func(network, _ string) (net.Conn, error) { return net.Dial(network, h2) }
	d.HandshakeTimeout = bearing
	if _, _, err := d.Dial("wss://example.com/", nil); err == nil || !strings.HasPrefix(err.Error(), `websocket: protocol "h2" was given but is not supported;sharing tls.Config with net/http Transport can cause this error: `) {
		t.Errorf("HTTP/2: %v", err)
	}
}

// wired notes what is written.
type wired struct {
	net.Conn
	wrote *bytes.Buffer
}

func (c *wired) Write(p []byte) (int, error) {
	c.wrote.Write(p)
	return c.Conn.Write(p)
}
