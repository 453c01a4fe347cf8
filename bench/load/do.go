package load

import (
	"errors"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// Do obeys one order. After an error only Close is left to call.
func (l *Load) Do(o Order) (Result, error) {
	if err := l.resize(o); err != nil {
		return Result{}, err
	}
	if o.Work == "" && (o.Messages > 0 || o.Duration > 0) {
		o.Work = Echo
	}
	if o.Work == "" {
		return Result{Connections: l.Connections()}, nil
	}
	return l.measure(o)
}

// resize opens or closes connections.
func (l *Load) resize(o Order) error {
	n := o.Connections
	if n == 0 {
		return nil
	}
	if n < l.Connections() {
		return l.shrink(max(n, 0), o.Concurrency)
	}
	if o.OneByOne {
		l.tally.begin(l.now(), 0, 0)
	}
	for o.OneByOne && l.Connections() < n {
		if err := l.Grow(l.Connections() + 1); err != nil {
			return err
		}
		if err := l.visit(l.Connections() - 1); err != nil {
			return err
		}
	}
	return l.grow(n, o)
}

// finisher is a work that leaves something behind when it was not all done.
type finisher interface{ finish(now int64) }

// begin makes the work ready to start at the time 0, which is when the clock is set.
func (l *Load) begin(o Order) (work, error) {
	l.count = counts{}
	l.tally.begin(0, o.Interval, o.Duration)
	if o.Messages <= 0 && o.Duration <= 0 && o.Work != Storm {
		return nil, errors.New("load: an order without an end")
	}
	if o.Work != Churn && l.Connections() == 0 {
		return nil, errors.New("load: no connections")
	}
	switch o.Work {
	case Echo:
		if o.Rate > 0 {
			return l.newOpenEcho(o), nil
		}
		return l.newEcho(o), nil
	case Broadcast:
		return l.newBroadcast(o)
	case Churn:
		return l.newChurn(o), nil
	case Storm:
		return l.newStorm(o), nil
	case Mixed:
		if o.Rate <= 0 {
			return nil, errors.New("load: mixed needs a rate")
		}
		return l.newMixed(o), nil
	}
	return nil, fmt.Errorf("load: work %q: want %q, %q, %q, %q or %q", o.Work, Echo, Broadcast, Churn, Storm, Mixed)
}

func (l *Load) measure(o Order) (Result, error) {
	w, err := l.begin(o)
	if err != nil {
		return Result{}, err
	}
	runtime.GC() // now, because nothing that runs from here on allocates
	cpu, err := cpuTime()
	if err != nil {
		return Result{}, err
	}
	hungry := starved()
	l.poller.waited = 0
	l.epoch = time.Now()
	if err := l.pursue(w); err != nil {
		return Result{}, err
	}
	end := l.now()
	after, err := cpuTime()
	if err != nil {
		return Result{}, err
	}
	hungered := starved().since(hungry)
	if f, ok := w.(finisher); ok {
		f.finish(end)
		if err := l.compact(); err != nil {
			return Result{}, err
		}
	}
	r := Result{
		Connections: l.Connections(),
		Messages:    l.count.messages,
		Checked:     l.count.checked,
		Sent:        l.count.sent,
		Elapsed:     time.Duration(end),
		Lost:        l.count.lost,
		Failed:      l.count.failed,
		Ended:       l.count.ended,
		Replaced:    l.count.replaced,
		Why:         l.count.why,
		Course:      l.tally.finish(end),
		CPU:         after - cpu,
		Busy:        time.Duration(end - l.poller.waited),
	}
	open := o.Rate > 0 && o.Work != Storm
	r.Saturated = verdict(open, r.Elapsed, r.Busy, r.CPU, hungered, l.tally.latency, l.tally.late)
	if r.Latency, err = encode(l.tally.latency); err != nil {
		return Result{}, err
	}
	r.Late, err = encode(l.tally.late)
	return r, err
}

// cpuTime is that of this process, user and system.
func cpuTime() (time.Duration, error) {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0, fmt.Errorf("load: getrusage: %w", err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), nil
}
