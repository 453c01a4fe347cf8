// Package vitals is what a Go server under test tells about itself when it is asked by a signal. All Go servers of the
// benchmark answer alike, ours and the rivals; nothing runs and nothing is counted until one of the signals comes.
package vitals

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"time"
)

// Vitals are figures of one process at one moment. Those that only grow are counted since the process started, so that
// what happened in a window is the difference of two; see Since.
type Vitals struct {
	Goroutines  int           `json:"goroutines"`
	Mallocs     uint64        `json:"mallocs"`      // objects allocated in the heap; only grows
	MallocBytes uint64        `json:"malloc_bytes"` // the bytes of them; only grows
	GCCycles    uint32        `json:"gc_cycles"`    // finished collections, the forced ones included; only grows
	GCForced    uint32        `json:"gc_forced"`    // of them, by SIGUSR1 or by the program itself; only grows
	GCPause     time.Duration `json:"gc_pause_ns"`  // for which collections stopped the program; only grows
	HeapBytes   uint64        `json:"heap_bytes"`   // objects in the heap, garbage that is not swept yet included
	HeapHeld    uint64        `json:"heap_held"`    // bytes of the heap that the system has not got back
	StackBytes  uint64        `json:"stack_bytes"`  // stacks of goroutines
	OtherBytes  uint64        `json:"other_bytes"`  // all else that the runtime has from the system: its tables, its buckets
}

// Since gives what only grows as it grew since old, and the rest as it is now.
func (v Vitals) Since(old Vitals) Vitals {
	v.Mallocs -= old.Mallocs
	v.MallocBytes -= old.MallocBytes
	v.GCCycles -= old.GCCycles
	v.GCForced -= old.GCForced
	v.GCPause -= old.GCPause
	return v
}

// now stops the program for some ten microseconds. runtime/metrics would not, but it sees what each processor has
// allocated only when that processor has used up a span, which is too coarse to tell 0 from 1 allocation per message.
func now() Vitals {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return Vitals{
		Goroutines:  runtime.NumGoroutine(),
		Mallocs:     m.Mallocs,
		MallocBytes: m.TotalAlloc,
		GCCycles:    m.NumGC,
		GCForced:    m.NumForcedGC,
		GCPause:     time.Duration(m.PauseTotalNs),
		HeapBytes:   m.HeapAlloc,
		HeapHeld:    m.HeapSys - m.HeapReleased,
		StackBytes:  m.StackSys,
		OtherBytes:  m.MSpanSys + m.MCacheSys + m.BuckHashSys + m.GCSys + m.OtherSys,
	}
}

// prefix begins the line of an answer.
const prefix = "vitals "

// Parse reads a line that Serve wrote, with or without its end. It reports false for a line that is something else.
func Parse(line string) (v Vitals, ok bool, err error) {
	text, ok := strings.CutPrefix(line, prefix)
	if !ok {
		return Vitals{}, false, nil
	}
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return Vitals{}, true, fmt.Errorf("vitals: %w", err)
	}
	return v, true, nil
}
