package main

import (
	"math"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/sockeye-io/sockeye/engine"
)

// defaultGC is the GOGC of a server. Most of its heap are connections, which
// live long, and messages make almost no garbage: so a collection is rare, and
// letting the heap grow by half in between instead of by its whole size gives
// memory back at next to no cost.
const defaultGC = 50

// setGC sets Go's garbage collection target. Zero leaves it as it is; so does
// GOGC in the environment, unless the percentage was asked for. It answers what
// is in force; -1 means off.
func setGC(percent int, asked bool) int {
	if percent > 0 && (asked || os.Getenv("GOGC") == "") {
		debug.SetGCPercent(percent)
		return percent
	}
	s := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	metrics.Read(s)
	if v := s[0].Value; v.Kind() == metrics.KindUint64 && v.Uint64() <= math.MaxInt32 {
		return int(v.Uint64())
	}
	return -1
}

// settleAfter is how many connections must have come or gone to be worth a
// collection.
const settleAfter = 1000

// settle gives memory back when a burst of connections is over: accepting one
// leaves about a kilobyte of garbage, ending one all it had, and a server that
// makes no garbage afterwards would keep that until Go's next collection, which
// is up to two minutes away. It returns when stop is closed.
func settle(e *engine.Engine, stop <-chan struct{}) {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	var last, settled uint64
	for {
		select {
		case <-stop:
			return
		case <-t.C:
		}
		s := e.Stats()
		moved := s.Accepted + s.Closed
		if moved == last && moved-settled >= settleAfter {
			debug.FreeOSMemory()
			settled = moved
		}
		last = moved
	}
}
