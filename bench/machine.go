package bench

import (
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// machine is what a plan has to fit into.
type machine struct {
	processors []int // that this process may run on, rising
	// threads are the processors that share a core with the first of them, which is one of them.
	threads     []int
	taskset     bool
	connections int // that one process may hold
}

// otherDescriptors are what a process needs beside its connections: listeners, loops, pipes, its runtime's.
const otherDescriptors = 64

func thisMachine() (machine, error) {
	var m machine
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return m, fmt.Errorf("sched_getaffinity: %w", err)
	}
	for n := 0; len(m.processors) < set.Count(); n++ {
		if set.IsSet(n) {
			m.processors = append(m.processors, n)
		}
	}
	text, err := os.ReadFile(fmt.Sprintf("/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", m.processors[0]))
	if err == nil { // else nobody knows
		m.threads = parseList(strings.TrimSpace(string(text)))
	}
	_, err = exec.LookPath("taskset")
	m.taskset = err == nil
	var lim unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &lim); err != nil {
		return m, fmt.Errorf("getrlimit: %w", err)
	}
	m.connections = int(min(lim.Max, 1<<30)) - otherDescriptors // the hard one: a Go process raises its own to it
	return m, nil
}

// pair are a processor for the servers and one for the load: of different cores if there are two. ok is false where
// there is one processor, or nothing to pin with.
func (m *machine) pair() (server, load string, ok bool) {
	if len(m.processors) < 2 || !m.taskset {
		return "", "", false
	}
	first, others := m.processors[0], m.processors[1:]
	second := others[0]
	if k := slices.IndexFunc(others, func(n int) bool { return !slices.Contains(m.threads, n) }); k >= 0 {
		second = others[k]
	}
	return strconv.Itoa(first), strconv.Itoa(second), true
}

// parseList reads a list as the kernel writes it, "0,8" or "0-1". What it cannot read it leaves out.
func parseList(s string) []int {
	var list []int
	for part := range strings.SplitSeq(s, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		from, err1 := strconv.Atoi(first)
		to, err2 := strconv.Atoi(last)
		if err1 != nil || err2 != nil {
			continue
		}
		for n := from; n <= to && n < 1<<16; n++ {
			list = append(list, n)
		}
	}
	return list
}
