package fasthttp

import (
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/sockeye-io/sockeye/engine"
)

// conn is a connection of an HTTPServer, from its first to its last byte: for the
// loop, for fasthttp, whose net.Conn it is while requests run, and for whom it is
// hijacked by. It is never used for another one, so that a handler which keeps it
// reaches nobody else's peer.
//
// mu guards all but the fields of a run, which belong to the goroutine that runs
// requests, and to the loop while none do.
type conn struct {
	s     *server
	e     *engine.Engine
	other *addrs // of what is not plain TCP

	mu       sync.Mutex
	cond     *sync.Cond // who is blocked waits here; nil when nobody ever was
	h        engine.Handle
	nc       net.Conn // once it has left its loop
	in       []byte   // received; in[:pos] is used up
	own      *buffer  // that in is a part of; nil when in is lent
	out      *buffer  // of a response, on its way
	scan     scan     // of the request at in[pos:]
	pos, end int32    // in[pos:end] is the request that fasthttp may read
	inflight int32    // bytes mailed to the loop
	owed     int32    // of those: written, waiting for the peer
	served   int32    // requests, on the whole life
	deadline int64
	armed    int64 // what the timer is set for, 0 when it is not
	readBy   int64
	writeBy  int64

	ec            *engine.Conn // in a run on the loop
	remote, local address

	state   connState
	eof     bool // the peer's FIN has come
	closed  bool // by us: no more may be written
	gone    bool // the engine has told OnClose
	leaving bool // its loop: it was asked to
	owned   bool // hijacked, and not by fasthttp's hijack handler any more
	stuck   bool // it cannot leave
	drain   bool // no further requests are wanted
	counted bool // in server.perIP

	// Of a run.
	boundary  bool // fasthttp is between two requests
	given     bool // the request at hand was not handled yet
	ended     bool // fasthttp was told that there is no further request for now
	broken    bool // fasthttp and the scan do not agree
	hold      bool // what is written may wait for the end of the run
	hijacking bool
	burst     uint8   // requests that this run may still begin
	fail      failure // what reading ends with, instead of a further request
}

// addrs are of a connection that is not TCP, or TLS over it.
type addrs struct {
	remote, local net.Addr
	tls           *secure // nil without
}

// address is one of TCP, in few bytes.
type address struct {
	ip   [16]byte
	port uint16
}

func addressOf(a netip.AddrPort) address { return address{a.Addr().As16(), a.Port()} }

func (a *address) addr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.AddrFrom16(a.ip).Unmap(), a.port))
}

type connState uint8

const (
	idle     connState = iota // the loop waits for a request
	running                   // a worker has it
	looping                   // the loop itself runs requests
	alone                     // a goroutine of its own has it
	hijacked                  // somebody else has it
	over                      // nobody
)

type failure uint8

const (
	noFailure failure = iota
	failEOF
	failCut
	failTimeout
)

func (c *conn) failure() error {
	switch c.fail {
	case failEOF:
		return io.EOF
	case failTimeout:
		return c.timeout("read")
	default:
		return io.ErrUnexpectedEOF
	}
}

// began is what times are counted from.
var began = time.Now()

func now() int64 { return int64(time.Since(began)) }

// stamp is t as now() counts; 0 is no time.
func stamp(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return int64(max(t.Sub(began), 1))
}

// waiters returns what a goroutine waits on until something has changed.
func (c *conn) waiters() *sync.Cond {
	if c.cond == nil {
		c.cond = sync.NewCond(&c.mu)
	}
	return c.cond
}

func (c *conn) wake() {
	if c.cond != nil {
		c.cond.Broadcast()
	}
}

// store keeps p behind what was received.
func (c *conn) store(p []byte) {
	if c.own == nil {
		c.own = newBuffer()
		c.in = append(c.own.b[:0], c.in...)
	}
	if c.pos > 0 && len(c.in)+len(p) > cap(c.in) {
		n := copy(c.in, c.in[c.pos:])
		c.in, c.end, c.pos = c.in[:n], c.end-c.pos, 0
	}
	c.in = append(c.in, p...)
}

// settle keeps nothing of what is used up, and nothing that is lent.
func (c *conn) settle() {
	rest := c.in[c.pos:]
	switch {
	case len(rest) == 0:
		c.own.free(c.in)
		c.in, c.own = nil, nil
	case c.own == nil:
		c.own = newBuffer()
		c.in = append(c.own.b[:0], rest...)
	default:
		c.in = c.in[:copy(c.in, rest)]
	}
	c.end -= c.pos
	c.pos = 0
}

// size is that of what was received, which MaxInbound and the like keep small.
func (c *conn) size() int32 { return int32(len(c.in)) }

// drop lets go of what was received.
func (c *conn) drop() {
	c.pos = c.size()
	c.settle()
	c.end = 0
}

// buffer is lent by a pool. Those that grew large are not taken back.
type buffer struct{ b []byte }

const (
	newBufferSize  = 4 << 10
	keptBufferSize = 64 << 10
)

var buffers = sync.Pool{New: func() any { return &buffer{make([]byte, 0, newBufferSize)} }}

func newBuffer() *buffer { return buffers.Get().(*buffer) }

// free gives b back, with the array that its bytes have moved to.
func (b *buffer) free(p []byte) {
	if b == nil || cap(p) > keptBufferSize {
		return
	}
	if p != nil {
		b.b = p[:0]
	}
	buffers.Put(b)
}

// RemoteAddr is net.Conn's.
func (c *conn) RemoteAddr() net.Addr {
	if c.other != nil {
		return c.other.remote
	}
	return c.remote.addr()
}

// LocalAddr is net.Conn's.
func (c *conn) LocalAddr() net.Addr {
	if c.other != nil {
		return c.other.local
	}
	return c.local.addr()
}

// opened takes the addresses of ec.
func (c *conn) opened(ec *engine.Conn) {
	c.e, c.h = ec.Engine(), ec.Handle()
	remote, local := ec.RemoteAddrPort(), ec.LocalAddr()
	if remote.IsValid() {
		c.remote = addressOf(remote)
	}
	if t, ok := local.(*net.TCPAddr); ok && remote.IsValid() {
		c.local = addressOf(t.AddrPort())
		return
	}
	c.other = &addrs{remote: ec.RemoteAddr(), local: local}
	if a, ok := local.(*secureAddr); ok {
		c.other.local = a.Addr
		c.other.tls = &secure{c, a.conn}
	}
	if c.other.remote == nil {
		c.other.remote = &net.UnixAddr{Net: "unix"}
	}
}
