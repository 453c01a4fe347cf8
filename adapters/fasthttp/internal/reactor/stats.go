package reactor

import "sync/atomic"

// Mode is how a connection is served.
type Mode uint8

// The modes.
const (
	Callback Mode = iota // on a loop
	Blocking             // by a goroutine that waits at the descriptor
	Original             // by a goroutine with a read buffer
	numModes
)

// Counters since the process began, and what is open now, for both sides of a
// handshake but Upgraded and Refused.
var (
	Upgraded, Refused, Panics atomic.Uint64
	open                      [numModes]atomic.Int64
)

// Begin and End count a connection that enters or leaves a mode.
func (m Mode) Begin() { open[m].Add(1) }

// End is the opposite of Begin.
func (m Mode) End() { open[m].Add(-1) }

// Open returns the connections that are in the mode now.
func (m Mode) Open() int { return int(open[m].Load()) }
