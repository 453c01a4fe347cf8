package websocket

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/url"
	"sync/atomic"

	"github.com/sockeye-io/sockeye/codec/wsproto"
	"github.com/sockeye-io/sockeye/engine"
)

// DialOptions set up one client connection. Options.Path and Options.Authorize
// have no meaning for a client; Options.Subprotocols are what it offers, the
// preferred one first.
type DialOptions struct {
	Options
	// Engine are the limits of the connection below.
	Engine engine.DialOptions
	// Header holds further header lines of the request, name and value in
	// turn. Those of the handshake itself may not be among them.
	Header []string
	// Origin is what a browser would send. Empty sends none.
	Origin string
	// Network and Addr are dialled instead of the URL's host, "unix" and a
	// path for instance. Empty means the host.
	Network, Addr string
}

// HandshakeError is an answer to Dial that is not an upgrade.
type HandshakeError struct {
	Status int    // of HTTP; 0 when the answer was not HTTP
	Reason string // for people
	Header []byte // the lines of the head, without the first
}

func (e *HandshakeError) Error() string {
	return fmt.Sprintf("websocket: bad handshake: %s", e.Reason)
}

// Dial connects to a ws:// URL and returns when OnOpen has run. ctx bounds
// connecting and the handshake, as HandshakeTimeout does the handshake. It
// blocks its caller, no loop; call it from as many goroutines as connections are
// wanted at once. Errors: those of engine.Dial, *HandshakeError,
// ErrHandshakeTimeout, the cause of ctx, what OnOpen returned, or what ended the
// connection before there was an answer, io.EOF for instance.
func Dial(ctx context.Context, e *engine.Engine, rawURL string, h Handler, o DialOptions) (Handle, error) {
	d, err := newDialing(rawURL, h, &o)
	if err != nil {
		return Handle{}, err
	}
	network, addr := o.Network, o.Addr
	if network == "" {
		network, addr = "tcp", d.addr
	}
	eh, err := e.Dial(ctx, network, addr, d, o.Engine)
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return Handle{}, fmt.Errorf("websocket: %w", err)
	}
	select {
	case err = <-d.done:
	case <-ctx.Done():
		if d.settled.CompareAndSwap(false, true) {
			cause := context.Cause(ctx)
			if eh.Post(func(c *engine.Conn) { c.Abort(cause) }) != nil {
				_ = eh.Close() // a mailbox that is full takes this
			}
			return Handle{}, fmt.Errorf("websocket: handshake: %w", cause)
		}
		err = <-d.done // the handshake was quicker
	}
	if err != nil {
		return Handle{}, err
	}
	return Handle{eh}, nil
}

// dialing is the engine.Handler of one client connection.
type dialing struct {
	ep      *endpoint
	addr    string
	key     string
	offered []string
	request []byte
	done    chan error  // the outcome of the handshake, once
	settled atomic.Bool // the outcome is decided: the loop's, or ctx came first
	opening bool        // it is decided, and done waits for what OnOpen returns
	interim int
}

func newDialing(rawURL string, h Handler, o *DialOptions) (*dialing, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, fmt.Errorf("websocket: %w", err)
	}
	switch {
	case u.Scheme == "wss":
		return nil, errors.New("websocket: wss is not supported yet")
	case u.Scheme != "ws":
		return nil, fmt.Errorf("websocket: URL scheme is %q, want ws", u.Scheme)
	case u.Fragment != "": // RFC 6455 3: "Fragment identifiers are meaningless"
		return nil, errors.New("websocket: URL has a fragment")
	case u.Host == "" && o.Network == "":
		return nil, errors.New("websocket: URL has no host")
	}
	port := u.Port()
	if port == "" {
		port = "80"
	}
	d := &dialing{
		ep:      newEndpoint(h, &o.Options, true),
		addr:    net.JoinHostPort(u.Hostname(), port),
		offered: o.Subprotocols,
		done:    make(chan error, 1),
	}
	var nonce [16]byte
	_, _ = rand.Read(nonce[:]) // never fails
	d.key = wsproto.NewKey(nonce)
	if len(o.Header)%2 != 0 {
		return nil, errors.New("websocket: DialOptions.Header has a name without a value")
	}
	var extra []byte
	for i := 0; i < len(o.Header); i += 2 {
		if extra, err = wsproto.AppendField(extra, o.Header[i], o.Header[i+1]); err != nil {
			return nil, fmt.Errorf("websocket: %w", err)
		}
	}
	host := u.Host
	if host == "" {
		host = "localhost"
	}
	d.request, err = wsproto.AppendRequest(nil, &wsproto.ClientRequest{
		Host: host, Target: u.RequestURI(), Key: d.key, Protocols: o.Subprotocols, Origin: o.Origin, Header: extra,
	})
	if err != nil {
		return nil, fmt.Errorf("websocket: %w", err)
	}
	return d, nil
}

