package websocket_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	gorilla "github.com/gorilla/websocket"
	"golang.org/x/net/proxy"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
)

// traced notes the hooks that are called.
func traced(ctx context.Context, seen *[]string) context.Context {
	note := func(what ...any) { *seen = append(*seen, fmt.Sprint(what...)) }
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn:              func(hostPort string) { note("GetConn ", hostPort) },
		GotConn:              func(i httptrace.GotConnInfo) { note("GotConn ", i.Conn != nil, i.Reused) },
		GotFirstResponseByte: func() { note("GotFirstResponseByte") },
		Got100Continue:       func() { note("Got100Continue") },
		Got1xxResponse:       func(code int, _ textproto.MIMEHeader) error { note("Got1xxResponse ", code); return nil },
		ConnectStart:         func(network, addr string) { note("ConnectStart ", network, addr) },
		ConnectDone:          func(network, addr string, err error) { note("ConnectDone ", network, addr, err) },
		TLSHandshakeStart:    func() { note("TLSHandshakeStart") },
		TLSHandshakeDone:     func(s tls.ConnectionState, err error) { note("TLSHandshakeDone ", s.HandshakeComplete, err) },
		WroteHeaders:         func() { note("WroteHeaders") },
		WroteRequest:         func(i httptrace.WroteRequestInfo) { note("WroteRequest ", i.Err) },
	})
}

// TestDialTrace: the hooks are called when gorilla calls them, from which the original descends.
func TestDialTrace(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		secure, trusting, proxied bool
	}{
		"ws":            {},
		"wss":           {secure: true, trusting: true},
		"nobody trusts": {secure: true},
		"proxy":         {secure: true, trusting: true, proxied: true},
	} {
		at := served(t, tt.secure, echoes(websocket.Upgrader{}))
		cfg := new(tls.Config)
		if tt.trusting {
			cfg = trusting()
		}
		through := func(*http.Request) (*url.URL, error) { return nil, nil }
		if tt.proxied {
			through = http.ProxyURL((&tunnel{backup: strings.Trim(strings.TrimPrefix(at, "wss"), "ws:/")}).start(t))
		}
		var want, got []string
		g := gorilla.Dialer{TLSClientConfig: cfg, Proxy: through}
		gc, _, wantErr := g.DialContext(traced(t.Context(), &want), at, nil)
		if gc != nil {
			_ = gc.Close()
		}
		d := websocket.Dialer{TLSClientConfig: cfg, Proxy: through}
		c, _, err := d.DialContext(traced(t.Context(), &got), at, nil)
		if c != nil {
			_ = c.Close()
		}
		if d := cmp.Diff(want, got); d != "" || len(got) < 6 || (err == nil) != (wantErr == nil) {
			t.Errorf("%s: %v, gorilla's is %v; the hooks (-gorilla +ours):\n%s", name, err, wantErr, d)
		}
	}
}

// lone is a kind of proxy that package proxy is told of. It has no context, and with own it
// connects by itself.
type lone struct {
	at      string
	own     bool
	forward proxy.Dialer
}

func (l lone) Dial(network, _ string) (net.Conn, error) {
	if l.own {
		return net.Dial(network, l.at)
	}
	return l.forward.Dial(network, l.at)
}

func init() {
	for scheme, own := range map[string]bool{"lone": true, "forwarding": false} {
		proxy.RegisterDialerType(scheme, func(u *url.URL, forward proxy.Dialer) (proxy.Dialer, error) {
			return lone{u.Host, own, forward}, nil
		})
	}
}

// TestDialRegisteredProxy: kinds of proxies that others have registered are used, and
// HandshakeTimeout holds for what they connect to.
func TestDialRegisteredProxy(t *testing.T) {
	t.Parallel()
	at := strings.Trim(served(t, false, echoes(websocket.Upgrader{})), "ws:/")
	deaf := scripted(t, untilClosed)
	for _, scheme := range []string{"lone", "forwarding"} {
		d := websocket.Dialer{HandshakeTimeout: bearing, Proxy: through(scheme + "://" + at)}
		c, _, err := d.Dial("ws://nowhere.invalid/", nil)
		if err != nil {
			t.Fatalf("%s: %v", scheme, err)
		}
		exchange(t, c)
		_ = c.Close()
		d = websocket.Dialer{HandshakeTimeout: 50 * time.Millisecond, Proxy: through(scheme + "://" + deaf)}
		if _, _, err := d.Dial("ws://nowhere.invalid/", nil); !os.IsTimeout(err) {
			t.Errorf("%s: %v, want a timeout", scheme, err)
		}
	}
}

// TestDialProxyEarlyTalk: a connection that began with bytes behind the proxy's answer
// goes on as any other.
func TestDialProxyEarlyTalk(t *testing.T) {
	t.Parallel()
	at := scripted(t, func(nc net.Conn) error {
		_, _ = nc.Read(make([]byte, 1000))
		_, _ = io.WriteString(nc, "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 103 \r\n\r\n")
		accept(t, nc, switching(), "\x81\x05hello")
		_, _ = io.WriteString(nc, "\x81\x05again")
		return untilClosed(nc)
	})
	d := websocket.Dialer{HandshakeTimeout: bearing, Proxy: through("http://" + at)}
	c, _, err := d.Dial("ws://nowhere.invalid/", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, want := range []string{"hello", "again"} {
		if _, p, err := c.ReadMessage(); err != nil || string(p) != want {
			t.Errorf("%q, %v, want %q", p, err, want)
		}
	}
	if below, ok := c.NetConn().(interface{ NetConn() net.Conn }); ok {
		if _, ok := below.NetConn().(*net.TCPConn); !ok {
			t.Errorf("below is a %T", below.NetConn())
		}
	}
}
