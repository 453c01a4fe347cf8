// Package seam is how enginetest drives a loop of package engine without a
// socket and without public API. The types of package engine pass through it as
// any, since neither side may import the other here: *engine.Conn as c,
// engine.Config, engine.Handler, engine.Options, engine.Stats.
package seam

import "net"

// Wire is the far end of one connection. The loop calls it, in the goroutine
// that drives the loop.
type Wire interface {
	// Write and Writev take what fits; fewer bytes than given, or none, mean
	// that the peer's side is full.
	Write(p []byte) (int, error)
	Writev(bufs [][]byte) (int, error)
	Arm()    // asks for one Loop.Ready when there is room again
	Shut()   // our FIN
	Detach() // the loop goes on writing after the peer's FIN
	Close()  // the last call
	// HandOut makes a net.Conn of it, which lives on after Close.
	HandOut() (net.Conn, error)
	Addr(remote bool) net.Addr
}

// Loop is a loop to be driven by one goroutine, as the reactor does it.
type Loop interface {
	// Open brings a connection. c is nil, and err what OnOpen answered, when
	// the handler refused it.
	Open(w Wire, handler, options any, packet bool, early []byte) (c any, err error)
	Received(c any, p []byte)
	Gone(c any, err error)
	Ready(c any, broken bool)
	// Drain is one wake-up by the mailbox, or by the clock.
	Drain()
	// Shutdown begins what Engine.Shutdown does, Close what Engine.Close
	// does; Drain carries it out.
	Shutdown()
	Close()
	// CloseMailbox refuses every later call of a Handle.
	CloseMailbox()
	Stats() any
	ReadBuffer() int
}

// NewLoop is set by package engine. ring is called from any goroutine when the
// mailbox wants a Drain.
var NewLoop func(config any, clock func() uint32, ring func()) (Loop, error)
