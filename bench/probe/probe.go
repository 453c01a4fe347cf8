// Package probe reads what another process costs: processor time, memory, descriptors, context switches. It asks the
// kernel from outside, so it reads a rival in any language the same way as it reads us, and costs the process nothing.
//
// Linux only: the figures are /proc's and those of the process's CPU clock.
package probe

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Process names a running process by its id. The methods may be called from any goroutine, and fail once the process
// has been waited for. Whoever started the process keeps it unreaped while it is probed: an id that the kernel has
// given to another process is read without complaint.
type Process int

// CPUTime is the processor time, user and system, that all threads of the process have used since it started, those
// that have ended included, to the nanosecond.
//
// It reads the process's CPU clock (clock_getcpuclockid(3)), and not one of the files, because
//   - /proc/PID/stat counts in ticks of 10 ms (Stat has them, for the split between user and system);
//   - /proc/PID/schedstat is the main thread's alone, where a Go program does next to nothing;
//   - the sum over /proc/PID/task/*/schedstat loses the threads that have ended, and for a thread that is running it is
//     as old as that thread's last tick or switch, up to 4 ms at 250 Hz.
//
// TestCPUTimeAgainstTheFiles holds the four side by side. On loopback the time includes the receiving half of the
// protocol for what the process sends, since the kernel delivers in the sender's context.
func (p Process) CPUTime() (time.Duration, error) { return p.clock(clockCPU) }

// The clocks of a process, by the kernel's numbers for them (CPUCLOCK_PROF, VIRT and SCHED in posix-timers.h). The first
// two are counted at ticks, and finer than /proc/PID/stat shows them.
const (
	clockTicks = iota // user and system
	clockUser
	clockCPU
)

func (p Process) clock(which int) (time.Duration, error) {
	// The clock's id is made as the kernel makes it (MAKE_PROCESS_CPUCLOCK): the complement of the pid above three bits.
	var ts unix.Timespec
	if err := unix.ClockGettime(int32(^int(p)<<3|which), &ts); err != nil {
		return 0, fmt.Errorf("probe: cpu clock of process %d: %w", int(p), err)
	}
	return time.Duration(ts.Nano()), nil
}

// FDs counts the open file descriptors.
func (p Process) FDs() (int, error) {
	d, err := os.Open(p.path("fd"))
	if err != nil {
		return 0, fmt.Errorf("probe: %w", err)
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil {
		return 0, fmt.Errorf("probe: %w", err)
	}
	return len(names), nil
}

// Switches counts context switches of all threads that are alive now.
type Switches struct {
	Voluntary   uint64 // the thread waited for something
	Involuntary uint64 // the kernel took the processor away
}

// Sub is what was added since old.
func (s Switches) Sub(old Switches) Switches {
	return Switches{s.Voluntary - old.Voluntary, s.Involuntary - old.Involuntary}
}

// Switches sums over the threads, since /proc/PID/status shows the main thread's only. A thread that ends between two
// calls takes its count along; a Go server at work keeps its threads.
func (p Process) Switches() (Switches, error) {
	d, err := os.Open(p.path("task"))
	if err != nil {
		return Switches{}, fmt.Errorf("probe: %w", err)
	}
	threads, err := d.Readdirnames(-1)
	_ = d.Close()
	if err != nil {
		return Switches{}, fmt.Errorf("probe: %w", err)
	}
	var s Switches
	for _, thread := range threads {
		path := p.path("task/" + thread + "/status")
		text, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, unix.ESRCH) {
			continue // the thread ended after it was listed
		}
		if err != nil {
			return Switches{}, fmt.Errorf("probe: %w", err)
		}
		v, err := fields(text, "voluntary_ctxt_switches", "nonvoluntary_ctxt_switches")
		if err != nil {
			return Switches{}, fmt.Errorf("probe: %s: %w", path, err)
		}
		s.Voluntary += v[0]
		s.Involuntary += v[1]
	}
	return s, nil
}

func (p Process) path(name string) string {
	return "/proc/" + strconv.Itoa(int(p)) + "/" + name
}

// fields finds "Name:   number ..." lines, the shape of status and smaps_rollup, in any order.
func fields(text []byte, names ...string) ([]uint64, error) {
	values := make([]uint64, len(names))
	missing := len(names)
	for line := range bytes.Lines(text) {
		key, rest, ok := bytes.Cut(line, []byte(":"))
		if !ok {
			continue
		}
		for i, name := range names {
			if string(key) != name {
				continue
			}
			words := bytes.Fields(rest)
			if len(words) == 0 {
				return nil, fmt.Errorf("%s has no value", name)
			}
			v, err := strconv.ParseUint(string(words[0]), 10, 64)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			values[i] = v
			missing--
		}
	}
	if missing > 0 {
		return nil, fmt.Errorf("fewer than the fields %q", names)
	}
	return values, nil
}
