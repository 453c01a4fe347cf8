package websocket

import (
	"sync/atomic"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// Stats are counts since the server was made.
type Stats struct {
	Handshakes        uint64 // opening handshakes that were accepted
	Refused           uint64 // answered with an HTTP error
	HandshakeTimeouts uint64
	MessagesIn        uint64
	MessagesOut       uint64 // broadcast deliveries included
	PingsIn           uint64
	// Failed connections, by the close code that the peer was sent.
	ProtocolErrors, InvalidPayloads, TooBig uint64
	CloseTimeouts                           uint64
	Dropped                                 uint64 // messages and pings of a Handle that came after Close
}

type counters struct {
	handshakes, refused, handshakeTimeouts atomic.Uint64
	messagesIn, messagesOut, pingsIn       atomic.Uint64
	protocol, payload, tooBig              atomic.Uint64
	closeTimeouts, dropped                 atomic.Uint64
}

func (c *counters) violation(code wsproto.StatusCode) {
	switch code {
	case wsproto.StatusInvalidFramePayloadData:
		c.payload.Add(1)
	case wsproto.StatusMessageTooBig:
		c.tooBig.Add(1)
	default:
		c.protocol.Add(1)
	}
}

// Stats reads the counters. Any goroutine may call it.
func (s *Server) Stats() Stats {
	c := &s.ep.stats
	return Stats{
		Handshakes: c.handshakes.Load(), Refused: c.refused.Load(), HandshakeTimeouts: c.handshakeTimeouts.Load(),
		MessagesIn: c.messagesIn.Load(), MessagesOut: c.messagesOut.Load(), PingsIn: c.pingsIn.Load(),
		ProtocolErrors: c.protocol.Load(), InvalidPayloads: c.payload.Load(), TooBig: c.tooBig.Load(),
		CloseTimeouts: c.closeTimeouts.Load(), Dropped: c.dropped.Load(),
	}
}
