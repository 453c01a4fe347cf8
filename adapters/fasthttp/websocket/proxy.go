package websocket

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/net/proxy"
)

// throughProxy is a dial function that goes through a proxy.
func (d *Dialer) throughProxy(g *guard, u *url.URL) (netDialerFunc, error) {
	dial := g.dialer(d.netDial())
	if u.Scheme == "http" {
		return connectThrough(u, dial), nil
	}
	forward := &forwardDialer{ctx: g.ctx, dial: dial, socks: u.Scheme == "socks5" || u.Scheme == "socks5h"}
	through, err := proxy.FromURL(u, forward)
	switch {
	case err != nil && u.Scheme == "https": // and nobody has registered it
		return connectThrough(u, d.securedProxy(g, u)), nil
	case err != nil:
		return nil, err
	}
	return func(ctx context.Context, network, addr string) (nc net.Conn, err error) {
		if with, ok := through.(proxy.ContextDialer); ok {
			nc, err = with.DialContext(ctx, network, addr)
		} else {
			nc, err = through.Dial(network, addr)
		}
		// SOCKS has nothing to do once it is connected. Without its wrapper the
		// descriptor can be reached, which spares a buffer.
		if err == nil && forward.socks {
			nc = forward.nc
		}
		return nc, err
	}, nil
}

// forwardDialer connects to a proxy, for golang.org/x/net/proxy.
type forwardDialer struct {
	ctx   context.Context // for those that know none
	dial  netDialerFunc
	socks bool
	nc    net.Conn // the one to the proxy, for SOCKS
}

func (f *forwardDialer) Dial(network, addr string) (net.Conn, error) {
	return f.DialContext(f.ctx, network, addr)
}

func (f *forwardDialer) DialContext(ctx context.Context, network, addr string) (nc net.Conn, err error) {
	nc, err = f.dial(ctx, network, addr)
	if f.socks { // others may dial from any goroutine
		f.nc = nc
	}
	return nc, err
}

// securedProxy connects to a proxy and does the handshake of TLS.
func (d *Dialer) securedProxy(g *guard, u *url.URL) netDialerFunc {
	if d.NetDialTLSContext != nil {
		return g.dialer(d.NetDialTLSContext)
	}
	dial := g.dialer(d.netDial())
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		nc, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		cfg := d.tlsConfig()
		cfg.ServerName, cfg.NextProtos = u.Hostname(), nil
		tc := tls.Client(nc, cfg)
		if err := tc.HandshakeContext(ctx); err != nil {
			_ = nc.Close()
			return nil, err
		}
		return tc, nil
	}
}

// connectThrough asks an HTTP proxy for a tunnel, RFC 9110 section 9.3.6.
func connectThrough(u *url.URL, dial netDialerFunc) netDialerFunc {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		hostPort, _ := hostPortNoPort(u)
		nc, err := dial(ctx, network, hostPort)
		if err != nil {
			return nil, err
		}
		early, err := askTunnel(nc, u.User, addr)
		if err != nil {
			(&guard{top: nc}).close()
			return nil, err
		}
		if len(early) > 0 {
			return &earlyConn{Conn: nc, early: early}, nil
		}
		return nc, nil
	}
}

// askTunnel sends the request. early is what came behind the answer.
func askTunnel(nc net.Conn, user *url.Userinfo, addr string) (early []byte, err error) {
	req := &http.Request{
		Method: http.MethodConnect,
		URL:    &url.URL{Opaque: addr},
		Host:   addr,
		Header: http.Header{},
	}
	if password, ok := user.Password(); ok {
		credentials := base64.StdEncoding.EncodeToString([]byte(user.Username() + ":" + password))
		req.Header.Set("Proxy-Authorization", "Basic "+credentials)
	}
	if err := req.Write(nc); err != nil {
		return nil, err
	}
	r := newResponseReader(nc)
	resp, err := r.read(req, nil)
	if err != nil {
		return nil, err
	}
	// "Any 2xx (Successful) response indicates that the sender [...] will switch to
	// tunnel mode immediately after the response header section".
	if resp.StatusCode/100 == 2 {
		return r.rest(), nil
	}
	_, reason, _ := strings.Cut(resp.Status, " ")
	if reason == "" {
		reason = http.StatusText(resp.StatusCode)
	}
	if reason == "" {
		reason = "websocket: the proxy refused with status " + resp.Status
	}
	return nil, errors.New(reason)
}

// earlyConn gives what was read too early before the rest.
type earlyConn struct {
	net.Conn
	early []byte
}

func (c *earlyConn) Read(p []byte) (int, error) {
	if len(c.early) == 0 {
		return c.Conn.Read(p)
	}
	n := copy(p, c.early)
	c.early = c.early[n:]
	return n, nil
}

// NetConn returns the connection below, on which the early bytes are missing.
func (c *earlyConn) NetConn() net.Conn { return c.Conn }
