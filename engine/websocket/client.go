package websocket

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/url"

	"github.com/sockeye-io/sockeye/engine"
)

// DialOptions set up one client connection. The options of a server's policy,
// from Options.Paths to Options.Permissive, have no meaning for a client;
// Options.Subprotocols are what it offers, the preferred one first,
// Options.Compression what it offers of permessage-deflate, and
// Options.HandshakeTimeout bounds all that Dial does.
type DialOptions struct {
	Options

	// Engine are the limits of the connection below.
	Engine engine.DialOptions

	// Header holds further header lines of the request, name and value in
	// turn. Those of the handshake itself may not be among them. An
	// Authorization here is preferred to the userinfo of the URL.
	Header []string

	// Origin is what a browser would send. Empty sends none.
	Origin string

	// Network and Addr are dialled instead of the URL's host, "unix" and a
	// path for instance, and without a proxy. Empty means the host.
	Network, Addr string

	// TLS is for wss:// URLs, and for proxies that are reached through TLS.
	// It is copied. An empty ServerName means the host (of a proxy: always the
	// proxy's), nil NextProtos mean http/1.1. Nil means the zero Config.
	TLS *tls.Config

	// Proxy chooses the proxy for a URL, whose scheme is http or https here,
	// for ws and wss, and which has no userinfo. A proxy's scheme is http,
	// https (TLS to the proxy), socks5 or socks5h (the same: the proxy looks
	// the host up); userinfo are its credentials. A nil URL, and a nil Proxy,
	// mean no proxy. For what HTTPS_PROXY, HTTP_PROXY and NO_PROXY say there is
	// golang.org/x/net/http/httpproxy: httpproxy.FromEnvironment().ProxyFunc().
	Proxy func(u *url.URL) (*url.URL, error)

	// Redirects is how many redirects may be followed, one after the other.
	// None leads from wss to ws, and none takes Authorization, Cookie,
	// Proxy-Authorization or userinfo to another host or port, but for the
	// step from port 80 of ws to port 443 of wss. What TLS says of us, a
	// certificate of ours for instance, is the same for all hosts. Zero and
	// negative mean none: Dial returns the *HandshakeError.
	Redirects int
}

// HandshakeError is an answer to Dial that is not an upgrade.
type HandshakeError struct {
	Status int    // of HTTP; 0 when the answer was not HTTP
	Reason string // for people
	Header []byte // the lines of the head, without the first

	location string
}

func (e *HandshakeError) Error() string {
	return fmt.Sprintf("websocket: bad handshake: %s", e.Reason)
}

// Dial connects to a ws:// or wss:// URL and returns when OnOpen has run. ctx
// and HandshakeTimeout bound all of it: looking up the host, connecting, proxy,
// TLS, the handshake, and all that again for each redirect. It blocks its
// caller, no loop; call it from as many goroutines as connections are wanted at
// once. The userinfo of the URL is sent as Authorization: Basic.
//
// A ws connection is held by a loop alone, also behind a proxy; TLS costs two
// goroutines besides, see engine.Adopt.
//
// Errors: those of engine.Dial and crypto/tls, *ProxyError, *HandshakeError,
// ErrHandshakeTimeout, the cause of ctx, what OnOpen returned, or what ended the
// connection before there was an answer, io.EOF for instance.
func Dial(ctx context.Context, e *engine.Engine, rawURL string, h Handler, o DialOptions) (Handle, error) {
	ep := newEndpoint(h, &o.Options, true)
	var eh engine.Handle
	err := follow(ctx, rawURL, &o, func(ctx context.Context, a *attempt) (err error) {
		eh, err = a.dial(ctx, e, ep)
		return err
	})
	if err != nil {
		return Handle{}, err
	}
	return Handle{eh}, nil
}

// dial makes the attempt on a loop of e.
func (a *attempt) dial(ctx context.Context, e *engine.Engine, ep *endpoint) (engine.Handle, error) {
	d, err := newDialing(a, ep)
	if err != nil {
		return engine.Handle{}, err
	}
	eh, err := a.enroll(ctx, e, d)
	if err != nil {
		d.req.drop() // no OnClose does
		return engine.Handle{}, err
	}
	select {
	case err = <-d.done:
	case <-ctx.Done():
		if d.settled.CompareAndSwap(false, true) {
			cause := stopped(ctx)
			if eh.Post(func(c *engine.Conn) { c.Abort(cause) }) != nil {
				_ = eh.Close() // a mailbox that is full takes this
			}
			return engine.Handle{}, cause
		}
		err = <-d.done // the handshake was quicker
	}
	return eh, err
}

// enroll connects and puts the connection on a loop of e.
func (a *attempt) enroll(ctx context.Context, e *engine.Engine, d *dialing) (eh engine.Handle, err error) {
	proxy, err := a.proxy()
	if err != nil {
		return eh, err
	}
	if proxy == nil && !a.secure() {
		network, addr := a.target()
		eh, err = e.Dial(ctx, network, addr, d, a.o.Engine)
	} else {
		nc, early, lost := a.reach(ctx, proxy)
		if lost != nil {
			return eh, lost
		}
		eh, err = e.AdoptWith(nc, early, d, a.o.Engine.Options)
	}
	if err != nil {
		if cause := stopped(ctx); cause != nil {
			return eh, cause
		}
		return eh, fmt.Errorf("websocket: %w", err)
	}
	return eh, nil
}
