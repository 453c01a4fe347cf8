package probe

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"time"
)

// Stat is the part of /proc/PID/stat that is worth reading. On a kernel that samples at ticks (TICK_CPU_ACCOUNTING) the
// split between User and System is an estimate; their sum is exact but for the rounding to 10 ms.
type Stat struct {
	User, System time.Duration
	Threads      int
}

// userHZ is what the kernel counts in towards user space on every architecture Go runs on, whatever its own HZ.
const userHZ = 100

// Stat reads the coarse processor times; see CPUTime for a clock that resolves a short window.
func (p Process) Stat() (Stat, error) {
	text, err := os.ReadFile(p.path("stat"))
	if err != nil {
		return Stat{}, fmt.Errorf("probe: %w", err)
	}
	s, err := parseStat(text)
	if err != nil {
		return Stat{}, fmt.Errorf("probe: %s: %w", p.path("stat"), err)
	}
	return s, nil
}

// parseStat counts fields after the last ")": the command's name is in parentheses and may itself hold anything, blanks
// and parentheses included (proc_pid_stat(5)).
func parseStat(text []byte) (Stat, error) {
	words := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	const utime, stime, threads = 14 - 3, 15 - 3, 20 - 3 // numbered from 1 in proc_pid_stat(5); words starts at field 3
	if len(words) <= threads {
		return Stat{}, fmt.Errorf("only %d fields", len(words))
	}
	var v [3]int64
	for i, field := range [...]int{utime, stime, threads} {
		n, err := strconv.ParseInt(string(words[field]), 10, 64)
		if err != nil {
			return Stat{}, err
		}
		v[i] = n
	}
	const tick = time.Second / userHZ
	return Stat{User: time.Duration(v[0]) * tick, System: time.Duration(v[1]) * tick, Threads: int(v[2])}, nil
}
