package baseline

import (
	"io"
	"net"
	"sync"
	"time"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// Conn is a WebSocket connection. It belongs to its goroutine, in which the Handler runs.
type Conn struct {
	srv  *Server
	nc   net.Conn
	dec  wsproto.Decoder
	in   inbox
	out  *cork  // what an echo server has not written yet; nil is nothing
	mail *queue // what a broadcast server writes from; nil otherwise

	index int  // in srv.conns
	open  bool // the handshake is done; guarded by srv.mu
}

// patience is how long a peer that is being sent away has to take what it was sent.
const patience = time.Second

// WriteMessage sends one message. Inside a handler it leaves when all messages of the read were handled. An error is
// final: the connection ends once the handler has returned.
func (c *Conn) WriteMessage(op wsproto.OpCode, p []byte) error {
	if c.mail != nil {
		return c.send(wsproto.AppendFrame(nil, op, p), false)
	}
	return c.write(op, p)
}

// control writes a control frame.
func (c *Conn) control(op wsproto.OpCode, p []byte) error {
	if c.mail != nil {
		return c.send(wsproto.AppendFrame(nil, op, p), true)
	}
	return c.write(op, p)
}

// serve is the connection's goroutine until the handshake is done, and run from then on: another, because the stack of
// the first has grown with the handshake, and would stay so.
func (c *Conn) serve() {
	switch refused, err := c.upgrade(); {
	case refused:
		c.leave(faulty)
	case err == nil:
		c.opened()
		c.srv.wg.Go(c.run)
		return
	}
	c.end()
}

func (c *Conn) run() {
	defer c.end()
	for {
		ended, err := c.frames()
		if err != nil {
			return
		}
		if ended > 0 {
			c.leave(ended)
			return
		}
		if c.flush() != nil || c.in.read(c.nc) != nil {
			return
		}
	}
}

// end gives everything back.
func (c *Conn) end() {
	c.srv.forget(c)
	_ = c.nc.Close()
	if c.mail != nil {
		c.mail.close()
	}
	if c.out != nil {
		c.uncork()
	}
}

// requests are lent to whoever parses one.
var requests = sync.Pool{New: func() any { return new(wsproto.Request) }}

// upgrade reads and answers the opening handshake. An error is that the peer went.
func (c *Conn) upgrade() (refused bool, err error) {
	for scanned := 0; ; scanned = len(c.in.unread()) {
		if err := c.in.read(c.nc); err != nil {
			return false, err
		}
		if n, refused := c.handshake(scanned); n > 0 || refused {
			c.in.consume(n)
			return refused, nil
		}
	}
}

// handshake answers the request if it has come whole: n is its length. The answer leaves with those to the frames that
// came with it.
func (c *Conn) handshake(scanned int) (n int, refused bool) {
	r := requests.Get().(*wsproto.Request)
	defer func() {
		*r = wsproto.Request{}
		requests.Put(r)
	}()
	n, err := r.Parse(c.in.unread(), wsproto.Limits{}, scanned)
	if err == nil && n > 0 {
		err = r.CheckUpgrade()
	}
	if n == 0 && err == nil {
		return 0, false
	}
	c.out = corks.Get().(*cork)
	if err != nil {
		refusal := err.(*wsproto.HandshakeError)
		c.out.b = wsproto.AppendErrorResponse(c.out.b, refusal.Status, nil, refusal.Reason+"\n")
		return n, true
	}
	c.out.b = wsproto.AppendUpgradeResponse(c.out.b, r.Key, "", nil)
	return n, false
}

// leave lets the last words arrive. After a fault there may be more to read, and what is unread when a socket is closed
// makes the kernel send a reset, at which the peer may forget what it has not read yet; an agreed end needs no such care.
func (c *Conn) leave(e ending) {
	_ = c.nc.SetDeadline(time.Now().Add(patience))
	if c.flush() != nil {
		return
	}
	if c.mail != nil {
		c.mail.finish()
	}
	if half, ok := c.nc.(*net.TCPConn); ok && e == faulty && half.CloseWrite() == nil {
		_, _ = io.Copy(io.Discard, c.nc)
	}
}

// cut ends the connection at once, from any goroutine. What the peer has not taken is dropped: it would stay in the
// kernel, and the close behind it.
func (c *Conn) cut() {
	if tcp, ok := c.nc.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.nc.Close()
}
