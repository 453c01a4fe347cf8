package probe

import (
	"time"
)

// Sample is what a process had used at one moment, counted since it started. It is taken at both edges of a measured
// window; what the window cost is Since.
type Sample struct {
	cpu      time.Duration // CPUTime
	ticks    time.Duration // the same as sampled at ticks: multiples of 1 to 10 ms, as the kernel is built
	user     time.Duration // of ticks, those that found it in user space
	switches Switches
}

// Cost is what a process used between two samples.
type Cost struct {
	CPU time.Duration // user and system, exact (see CPUTime)
	// User and System are CPU divided by where the kernel's ticks found the process: an estimate unless the kernel
	// does its accounting at every change (VIRT_CPU_ACCOUNTING_GEN). After 250 ticks of work it is off by three points
	// of a hundred or so. Both are zero when no tick fell in the window.
	User, System time.Duration
	Switches     // of the threads that were alive at both edges
}

// Sample takes some microseconds for each thread of the process and 100 or so for the rest, in this process and at none
// to the other. The clocks come first, the switches after them: the process should be at rest at either edge.
func (p Process) Sample() (Sample, error) {
	var s Sample
	var err error
	for which, to := range [...]*time.Duration{clockTicks: &s.ticks, clockUser: &s.user, clockCPU: &s.cpu} {
		if *to, err = p.clock(which); err != nil {
			return Sample{}, err
		}
	}
	if s.switches, err = p.Switches(); err != nil {
		return Sample{}, err
	}
	return s, nil
}

// Since is what was used between old and s, two samples of the same process.
func (s Sample) Since(old Sample) Cost {
	c := Cost{CPU: s.cpu - old.cpu, Switches: s.switches.Sub(old.switches)}
	if ticks := s.ticks - old.ticks; ticks > 0 {
		c.User = time.Duration(float64(c.CPU) * float64(s.user-old.user) / float64(ticks))
		c.System = c.CPU - c.User
	}
	return c
}
