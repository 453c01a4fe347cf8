package websocket

import (
	"sync/atomic"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// Stats are counts since the server was made, and what is there now.
type Stats struct {
	Handshakes        uint64 // opening handshakes that were accepted, those of Adopt included
	Refused           uint64 // answered with an HTTP error
	Faults            uint64 // of those, 500 for an answer of Authorize or SelectSubprotocol that could not be sent
	HandshakeTimeouts uint64
	MessagesIn        uint64
	MessagesOut       uint64 // broadcast deliveries included
	PingsIn           uint64
	ClosesIn          uint64 // close frames, answers to ours included
	Pieces            uint64 // of messages that did not come whole: fragments, and what each read brought of a large frame
	Partial           int    // messages now whose beginning is kept until the rest comes
	// Failed connections, by the close code that the peer was sent.
	ProtocolErrors, InvalidPayloads, TooBig uint64
	CloseTimeouts                           uint64
	PongTimeouts                            uint64 // peers that were silent and then did not answer a ping
	Dropped                                 uint64 // messages, pings and pongs of a Handle that came after Close, and what came within a message in fragments
	Inflated                                uint64 // messages that came compressed
	Bombs                                   uint64 // of TooBig: compressed messages that were small enough, but not what they inflate to
	// WindowBytes is the memory of context takeover now, WindowsPromised the
	// most that it can grow to with the connections there are and 128 KiB for each
	// whose Handler is a FragmentHandler; both are over all that share the
	// Compression.
	WindowBytes, WindowsPromised int64
}

type counters struct {
	handshakes, refused, handshakeTimeouts atomic.Uint64
	faults                                 atomic.Uint64
	messagesIn, messagesOut, pingsIn       atomic.Uint64
	protocol, payload, tooBig              atomic.Uint64
	closeTimeouts, pongTimeouts, dropped   atomic.Uint64
	inflated, bombs                        atomic.Uint64
	closesIn, pieces                       atomic.Uint64
	partial                                atomic.Int64
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
	st := Stats{
		Handshakes: c.handshakes.Load(), Refused: c.refused.Load(), Faults: c.faults.Load(), HandshakeTimeouts: c.handshakeTimeouts.Load(),
		MessagesIn: c.messagesIn.Load(), MessagesOut: c.messagesOut.Load(), PingsIn: c.pingsIn.Load(),
		ProtocolErrors: c.protocol.Load(), InvalidPayloads: c.payload.Load(), TooBig: c.tooBig.Load(),
		CloseTimeouts: c.closeTimeouts.Load(), PongTimeouts: c.pongTimeouts.Load(), Dropped: c.dropped.Load(),
		Inflated: c.inflated.Load(), Bombs: c.bombs.Load(),
		ClosesIn: c.closesIn.Load(), Pieces: c.pieces.Load(), Partial: int(c.partial.Load()),
	}
	if z := s.ep.zip; z != nil {
		st.WindowBytes, st.WindowsPromised = z.held.Load(), z.promised.Load()
	}
	return st
}
