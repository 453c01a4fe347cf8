package engine

import "net/netip"

// Handler is what a protocol implements. The engine calls it on the
// connection's loop, one call at a time; it must not block. A callback that
// panics closes its connection with a *PanicError and the engine goes on.
type Handler interface {
	// OnOpen is called once, before anything else. An error closes the
	// connection; OnClose is not called then.
	OnOpen(c *Conn) error

	// OnData is given all bytes that were received and not consumed yet, as
	// one view that is valid until OnData returns, and answers how many it
	// consumed. The rest is offered again, at the front, when more bytes
	// arrive; OnData is not called again before. The handler may change
	// the bytes of p it consumes (unmask in place); the rest must stay as it
	// is. On a unixpacket connection each call brings exactly one packet and
	// consumes it whole, whatever it answers.
	//
	// An error closes the connection after flushing what was written.
	OnData(c *Conn, p []byte) (n int, err error)

	// OnClose is called exactly once for each OnOpen that returned nil, unless
	// SetHandler has given the connection to another Handler, with the cause: nil
	// after a local Close, io.EOF when the peer closed, one of the errors of this
	// package, a system error, or what a callback returned. Writes answer ErrClosed
	// by now; addresses still work.
	OnClose(c *Conn, err error)
}

// The optional callbacks of a Handler, looked for once per listener or dial.
// They follow the rules of Handler.
type (
	// WritableHandler hears that output which had passed LowWater is back
	// at or below it.
	WritableHandler interface{ OnWritable(c *Conn) }

	// DrainHandler hears that the engine is shutting down and is expected to
	// end the connection soon. Without it the engine calls Close.
	DrainHandler interface{ OnDrain(c *Conn) }

	// TimerHandler hears that the time given to SetTimer has passed.
	TimerHandler interface{ OnTimer(c *Conn) }

	// EOFHandler hears that the peer has closed its sending side. The
	// handler may still write and must end the connection itself, with
	// Close. Without it, or after CloseWrite, the engine flushes what was
	// written and closes.
	EOFHandler interface{ OnEOF(c *Conn) }

	// MailHandler receives what Handle.Mail was given, in the order of each
	// sender. p is valid until OnMail returns.
	MailHandler interface {
		OnMail(c *Conn, tag int, p []byte)
	}

	// PacketHandler receives the datagrams of a UDP listener. p is valid
	// until OnPacket returns. It runs on the listener's own goroutine, which
	// is the loop of that socket.
	PacketHandler interface {
		OnPacket(pc *PacketConn, p []byte, from netip.AddrPort)
	}
)

// Visitor is called with connections, on their loops, under the rules of Handler.
// One that holds bytes should have a method Size() int that tells how many: they
// count against MailboxBytes while it waits.
type Visitor interface{ Visit(c *Conn) }

// VisitorFunc is a function as a Visitor.
type VisitorFunc func(c *Conn)

// Visit calls f.
func (f VisitorFunc) Visit(c *Conn) { f(c) }

// service is a handler with everything that is the same for all its
// connections, so that a connection holds one pointer for it.
type service struct {
	h          Handler
	onWritable WritableHandler
	onDrain    DrainHandler
	onTimer    TimerHandler
	onEOF      EOFHandler
	onMail     MailHandler

	high, low  int
	maxInbound int
	idle       uint32 // ticks, 0 = never
	writeStall uint32
	linger     uint32
}

func newService(h Handler, o Options) (*service, error) {
	if h == nil {
		panic("engine: nil Handler")
	}
	if err := o.validate(); err != nil {
		return nil, err
	}
	s := &service{
		h:          h,
		high:       o.HighWater,
		low:        o.LowWater,
		maxInbound: o.MaxInbound,
		idle:       since(o.IdleTimeout),
		writeStall: since(o.WriteTimeout),
		linger:     ticks(o.Linger),
	}
	s.onWritable, _ = h.(WritableHandler)
	s.onDrain, _ = h.(DrainHandler)
	s.onTimer, _ = h.(TimerHandler)
	s.onEOF, _ = h.(EOFHandler)
	s.onMail, _ = h.(MailHandler)
	return s, nil
}
