package engine

import (
	"errors"
	"fmt"
	"io"
	"syscall"
)

// What the engine answers and what OnClose is told. Compare with errors.Is.
var (
	// ErrServerClosed is returned by Serve after Shutdown or Close, and by
	// every call that needs a running engine.
	ErrServerClosed = errors.New("engine: server closed")
	// ErrClosed is returned for a connection that is gone or going.
	ErrClosed = errors.New("engine: connection closed")
	// ErrSlowConsumer closes a connection whose peer does not read: a write
	// found HighWater bytes or more still waiting.
	ErrSlowConsumer = errors.New("engine: slow consumer")
	// ErrIdleTimeout closes a connection that sent nothing for IdleTimeout.
	ErrIdleTimeout = errors.New("engine: idle timeout")
	// ErrWriteTimeout closes a connection whose peer took no byte of a
	// waiting output for WriteTimeout.
	ErrWriteTimeout = errors.New("engine: write timeout")
	// ErrInboundLimit closes a connection whose handler left more than
	// MaxInbound bytes unconsumed.
	ErrInboundLimit = errors.New("engine: inbound limit")
	// ErrPacketTooLong closes a unixpacket connection that received a packet
	// larger than the read buffer: its tail is already lost.
	ErrPacketTooLong = errors.New("engine: packet too long")
	// ErrMailboxFull is returned to other goroutines when a loop has
	// MailboxBytes of their data waiting. The connection stays open.
	ErrMailboxFull = errors.New("engine: mailbox full")
	// ErrDetached is what OnClose is told of a connection that Detach has given
	// out.
	ErrDetached = errors.New("engine: detached")
	// ErrDetachBusy is returned by Detach while output waits for the peer.
	ErrDetachBusy = errors.New("engine: detach: output is waiting")
	// ErrTooManyConns is returned by Dial and Adopt when MaxConns are open.
	ErrTooManyConns = errors.New("engine: too many connections")
)

// errAgain is what a wire answers when the kernel takes no more for now.
var errAgain = errors.New("engine: try again")

// PanicError is the cause of a close after a handler's callback panicked.
type PanicError struct {
	Value any    // what was given to panic
	Stack []byte // of the goroutine, as debug.Stack formats it
}

func (e *PanicError) Error() string { return fmt.Sprintf("engine: handler panic: %v", e.Value) }

// Cause tells why a connection was closed, as a small closed set that
// monitoring can count.
type Cause uint8

// The causes.
const (
	CauseLocal        Cause = iota // Close was called, or a callback returned an error of its own
	CauseEOF                       // the peer closed
	CauseReset                     // the peer reset, or the network failed
	CauseSlowConsumer              // ErrSlowConsumer
	CauseIdle                      // ErrIdleTimeout
	CauseWriteTimeout              // ErrWriteTimeout
	CauseInboundLimit              // ErrInboundLimit or ErrPacketTooLong
	CausePanic                     // *PanicError
	CauseShutdown                  // the engine stopped before the connection did
	CauseDetached                  // ErrDetached: the connection goes on elsewhere
	numCauses
)

var causeNames = [numCauses]string{
	"local", "eof", "reset", "slow_consumer", "idle", "write_timeout", "inbound_limit", "panic", "shutdown", "detached",
}

// String gives the name that metrics use.
func (c Cause) String() string {
	if c < numCauses {
		return causeNames[c]
	}
	return "unknown"
}

// causeOf sorts the error that ended a connection.
func causeOf(err error) Cause {
	if err == nil {
		return CauseLocal
	}
	var p *PanicError
	var errno syscall.Errno
	switch {
	case errors.Is(err, io.EOF):
		return CauseEOF
	case errors.Is(err, ErrSlowConsumer):
		return CauseSlowConsumer
	case errors.Is(err, ErrIdleTimeout):
		return CauseIdle
	case errors.Is(err, ErrWriteTimeout):
		return CauseWriteTimeout
	case errors.Is(err, ErrInboundLimit), errors.Is(err, ErrPacketTooLong):
		return CauseInboundLimit
	case errors.Is(err, ErrServerClosed):
		return CauseShutdown
	case errors.Is(err, ErrDetached):
		return CauseDetached
	case errors.As(err, &p):
		return CausePanic
	case errors.As(err, &errno):
		return CauseReset
	}
	return CauseLocal
}
