package websocket

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"

	xproxy "golang.org/x/net/proxy"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// ProxyError tells that a proxy did not connect us to the server.
type ProxyError struct {
	Proxy  string // its scheme, host and port
	Status int    // of HTTP; 0 when there was no such answer
	Header []byte // the lines of the answer's head, without the first
	Err    error  // the reason
}

func (e *ProxyError) Error() string {
	return fmt.Sprintf("websocket: proxy %s: %v", e.Proxy, e.Err)
}

// Unwrap returns Err.
func (e *ProxyError) Unwrap() error { return e.Err }

func proxyError(proxy *url.URL, err error) *ProxyError {
	return &ProxyError{Proxy: proxy.Scheme + "://" + proxy.Host, Err: err}
}

// proxy is the proxy of an attempt, or nil.
func (a *attempt) proxy() (*url.URL, error) {
	if a.o.Proxy == nil || a.pinned() {
		return nil, nil
	}
	u := *a.url
	u.Scheme = "http" + u.Scheme[len("ws"):]
	p, err := a.o.Proxy(&u)
	switch {
	case err != nil:
		return nil, fmt.Errorf("websocket: choosing a proxy: %w", err)
	case p == nil:
		return nil, nil
	case p.Hostname() == "":
		return nil, proxyError(p, errors.New("its URL has no host"))
	}
	switch p.Scheme {
	case "http", "https", "socks5", "socks5h":
		return p, nil
	}
	return nil, proxyError(p, errors.New("want scheme http, https, socks5 or socks5h"))
}

// throughProxy asks a proxy for a connection to the server. The connection is the
// caller's also when there is an error.
func (a *attempt) throughProxy(ctx context.Context, proxy *url.URL) (nc net.Conn, early []byte, err error) {
	at := net.JoinHostPort(proxy.Hostname(), portOf(proxy))
	if nc, err = dialer.DialContext(ctx, "tcp", at); err != nil {
		return nil, nil, proxyError(proxy, err)
	}
	server := net.JoinHostPort(a.host(), portOf(a.url))
	switch proxy.Scheme {
	case "https":
		cfg := a.o.tls()
		cfg.ServerName = proxy.Hostname()
		secured, err := secure(ctx, nc, cfg)
		if err != nil {
			return nc, nil, proxyError(proxy, err)
		}
		nc = secured
		fallthrough
	case "http":
		early, err = a.connect(ctx, nc, proxy, server)
	default:
		if err = socks(ctx, nc, proxy, at, server); err != nil {
			err = proxyError(proxy, err)
		}
	}
	return nc, early, err
}

// connect asks an HTTP proxy for a tunnel, RFC 9110 section 9.3.6.
func (a *attempt) connect(ctx context.Context, nc net.Conn, proxy *url.URL, server string) (early []byte, err error) {
	head := fmt.Appendf(nil, "CONNECT %s HTTP/1.1\r\nHost: %[1]s\r\n", server)
	if proxy.User != nil {
		head = append(head, "Proxy-Authorization: "+basic(proxy.User)+"\r\n"...)
	}
	var found answer
	lim := wsproto.Limits{MaxHead: a.o.MaxHead, MaxHeaders: a.o.MaxHeaders}
	r, early, err := found.ask(ctx, nc, append(head, "\r\n"...), nil, lim)
	refusal := proxyError(proxy, err)
	if r != nil {
		refusal.Status, refusal.Header = r.Status, fields(r)
	}
	// "Any 2xx (Successful) response indicates that the sender [...] will switch
	// to tunnel mode immediately after the response header section". What that
	// section says of a body is to be ignored.
	switch {
	case err != nil:
		var bad *wsproto.HandshakeError
		if errors.As(err, &bad) {
			refusal.Err = errors.New(bad.Reason)
		}
	case r.Status/100 != 2:
		refusal.Err = fmt.Errorf("answered with %d %s", r.Status, r.Reason)
	default:
		return early, nil
	}
	return nil, refusal
}

// socks asks a SOCKS5 proxy, RFC 1928 and 1929. It reads no further than the
// proxy's answer.
func socks(ctx context.Context, nc net.Conn, proxy *url.URL, at, server string) error {
	var auth *xproxy.Auth
	if u := proxy.User; u != nil {
		password, _ := u.Password()
		auth = &xproxy.Auth{User: u.Username(), Password: password}
	}
	d, err := xproxy.SOCKS5("tcp", at, auth, nil)
	if err != nil {
		return err
	}
	// Its Dial would wrap the connection, and a loop holds only a bare one.
	on, ok := d.(interface {
		DialWithConn(ctx context.Context, nc net.Conn, network, addr string) (net.Addr, error)
	})
	if !ok {
		return errors.New("golang.org/x/net/proxy has changed")
	}
	_, err = on.DialWithConn(ctx, nc, "tcp", server)
	return err
}
