package engine

import (
	"net"
	"net/netip"
	"time"

	"github.com/sockeye-io/sockeye/engine/internal/buffer"
)

// Conn is a connection on its loop. Only the callbacks of its Handler and the
// functions given to Handle.Post may use it, and only until they return; for
// every other goroutine there is Handle. A Conn that is kept too long is
// harmless: after OnClose its methods answer ErrClosed or zero values.
type Conn struct {
	loop *loop
	svc  *service
	link any         // what the wire needs to know this connection by
	user any         // of the handler
	in   *buffer.Buf // what the handler left, nil when it left nothing
	out  *queue      // what the kernel did not take, nil when it took all

	fd     int32
	slot   uint32
	active uint32 // tick of the last read
	flags  flags
	port   uint16
	ip     [16]byte
}

type flags uint16

const (
	flagOpen     flags = 1 << iota // in the tables of its loop
	flagClosing                    // flushing, then shut
	flagShut                       // our FIN is sent, waiting for the peer's
	flagEOF                        // the peer's FIN has come
	flagTimer                      // loop.due is set
	flagOver                       // output passed LowWater: OnWritable is owed
	flagArmed                      // the wire will report that it is writable
	flagDirty                      // in loop.dirty
	flagOwnWire                    // link is the wire
	flagPacket                     // every write is one packet
	flagUnix                       // ip and port are not set
	flagDoomed                     // ends when the running callback returns
	flagHalf                       // CloseWrite: FIN follows what waits
	flagHalved                     // that FIN is sent
	flagSwitched                   // its new handler is owed what the old one left
	flagBusy                       // Detach found output: OnWritable is owed when it has left
)

func (f flags) has(g flags) bool { return f&g != 0 }

// Write sends p, which is copied or written before Write returns. Inside a
// callback of this connection what is written leaves together when the
// callback ends. It returns ErrClosed after Close, and ErrSlowConsumer when the
// peer left HighWater bytes unread: the connection is then being closed. It
// never blocks. On a unixpacket connection every Write is one packet.
func (c *Conn) Write(p []byte) (int, error) {
	if !c.flags.has(flagOpen) || c.flags.has(flagClosing|flagHalf) {
		return 0, ErrClosed
	}
	if err := c.loop.write(c, p); err != nil {
		return 0, err
	}
	return len(p), nil
}

// WriteShared is Write for bytes that never change again: when they have to
// wait they are referenced, not copied. It is meant for one message to many.
func (c *Conn) WriteShared(p []byte) error {
	if !c.flags.has(flagOpen) || c.flags.has(flagClosing|flagHalf) {
		return ErrClosed
	}
	return c.loop.writeShared(c, p)
}

// urgentLimit is how much WriteUrgent may put over HighWater.
const urgentLimit = 4 << 10

// WriteUrgent is Write for the few bytes that a protocol owes its peer: the
// answer to a ping, a goodbye. When HighWater bytes or more are waiting, 4 KiB
// of them are taken all the same, until the output has left: one large message
// does not make a slow consumer of a peer, and is not lost because a Close
// follows it.
func (c *Conn) WriteUrgent(p []byte) error {
	q := c.out
	if q == nil || q.bytes < c.svc.high || q.urgent+len(p) > urgentLimit || c.flags.has(flagClosing|flagHalf) {
		_, err := c.Write(p)
		return err
	}
	q.urgent += len(p)
	q.add(p, c.flags.has(flagPacket))
	return nil
}

// AvailableBuffer returns an empty buffer with some room, for a Write that
// follows at once: what is appended to it and given to Write, inside a callback
// of this connection, is not copied. It must not be kept.
func (c *Conn) AvailableBuffer() []byte {
	l := c.loop
	if n := len(l.cork); l.cur == c && c.out == nil && n < corkLimit-minAvailable {
		return l.cork[n:n:corkLimit]
	}
	return l.scratch[:0]
}

// Closing reports whether the connection is being closed or is gone: writes
// answer ErrClosed and OnData is not called again.
func (c *Conn) Closing() bool {
	return c.flags&(flagOpen|flagClosing) != flagOpen
}

