package fasthttp

import (
	"context"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/internal/reactor"
	"github.com/sockeye-io/sockeye/engine"
)

// UseEngine makes e the engine of the WebSocket connections that are upgraded from now
// on; nil means one with defaults, which starts with its first connection. e stays the
// caller's to end, after Shutdown. Any goroutine may call it.
func UseEngine(e *engine.Engine) { reactor.Use(e) }

// Shutdown tells the peers of all upgraded connections to go away (close code 1001),
// waits until they have gone, and ends the engine unless UseEngine brought it. When ctx
// ends first, what is left is closed and the cause of ctx returned. Upgrades are
// refused with 503 meanwhile; afterwards everything can begin anew. Stop the servers
// first. It must not be called from a callback.
func Shutdown(ctx context.Context) error { return reactor.Shutdown(ctx) }

// Stats tells of the connections that were upgraded by the adapter: counts since the
// process began, and how many are in which mode now.
type Stats struct {
	Upgraded, Refused uint64 // opening handshakes
	Panics            uint64 // of handlers

	Callback int // on loops: OnMessage was called
	Blocking int // with a goroutine that waits at the descriptor and holds no buffer
	Original int // with a goroutine and a read buffer: TLS, and what is no socket
}

// ReadStats reads the counters. Any goroutine may call it.
func ReadStats() Stats {
	return Stats{
		Upgraded: reactor.Upgraded.Load(),
		Refused:  reactor.Refused.Load(),
		Panics:   reactor.Panics.Load(),
		Callback: reactor.Callback.Open(),
		Blocking: reactor.Blocking.Open(),
		Original: reactor.Original.Open(),
	}
}
