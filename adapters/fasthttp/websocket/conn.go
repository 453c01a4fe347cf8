package websocket

import (
	"bufio"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// Conn is a WebSocket connection.
//
// One goroutine at a time may read (NextReader, ReadMessage, ReadJSON, and the handlers, which are called by these), and
// one may have a writer of NextWriter. WriteMessage, WriteJSON, WritePreparedMessage, WriteControl and Close may be called
// by any goroutine at any time; what they write comes out whole. Whoever has a Conn must Close it; the upgraders of this
// package do when their handler returns.
//
// The methods of a nil *Conn return ErrNilConn or the zero value of their result.
type Conn struct {
	below       atomic.Pointer[net.Conn] // nil in the zero Conn; replaced when a loop takes over
	subprotocol string

	*reading // nil when a loop reads
	writing

	rare    atomic.Pointer[rare]    // nil until something in it is set
	events  *events                 // nil until there are callbacks; of the goroutine that has the connection, then of the loop
	counts  counted                 // in which mode the adapter has it
	request atomic.Pointer[request] // that fasthttp is kept from taking back

	readErrCount uint16
	isServer     bool
	deflated     bool // permessage-deflate without context takeover was agreed
	deferred     bool // OnMessage waits for the upgrader's handler to return
	parked       bool // fasthttp's goroutine waits, and closes the connection
	ours         bool // to close when the handler returns
	said         bool // a close frame was sent before a loop took over
}

// reading is what a connection has that no loop serves. It belongs to the goroutine that reads, but for the settings
// that are made before.
type reading struct {
	early []byte     // read from conn, or behind the handshake, and not used
	in    *buffer    // where early lies, or where it is to be read to; nil: nowhere, or in memory of others
	desc  descriptor // of a sourceRaw

	reader      *messageReader // of the message that NextReader returned
	readErr     error          // permanent
	remaining   int64          // payload of the frame that is still to come
	readLength  int64          // payload of the message, by its headers
	readLimit   int64          // 0: none
	deadline    int64          // for writing, that conn has, in Unix nanoseconds; 0: none; guarded by lock
	readBufSize int32
	mask        [4]byte
	maskPos     uint8
	utf8        wsproto.UTF8
	source      source

	text       bool // the message is text
	compressed bool // the message is compressed
	inside     bool // frames of the message are still to come
}

// writing is what writers share.
type writing struct {
	message  sync.Mutex // held while a message is written, or a piece of one; taken before lock
	lock     writeLock
	writer   *messageWriter // that was not closed; guarded by message
	settings                // guarded by lock.mu
}

type settings struct {
	writeBufSize int32
	squeeze      squeeze
	noCompress   bool
	fresh        bool // nobody knows the deadline that conn has
	landed       bool // what is written goes to events, not to conn; guarded by lock
}

// rare are the things that few connections have.
type rare struct {
	pool          BufferPool
	writeDeadline time.Time // guarded by lock.mu, as the next one
	readDeadline  time.Time
	readErr       error // that came with bytes
	ping, pong    func(string) error
	closed        func(int, string) error
	gone          chan struct{} // closed after OnClose; nil when nobody waits
}

func newConn(nc net.Conn, isServer bool, readBufferSize, writeBufferSize int, pool BufferPool, br *bufio.Reader, _ []byte) *Conn {
	c := &Conn{reading: &reading{}}
	if nc != nil {
		c.below.Store(&nc)
	}
	c.isServer = isServer
	c.fresh = true
	c.squeeze.level = defaultCompressionLevel
	c.readBufSize = bufferSize(readBufferSize, maxControlPayload)
	c.writeBufSize = bufferSize(writeBufferSize, 1)
	if br != nil {
		if n := br.Buffered(); n > 0 {
			p, _ := br.Peek(n)
			c.early = append([]byte(nil), p...)
			_, _ = br.Discard(n)
		}
	}
	if pool != nil {
		c.more().pool = pool
	}
	return c
}

func bufferSize(n, least int) int32 {
	const most = 1 << 30
	if n <= 0 {
		return defaultBufferSize
	}
	return int32(min(max(n, least), most))
}

// conn is the connection below, or nil.
func (c *Conn) conn() net.Conn {
	switch p := c.below.Load(); p {
	case nil:
		return nil
	case &onALoop:
		return loopConn{c.events}
	default:
		return *p
	}
}

// onALoop is what is below all connections on loops: each has its own loopConn, without memory for it.
var onALoop net.Conn = loopConn{}

// deflate tells that permessage-deflate was agreed, without context takeover. It is called before the Conn is used.
func (c *Conn) deflate() { c.deflated = true }

// deflateWithin is deflate with a window of so many bits for what is sent; 0 means 15.
func (c *Conn) deflateWithin(bits uint8) {
	c.deflate()
	c.squeeze.bits = bits
}

// more makes room for the things that few connections have.
func (c *Conn) more() *rare {
	if r := c.rare.Load(); r != nil {
		return r
	}
	c.rare.CompareAndSwap(nil, new(rare))
	return c.rare.Load()
}

// Subprotocol returns the subprotocol that was agreed, or nothing.
func (c *Conn) Subprotocol() string {
	if c == nil {
		return ""
	}
	return c.subprotocol
}

// Close closes the connection below, without a close frame. Reads and writes under way end with the error that the
// net.Conn has for that.
func (c *Conn) Close() error {
	switch {
	case c == nil:
		return ErrNilConn
	case c.conn() == nil:
		return ErrNilNetConn
	}
	c.counts.is.Or(isClosed)
	err := c.conn().Close()
	c.leave()
	c.endRequest() // fasthttp has a descriptor of the connection until then
	return err
}

// LocalAddr returns the address of this end.
func (c *Conn) LocalAddr() net.Addr {
	if nc := c.NetConn(); nc != nil {
		return nc.LocalAddr()
	}
	return nil
}

// RemoteAddr returns the address of the peer.
func (c *Conn) RemoteAddr() net.Addr {
	if nc := c.NetConn(); nc != nil {
		return nc.RemoteAddr()
	}
	return nil
}

// NetConn returns the connection below. Who reads from it or writes to it breaks the WebSocket connection.
func (c *Conn) NetConn() net.Conn {
	if c == nil {
		return nil
	}
	return c.conn()
}

// UnderlyingConn returns the connection below.
//
// Deprecated: use NetConn.
func (c *Conn) UnderlyingConn() net.Conn { return c.NetConn() }
