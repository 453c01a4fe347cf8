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

// Broadcast sends m to every connection of the server that is open when its
// loop comes to it. Any goroutine may call it; it returns at once, and what one
// goroutine broadcasts arrives everywhere in its order. It allocates nothing.
func (s *Server) Broadcast(m *Prepared) {
	if engines := s.engines.Load(); engines != nil {
		for _, e := range *engines {
			e.Each(s, (*delivery)(m))
		}
	}
}
