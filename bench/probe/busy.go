package probe

import (
	"time"
)

// Times are what the processors of the machine did since it was started, or, as the difference of two, in a window.
// They are summed over the processors and come in ticks of 10 ms: take windows of a second and more.
type Times struct {
	User   time.Duration // programs, those with a lower priority and guests of our own included
	System time.Duration // the kernel, interrupts included
	IOWait time.Duration // idle while something waited for a disk; counts no network
	Steal  time.Duration // wanted to run, and the hypervisor ran somebody else
	Idle   time.Duration
}

// Busy reads the times of all processors together, from /proc/stat.
func Busy() (Times, error) { return busy("/") }

func busy(root string) (Times, error) {
	fs, err := procAt(root)
	if err != nil {
		return Times{}, err
	}
	stat, err := fs.Stat()
	if err != nil {
		return Times{}, wrap(err)
	}
	c := stat.CPUTotal // its Guest is in its User
	return Times{
		User:   seconds(c.User + c.Nice),
		System: seconds(c.System + c.IRQ + c.SoftIRQ),
		IOWait: seconds(c.Iowait),
		Steal:  seconds(c.Steal),
		Idle:   seconds(c.Idle),
	}, nil
}

// Sub is what was added since old. Idle and IOWait may go backwards a little in the kernel; they are never less than 0
// here.
func (t Times) Sub(old Times) Times {
	return Times{
		User:   t.User - old.User,
		System: t.System - old.System,
		IOWait: max(0, t.IOWait-old.IOWait),
		Steal:  t.Steal - old.Steal,
		Idle:   max(0, t.Idle-old.Idle),
	}
}

// Total is the time of all kinds: that of the window times the number of processors.
func (t Times) Total() time.Duration { return t.User + t.System + t.IOWait + t.Steal + t.Idle }

// StealShare is the part of the processors' time that the hypervisor gave to others, 0 to 1.
func (t Times) StealShare() float64 {
	if t.Total() <= 0 {
		return 0
	}
	return float64(t.Steal) / float64(t.Total())
}

// Foreign is how many processors were busy with anything but the processes that used own, on average over the window,
// which lasted elapsed. It is never below 0; ticks of 10 ms make it unsure by some hundredths in a window of a second.
func (t Times) Foreign(own, elapsed time.Duration) float64 {
	if elapsed <= 0 {
		return 0
	}
	return max(0, float64(t.User+t.System-own)/float64(elapsed))
}

// seconds rounds to the tick that the figure was read in, which takes away what floating point has added.
func seconds(s float64) time.Duration {
	const tick = time.Second / userHZ
	return time.Duration(s*userHZ+0.5) * tick
}