// Buffered returns the number of bytes that were written and not yet taken by
// the kernel; what is corked in the running callback is not counted.
func (c *Conn) Buffered() int {
	if c.out == nil {
		return 0
	}
	return c.out.bytes
}

// Close flushes what was written, sends FIN, waits Linger for the peer's and
// closes; OnClose is told nil. What arrives from now on is discarded.
func (c *Conn) Close() { c.CloseWithError(nil) }

// CloseWithError is Close with another cause for OnClose.
func (c *Conn) CloseWithError(err error) {
	if c.flags.has(flagOpen) && !c.flags.has(flagClosing) {
		c.loop.beginClose(c, err)
	}
}

// CloseWrite flushes what was written and sends FIN; writes answer ErrClosed from
// now on. What the peer still sends is received, until it closes too: OnClose is
// told io.EOF then. The caller bounds that wait, with SetTimer or IdleTimeout.
func (c *Conn) CloseWrite() {
	if c.flags.has(flagOpen) && !c.flags.has(flagClosing|flagHalf) {
		c.flags |= flagHalf
		c.loop.touch(c)
	}
}

// Abort closes without flushing: what waits is dropped. OnClose is told err
// when the running callback has returned.
func (c *Conn) Abort(err error) {
	if c.flags.has(flagOpen) {
		c.loop.doom(c, err)
	}
}

// Handle returns the name by which other goroutines may use the connection.
func (c *Conn) Handle() Handle {
	if !c.flags.has(flagOpen) {
		return Handle{l: c.loop}
	}
	return Handle{c.loop, c.slot, c.gen()}
}

// gen returns the generation of c's slot, which is c's while it is open.
func (c *Conn) gen() uint32 { return c.loop.slots.at(c.slot).gen.Load() }

// Engine returns the engine that holds the connection. It may be called from
// any goroutine.
func (c *Conn) Engine() *Engine { return c.loop.engine }

// SetUser keeps v, the handler's own state, with the connection.
func (c *Conn) SetUser(v any) { c.user = v }

// User returns what SetUser kept.
func (c *Conn) User() any { return c.user }

// SetTimer lets OnTimer be called once, after d rounded up to 100 ms; it
// replaces the timer set before. Zero or negative only cancels that one.
func (c *Conn) SetTimer(d time.Duration) {
	if !c.flags.has(flagOpen) || c.flags.has(flagClosing) {
		return
	}
	c.flags &^= flagTimer
	if n := ticks(d); n > 0 {
		// The running tick is partly over: one more keeps the promise
		// that nothing fires early. loop.now may be further behind.
		*c.loop.due(c) = c.loop.clock() + n + 1
		c.flags |= flagTimer
	}
	c.loop.reschedule(c)
}

// RemoteAddrPort returns the peer's address without allocating. It is invalid
// for Unix sockets. It stays valid in OnClose.
func (c *Conn) RemoteAddrPort() netip.AddrPort {
	if c.flags.has(flagUnix) {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(netip.AddrFrom16(c.ip).Unmap(), c.port)
}

// RemoteAddr returns the peer's address: a *net.TCPAddr without its zone, or a
// *net.UnixAddr, whose name is empty for most clients and which is nil after
// OnClose.
func (c *Conn) RemoteAddr() net.Addr {
	if c.flags.has(flagUnix) {
		return c.addr(true)
	}
	return net.TCPAddrFromAddrPort(c.RemoteAddrPort())
}

// LocalAddr returns our address, or nil after OnClose. It asks the kernel each
// time.
func (c *Conn) LocalAddr() net.Addr { return c.addr(false) }

// addr asks the wire. After OnClose there is none, and the descriptor may be
// somebody else's.
func (c *Conn) addr(remote bool) net.Addr {
	if c.link == nil {
		return nil
	}
	return c.wire().addr(c, remote)
}

func (c *Conn) wire() wire {
	if c.flags.has(flagOwnWire) {
		return c.link.(wire)
	}
	return c.loop.wire
}

// setRemote keeps the peer's address in the form that costs least.
func (c *Conn) setRemote(a net.Addr) {
	t, ok := a.(*net.TCPAddr)
	if !ok {
		c.flags |= flagUnix
		return
	}
	c.ip, c.port = t.AddrPort().Addr().As16(), uint16(t.Port)
}
