package probe

import (
	"fmt"
	"os"
)

// Memory is what the process holds in RAM, in bytes. The kernel's own memory for its sockets is not in it.
type Memory struct {
	RSS  int64 // resident: anonymous, file-backed and shared pages
	Anon int64 // the anonymous part of RSS: heap, stacks, the runtime's tables
	PSS  int64 // as RSS, with every shared page divided by the number of processes that map it
}

// Memory walks the page tables (smaps_rollup), because the counters in /proc/PID/status are kept per processor (per
// thread before Linux 6.2) and folded together late: they may be off by some dozen pages for each. The walk takes a millisecond for 100 MB or so and
// holds the process's mmap lock for reading meanwhile; do not call it inside a measured window.
func (p Process) Memory() (Memory, error) {
	text, err := os.ReadFile(p.path("smaps_rollup"))
	if err != nil {
		return Memory{}, fmt.Errorf("probe: %w", err)
	}
	v, err := fields(text, "Rss", "Anonymous", "Pss")
	if err != nil {
		return Memory{}, fmt.Errorf("probe: %s: %w", p.path("smaps_rollup"), err)
	}
	const kB = 1024
	return Memory{RSS: int64(v[0]) * kB, Anon: int64(v[1]) * kB, PSS: int64(v[2]) * kB}, nil
}

// PeakRSS is the most that RSS has been since the process began to run its program, in bytes. The kernel keeps it
// (VmHWM), so nothing that has come and gone is missed; it may be off by as much as Memory says of those counters.
func (p Process) PeakRSS() (int64, error) {
	text, err := os.ReadFile(p.path("status"))
	if err != nil {
		return 0, fmt.Errorf("probe: %w", err)
	}
	v, err := fields(text, "VmHWM")
	if err != nil {
		return 0, fmt.Errorf("probe: %s: %w", p.path("status"), err)
	}
	return int64(v[0]) << 10, nil
}
