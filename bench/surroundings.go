package bench

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockeye-io/sockeye/bench/probe"
)

// moment is what the processors had done at a time, all of them and those that worked for us.
type moment struct {
	at   time.Time
	busy probe.Times
	used time.Duration
}

// now takes a moment when no process of ours runs: what children have used counts for us once they have ended. target is
// a process that we did not start, 0 for none.
func now(target int) (moment, error) {
	m := moment{at: time.Now()}
	var err error
	if m.busy, err = probe.Busy(); err != nil {
		return m, err
	}
	for _, who := range [...]int{unix.RUSAGE_SELF, unix.RUSAGE_CHILDREN} {
		var u unix.Rusage
		if err := unix.Getrusage(who, &u); err != nil {
			return m, fmt.Errorf("getrusage: %w", err)
		}
		m.used += time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	if target != 0 {
		if cpu, err := probe.Process(target).CPUTime(); err == nil { // it may have ended
			m.used += cpu
		}
	}
	return m, nil
}

// surroundings says what else the machine did since before, while we measured.
func (r *run) surroundings(before moment) error {
	after, err := now(r.plan.TargetPID)
	if err != nil {
		return err
	}
	m, d := &r.file.Machine, after.busy.Sub(before.busy)
	m.StealShare, m.ForeignCPU = d.StealShare(), d.Foreign(after.used-before.used, after.at.Sub(before.at))
	m.LoadAfter, err = probe.LoadAverage()
	return err
}