// OnOpen sends the request.
func (d *dialing) OnOpen(ec *engine.Conn) error {
	ec.SetUser(&Conn{ec: ec, ep: d.ep, dec: wsproto.NewDecoder(&d.ep.codec)})
	ec.SetTimer(d.ep.hsTime)
	_, err := ec.Write(d.request)
	return err
}

// OnData decodes the answer, then frames.
func (d *dialing) OnData(ec *engine.Conn, p []byte) (int, error) {
	c := ec.User().(*Conn)
	n := 0
	for c.state == stateHandshake {
		var r wsproto.Response
		k, err := r.Parse(p[n:], d.ep.limits, int(c.scanned))
		if err != nil {
			d.refused(c, 0, err, nil)
			return len(p), nil
		}
		if k == 0 {
			c.scanned = int32(len(p) - n)
			return n, nil
		}
		head := p[n : n+k]
		n, c.scanned = n+k, 0
		if r.Interim() {
			if d.interim++; d.interim > 16 {
				d.refused(c, r.Status, errInterim, head)
				return len(p), nil
			}
			continue
		}
		if err := r.CheckUpgrade(&wsproto.ClientRequest{Key: d.key, Protocols: d.offered}); err != nil {
			d.refused(c, r.Status, err, head)
			return len(p), nil
		}
		if !d.settled.CompareAndSwap(false, true) {
			return len(p), nil // the caller has given up
		}
		d.opened(c, &r)
	}
	return n + c.frames(p[n:]), nil
}

// opened tells the application of the connection, then the caller of Dial.
func (d *dialing) opened(c *Conn, resp *wsproto.Response) {
	r := Request{conn: c, Subprotocol: string(resp.Protocol)}
	if _, err := r.Parse(d.request, wsproto.Limits{MaxHead: len(d.request) + 1, MaxHeaders: 1 << 20}, 0); err != nil {
		panic("websocket: our own request: " + err.Error())
	}
	d.request = nil // held no longer than needed
	d.opening = true
	err := c.open(&r)
	d.opening = false
	d.done <- err
}

var errInterim = &wsproto.HandshakeError{Reason: "too many interim responses"}

// refused ends a connection whose answer, if it was one, is no upgrade.
func (d *dialing) refused(c *Conn, status int, err error, head []byte) {
	refusal := &HandshakeError{Status: status, Reason: err.(*wsproto.HandshakeError).Reason, Header: fields(head)}
	d.settle(refusal)
	c.ec.Abort(refusal)
}

func (d *dialing) settle(err error) {
	if d.settled.CompareAndSwap(false, true) {
		d.done <- err
	}
}

func fields(head []byte) []byte {
	for i, b := range head {
		if b == '\n' {
			return append([]byte(nil), head[i+1:]...)
		}
	}
	return nil
}

// OnClose tells the application, or the caller of Dial.
func (d *dialing) OnClose(ec *engine.Conn, err error) {
	c := ec.User().(*Conn)
	switch {
	case d.opening: // OnOpen did not return: it panicked
		d.done <- fmt.Errorf("websocket: %w", err)
	case c.state == stateHandshake:
		if err == nil {
			err = engine.ErrClosed
		}
		d.settle(fmt.Errorf("websocket: handshake: %w", err))
	}
	c.release(err)
}

// OnTimer ends a handshake that takes too long, and a close that does.
func (d *dialing) OnTimer(ec *engine.Conn) {
	c := ec.User().(*Conn)
	if c.state == stateHandshake {
		d.settle(ErrHandshakeTimeout) // Dial need not wait for the peer's FIN
		ec.Abort(ErrHandshakeTimeout)
		return
	}
	c.expired()
}

// OnWritable tells the application that the peer has read on.
func (d *dialing) OnWritable(ec *engine.Conn) { ec.User().(*Conn).relieved() }

// OnMail sends for other goroutines.
func (d *dialing) OnMail(ec *engine.Conn, tag int, p []byte) { ec.User().(*Conn).mail(tag, p) }

// OnDrain says goodbye.
func (d *dialing) OnDrain(ec *engine.Conn) {
	switch c := ec.User().(*Conn); c.state {
	case stateHandshake:
		d.settle(engine.ErrServerClosed)
		ec.Abort(engine.ErrServerClosed)
	case stateOpen:
		c.Close(CodeGoingAway, "")
	}
}
