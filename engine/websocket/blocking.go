package websocket

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// Client is a WebSocket connection for goroutines that may block. It needs no
// engine, and no goroutine of its own but for a moment: to answer a ping for which
// the peer has left no room.
//
// Any goroutine may call any method at any time: a message is sent whole, and a
// message that is received goes to one reader. One goroutine should be in
// ReadMessage at all times, for nothing is noticed without it: pings are
// answered there, and it is there that the peer's close frame is met.
//
// The caller must end every Client with Close or CloseNow, also one that the
// peer has closed.
type Client struct {
	nc          net.Conn
	subprotocol string
	zip         *deflation // nil: nothing is compressed; its window in belongs to who reads, out to who writes
	codec       wsproto.Config
	endTime     time.Duration
	linger      time.Duration

	reading turn // is had by the one goroutine that uses the five below
	dec     wsproto.Decoder
	in      []byte // received and not decoded, a part of buf
	buf     []byte
	full    bool   // the last read filled buf
	msg     []byte // what has arrived of a message, compressed if that is

	writing turn // is had by the one goroutine that writes to nc

	mu      sync.Mutex
	closing bool        // nothing more may be sent
	unsent  *CloseError // why what was to be sent last could not be: how it ends, unless we read of another end
	err     *CloseError // how the connection ended
	over    chan struct{}
	pong    []byte // owed to the peer; nil: none
	pings   uint64 // sent
	waiting map[uint64]chan struct{}
}

// DialClient connects to a ws:// or wss:// URL and returns when the handshake is
// done. URL, options, bounds and errors are those of Dial, but for those of an
// engine. Of DialOptions.Engine it uses Linger alone, and it sends no pings of its
// own: PingInterval and PongTimeout have no meaning here, see Client.Ping.
func DialClient(ctx context.Context, rawURL string, o DialOptions) (c *Client, err error) {
	err = follow(ctx, rawURL, &o, func(ctx context.Context, a *attempt) error {
		c, err = a.client(ctx)
		return err
	})
	return c, err
}

// client makes the attempt in this goroutine.
func (a *attempt) client(ctx context.Context) (*Client, error) {
	if network, _ := a.target(); !isStream(network) {
		return nil, fmt.Errorf("websocket: %w", net.UnknownNetworkError(network))
	}
	zip := a.o.Compression
	if zip != nil {
		zip.init()
	}
	req, err := a.request(zip, false)
	if err != nil {
		return nil, err
	}
	defer req.drop()
	proxy, err := a.proxy()
	if err != nil {
		return nil, err
	}
	nc, early, err := a.reach(ctx, proxy)
	if err != nil {
		return nil, err
	}
	var found answer
	lim := wsproto.Limits{MaxHead: a.o.MaxHead, MaxHeaders: a.o.MaxHeaders}
	r, rest, err := found.ask(ctx, nc, req.head, early, lim)
	if err == nil {
		err = r.CheckUpgrade(&req.ClientRequest)
	}
	if err != nil {
		_ = bare(nc).Close()
		var bad *wsproto.HandshakeError
		if errors.As(err, &bad) {
			return nil, refused(r, bad)
		}
		if cause := stopped(ctx); cause != nil {
			return nil, cause
		}
		return nil, fmt.Errorf("websocket: handshake: %w", err)
	}
	return newClient(nc, a.o, string(r.Protocol), req.accepted(r), rest), nil
}

func newClient(nc net.Conn, o *DialOptions, subprotocol string, zip *deflation, rest []byte) *Client {
	c := &Client{
		nc:          nc,
		subprotocol: subprotocol,
		zip:         zip,
		codec: wsproto.Config{
			Client: true, MaxFrame: o.MaxFrame, MaxMessage: o.MaxMessage, SkipUTF8: o.SkipUTF8, Deflate: zip != nil,
		},
		endTime: orDefault(o.CloseTimeout, 5*time.Second),
		linger:  orDefault(o.Engine.Linger, time.Second),
		reading: newTurn(),
		writing: newTurn(),
		buf:     make([]byte, max(minRead, len(rest))),
		over:    make(chan struct{}),
		waiting: make(map[uint64]chan struct{}),
	}
	c.dec = wsproto.NewDecoder(&c.codec)
	c.in = c.buf[:copy(c.buf, rest)]
	return c
}

// Compressed reports whether permessage-deflate was agreed.
func (c *Client) Compressed() bool { return c.zip != nil }

// Subprotocol returns the one that the server chose; empty means none.
func (c *Client) Subprotocol() string { return c.subprotocol }

// LocalAddr returns our address.
func (c *Client) LocalAddr() net.Addr { return c.nc.LocalAddr() }

// RemoteAddr returns the address of the server, or of the proxy.
func (c *Client) RemoteAddr() net.Addr { return c.nc.RemoteAddr() }

// end closes the connection at once. The first cause is the one that is told.
func (c *Client) end(cause *CloseError) {
	c.mu.Lock()
	if c.err == nil {
		c.err, c.closing = cause, true
		close(c.over)
	}
	c.mu.Unlock()
	_ = bare(c.nc).Close()
	c.tidy()
}

// tidy gives the windows back when the connection has ended and nobody uses them;
// who does comes here when it is done.
func (c *Client) tidy() {
	if c.zip == nil || c.outcome() == nil {
		return
	}
	if c.reading.try() {
		forget(&c.zip.in)
		c.reading.pass()
	}
	if c.writing.try() {
		forget(&c.zip.out)
		c.writing.pass()
	}
}

// forget writes to no deflation without a window: it is shared.
func forget(w **window) {
	if *w != nil {
		(*w).free()
		*w = nil
	}
}

// outcome is how the connection ended, a *CloseError, or nil.
func (c *Client) outcome() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		return nil
	}
	return c.err
}

// turn lets one goroutine at a time do something, and others give up waiting.
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

func (t turn) take(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (t turn) try() bool {
	select {
	case t <- struct{}{}:
		return true
	default:
		return false
	}
}

func (t turn) pass() { <-t }
