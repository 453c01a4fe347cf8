package fasthttp

import (
	"runtime"
	"sync"

	"github.com/valyala/fasthttp"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
)

// WebSocketConnection is one connection, of a server or of a client. Its methods may
// be called from any goroutine; one at a time may read.
type WebSocketConnection struct {
	// Conn is the connection below. On a server it is nil until the answer to the
	// handshake is sent; the methods here wait for it.
	Conn *websocket.Conn

	upgrader *websocket.FastHTTPUpgrader
	handle   func(*WebSocketConnection) // nil: the connection is whose who called Upgrade
	pending  *pending                   // nil: Upgrade was not called
}

// pending is an upgrade that is under way.
type pending struct {
	open   chan struct{} // closed when Conn is there
	closed chan struct{} // closed by Close, or when there will be no connection
	once   sync.Once
}

func (p *pending) close() { p.once.Do(func() { close(p.closed) }) }

// Upgrade answers the opening handshake in ctx. The answer is sent, and the
// connection there, when the handler of ctx has returned: go on in another goroutine
// and end with Close, or let a WebSocketServer call you. An error is a
// websocket.HandshakeError, and the request has been answered then.
func (c *WebSocketConnection) Upgrade(ctx *fasthttp.RequestCtx) error {
	u := c.upgrader
	if u == nil {
		u = DefaultUpgrader
	}
	p := &pending{open: make(chan struct{}), closed: make(chan struct{})}
	c.pending = p
	// When the answer cannot be sent, fasthttp forgets what it would have called, and
	// that is all that tells of it: nobody shall wait for ever.
	called := new(func())
	runtime.AddCleanup(called, (*pending).close, p)
	err := u.Upgrade(ctx, func(conn *websocket.Conn) {
		defer runtime.KeepAlive(called)
		c.Conn = conn
		close(p.open)
		if c.handle != nil {
			c.handle(c)
			return
		}
		<-p.closed
	})
	if err != nil {
		p.close()
	}
	return err
}

// wait returns the connection, once it is there, or nil when there is none.
func (c *WebSocketConnection) wait() *websocket.Conn {
	if c.pending != nil {
		select {
		case <-c.pending.open:
		case <-c.pending.closed:
			select {
			case <-c.pending.open:
			default:
				return nil
			}
		}
	}
	return c.Conn
}

// ReadMessage waits for the next message; p is the caller's. The errors are those of
// websocket.Conn.ReadMessage, and websocket.ErrNilConn without a connection.
func (c *WebSocketConnection) ReadMessage() (messageType int, p []byte, err error) {
	return c.wait().ReadMessage()
}

// WriteMessage sends one message; data is the caller's again when it returns. The
// errors are those of websocket.Conn.WriteMessage, and websocket.ErrNilConn without a
// connection.
func (c *WebSocketConnection) WriteMessage(messageType int, data []byte) error {
	return c.wait().WriteMessage(messageType, data)
}

// Close closes the connection without a close frame. It does not wait for one that is
// not there yet: that is closed as soon as it is.
func (c *WebSocketConnection) Close() error {
	if c.pending != nil {
		c.pending.close()
		select {
		case <-c.pending.open:
		default:
			return nil
		}
	}
	return c.Conn.Close()
}
