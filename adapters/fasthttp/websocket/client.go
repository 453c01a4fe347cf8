package websocket

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"time"
)

// ErrBadHandshake is what a Dialer returns for an answer that is not the upgrade it
// asked for; the *http.Response tells what it is.
var ErrBadHandshake = errors.New("websocket: bad handshake")

var (
	errInvalidCompression = errors.New("websocket: invalid compression negotiation")
	errMalformedURL       = errors.New("malformed ws or wss URL")
	errHeadTooLong        = errors.New("websocket: response head of more than 65536 bytes")
)

// Dialer sets up client connections. Any goroutine may call its methods at any
// time, as long as nobody changes its fields. The zero Dialer is usable, and a nil
// one is DefaultDialer as it was at first.
type Dialer struct {
	// NetDial connects to an address. It has no context: when the one of the dial
	// ends first it goes on in a goroutine, and what it then returns is closed.
	// Nil means that of a net.Dialer.
	NetDial func(network, addr string) (net.Conn, error)

	// NetDialContext connects to an address. Nil means NetDial.
	NetDialContext func(ctx context.Context, network, addr string) (net.Conn, error)

	// NetDialTLSContext connects to an address and does the handshake of TLS too:
	// to the server of a wss URL or, if there is one, to an https proxy. Nil means
	// that NetDialContext connects and TLSClientConfig holds.
	NetDialTLSContext func(ctx context.Context, network, addr string) (net.Conn, error)

	// Proxy chooses the proxy for a request, whose URL has the scheme http for ws
	// and https for wss. A proxy's scheme is http, https (TLS to the proxy), socks5,
	// socks5h, or one that was registered with golang.org/x/net/proxy. Nil, and a
	// nil URL, mean no proxy. Its error ends the dial.
	Proxy func(*http.Request) (*url.URL, error)

	// TLSClientConfig is for wss URLs and for https proxies. It is copied. An empty
	// ServerName means the host of the URL; for a proxy it is always the proxy's.
	// Nil means the zero Config.
	TLSClientConfig *tls.Config

	// HandshakeTimeout bounds the whole dial: connecting, the proxy, TLS and the
	// opening handshake. Zero means no bound but the context's, and negative that
	// the time is over at once.
	HandshakeTimeout time.Duration

	// ReadBufferSize and WriteBufferSize are hints for the size of buffers, in bytes. They
	// limit no message. Zero and negative mean 4096.
	ReadBufferSize, WriteBufferSize int

	// WriteBufferPool keeps what messages are assembled in. Nil means a pool of this
	// package.
	WriteBufferPool BufferPool

	// Subprotocols are offered to the server, the preferred one first. Empty offers
	// none, but for those of the request's header.
	Subprotocols []string

	// EnableCompression offers permessage-deflate without context takeover.
	EnableCompression bool

	// Jar gives the cookies of the request and takes those of the response. Nil
	// means neither.
	Jar http.CookieJar
}

// DefaultDialer takes its proxy from the environment and bounds a dial with 45 s.
var DefaultDialer = &Dialer{
	Proxy:            http.ProxyFromEnvironment,
	HandshakeTimeout: 45 * time.Second,
}

// nilDialer is what a nil *Dialer stands for: DefaultDialer, which anybody may change.
var nilDialer = *DefaultDialer

// NewClient does the opening handshake on a connection. u gives host, path and query
// of the request and the rest is that of Dialer.Dial. When that
// fails netConn is closed.
//
// Deprecated: use a Dialer, whose NetDial may return the connection.
func NewClient(netConn net.Conn, u *url.URL, requestHeader http.Header, readBufSize, writeBufSize int) (c *Conn, response *http.Response, err error) {
	d := Dialer{
		NetDial:         func(string, string) (net.Conn, error) { return netConn, nil },
		ReadBufferSize:  readBufSize,
		WriteBufferSize: writeBufSize,
	}
	return d.Dial(u.String(), requestHeader)
}

// Dial is DialContext without a context.
func (d *Dialer) Dial(urlStr string, requestHeader http.Header) (*Conn, *http.Response, error) {
	return d.DialContext(context.Background(), urlStr, requestHeader)
}

// DialContext connects to a ws or wss URL and does the opening handshake. It blocks
// until that is done, or ctx or HandshakeTimeout have ended; neither counts for the
// Conn. The connection is in blocking mode, see Conn.
//
// requestHeader is added to the request: Origin, Cookie, Sec-WebSocket-Protocol
// where Subprotocols is empty, Host instead of the URL's, and any others but those
// of the handshake itself, which are an error.
//
// The response is there with a Conn, with ErrBadHandshake, and with the errors of
// what the two sides agreed on. Its Body holds no more than 1,024 bytes, is in memory
// and need not be closed. A response head of more than 64 KiB is an error. What else
// is returned comes from the dial functions, the proxy and crypto/tls, a timeout is a
// net.Error, and a context that is cancelled is context.Canceled.
func (d *Dialer) DialContext(ctx context.Context, urlStr string, requestHeader http.Header) (*Conn, *http.Response, error) {
	if d == nil {
		d = &nilDialer
	}
	req, key, err := d.request(ctx, urlStr, requestHeader)
	if err != nil {
		return nil, nil, err
	}
	if d.HandshakeTimeout != 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, d.HandshakeTimeout)
		defer cancel()
	}
	g := &guard{ctx: ctx}
	c, resp, err := d.open(g, req, key)
	switch over := g.lift(); {
	case over == nil:
	case err == nil:
		resp, err = nil, over
	case resp == nil && errors.Is(over, context.Canceled):
		err = over // that is why it failed
	}
	if err == nil {
		err = g.top.SetDeadline(time.Time{})
	}
	if err != nil {
		g.close()
		return nil, resp, err
	}
	opened(c)
	return c, resp, nil
}
