// Package reactor is what the fasthttp adapters have in common: the engine behind
// them, the connections that its end has to reach, and their counts.
package reactor

import (
	"net"

	"github.com/sockeye-io/sockeye/engine/websocket"
)

// Held is a net.Conn that a loop holds: those of Serve, once they are hijacked.
type Held interface {
	net.Conn

	// Leave gives the connection another name: to Close this one, as fasthttp does
	// when the hijack handler has returned, does nothing any more.
	Leave() Held

	// Out takes the connection away from its loop, for a goroutine that may wait for
	// the bytes that are not there yet. unread are those that are, and nc is the
	// connection from here on.
	Out() (nc net.Conn, unread []byte, err error)

	// Adopt lets s go on with the connection, on the loop where it is. early is
	// what was read from it and not used. It returns when the OnOpen of s has run;
	// it must not be called from a loop. The connection is s's from here on, also
	// when that fails; as a net.Conn it is closed.
	Adopt(s *websocket.Server, early []byte, u websocket.Upgraded) (websocket.Handle, error)
}
