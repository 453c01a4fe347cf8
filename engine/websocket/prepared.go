package websocket

import (
	"github.com/sockeye-io/sockeye/codec/wsproto"
	"github.com/sockeye-io/sockeye/engine"
)

// Prepared is a message that is encoded once and sent many times. It is
// immutable; any number of connections, loops and goroutines may share it.
type Prepared struct {
	frame []byte
	head  int // bytes of frame before the payload
	t     MessageType
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
		_ = c.WritePrepared((*Prepared)(d))
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
