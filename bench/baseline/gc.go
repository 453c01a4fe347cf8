package baseline

import (
	"context"
	"os"
	"runtime/debug"
	"time"
)

// Both as in sockeye serve: cmd/sockeye/gc.go tells why.
const (
	gcPercent   = 50
	settleAfter = 1000 // connections that have come or gone
)

func setGC() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}

// settle gives memory back when a burst of connections is over. It returns when ctx ends.
func settle(ctx context.Context, s *Server) {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	var last, settled uint64
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		stats := s.Stats()
		moved := stats.Accepted + stats.Closed
		if moved == last && moved-settled >= settleAfter {
			debug.FreeOSMemory()
			settled = moved
		}
		last = moved
	}
}
