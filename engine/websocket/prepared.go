package websocket

import (
	"sync"
	"sync/atomic"

	"github.com/sockeye-io/sockeye/codec/wsproto"
	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/internal/buffer"
)

// Prepared is a message that is encoded once and sent many times. It is
// immutable; any number of connections, loops and goroutines may share it.
type Prepared struct {
	frame    []byte
	head     int // bytes of frame before the payload
	t        MessageType
	variants atomic.Pointer[[]variant]
	adding   sync.Mutex
}

// variant is a message as connections with one setting are sent it.
type variant struct {
	z     *Compression
	bits  uint8
	frame []byte // nil: it does not get smaller
}

func (m *Prepared) payload() []byte { return m.frame[m.head:] }

// deflated returns the compressed frame, or nil when that is no smaller. It is
// made when the first connection with its setting wants it.
func (m *Prepared) deflated(d *deflation) []byte {
	bits := d.bits
	if len(m.payload()) <= 1<<bits {
		bits = 15 // no distance in it is longer than the message
	}
	if v := m.variant(d.z, bits); v != nil {
		return v.frame
	}
	m.adding.Lock()
	defer m.adding.Unlock()
	if v := m.variant(d.z, bits); v != nil {
		return v.frame
	}
	// It refers to nothing before it, so that it suits connections with takeover too.
	z := (&deflation{z: d.z, bits: bits}).deflate(m.payload(), true)
	v := variant{z: d.z, bits: bits}
	if len(z.B) < len(m.payload()) {
		h := wsproto.Header{Fin: true, Rsv: rsvDeflated, OpCode: wsproto.OpCode(m.t), Length: int64(len(z.B))}
		v.frame = append(wsproto.AppendHeader(make([]byte, 0, len(z.B)+wsproto.MaxHeaderSize), h), z.B...)
	}
	buffer.Put(z)
	all := []variant{v}
	if p := m.variants.Load(); p != nil {
		all = append(all, *p...)
	}
	m.variants.Store(&all)
	return v.frame
}

func (m *Prepared) variant(z *Compression, bits uint8) *variant {
	p := m.variants.Load()
	if p == nil {
		return nil
	}
	for i := range *p {
		if v := &(*p)[i]; v.z == z && v.bits == bits {
			return v
		}
	}
	return nil
}

// Prepare encodes a copy of p.
func Prepare(t MessageType, p []byte) *Prepared {
	frame := make([]byte, 0, len(p)+wsproto.MaxHeaderSize)
	frame = wsproto.AppendFrame(frame, wsproto.OpCode(t), p)
	return &Prepared{frame: frame, head: len(frame) - len(p), t: t}
}

// delivery is a Prepared on its way to the connections of a server.
type delivery Prepared

// Visit is called by the engine on the loops.
func (d *delivery) Visit(ec *engine.Conn) {
	if c, ok := ec.User().(*Conn); ok {
		if c.WritePrepared((*Prepared)(d)) == ErrFragmented {
			c.ep.stats.dropped.Add(1)
		}
	}
}

// Size tells the engine what the delivery holds while it waits.
func (d *delivery) Size() int { return len(d.frame) }

// othersOf is a delivery to all but one.
type othersOf struct {
	*delivery
	except *engine.Conn
}

// Visit is called by the engine on the loops.
func (o othersOf) Visit(ec *engine.Conn) {
	if ec != o.except {
		o.delivery.Visit(ec)
	}
}

// Broadcast sends m to every connection of the server that is open when its
// loop comes to it. Any goroutine may call it; it returns at once, and what one
// goroutine broadcasts arrives everywhere in its order. It allocates nothing. It
// returns nil, or engine.ErrMailboxFull when broadcasts come faster than a loop
// delivers them: the connections of that loop miss this one.
func (s *Server) Broadcast(m *Prepared) error { return s.each((*delivery)(m)) }

// BroadcastOthers is Broadcast to all but c, as its handler calls it to pass on
// what c has sent.
func (s *Server) BroadcastOthers(m *Prepared, c *Conn) error {
	return s.each(othersOf{(*delivery)(m), c.ec})
}

func (s *Server) each(v engine.Visitor) (err error) {
	if engines := s.engines.Load(); engines != nil {
		for _, e := range *engines {
			switch answer := e.Each(s, v); answer {
			case nil:
			case engine.ErrServerClosed:
				s.forget(e) // it has no connections left
			default:
				err = answer
			}
		}
	}
	return err
}
