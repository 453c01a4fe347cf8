package bench

import "time"

// Step is where a run is.
type Step struct {
	Text string        // what happens next: "echo, 20 B, one in flight: round 3 of 9, gorilla"
	Done float64       // share of the whole, 0 to 1, by an estimate of how long each part takes
	Left time.Duration // until the end, by the time that the done share took; 0 while nobody can tell
}

// steps counts estimated time.
type steps struct {
	total, done time.Duration
	began       time.Time
}

const (
	startCost = 400 * time.Millisecond // of a server and its load
	pauseCost = 30 * time.Millisecond  // between two windows
	callsCost = time.Second            // to trace
)

// estimate says how long the cells take with so many servers.
func estimate(cells []cell, rounds, servers int) steps {
	s := steps{began: time.Now()}
	for i := range cells {
		c := &cells[i]
		s.total += time.Duration(servers) * (c.beginning() + time.Duration(c.rounds(rounds))*c.round())
	}
	return s
}

func (c *cell) beginning() time.Duration {
	if c.idle != nil {
		return 0
	}
	d := startCost + c.warmup
	if c.halfLoad {
		d += calibrations * calibration
	}
	if c.traced() {
		d += callsCost
	}
	return d
}

func (c *cell) round() time.Duration {
	if c.idle != nil {
		return startCost + time.Duration(len(c.idle))*idleCost
	}
	return or(c.order.Duration, time.Second) + pauseCost
}

// progress tells what comes next.
func (r *run) progress(text string) {
	if r.env.Progress == nil {
		return
	}
	s := Step{Text: text}
	if r.steps.done > 0 {
		took := time.Since(r.steps.began)
		s.Done = min(1, r.steps.done.Seconds()/r.steps.total.Seconds())
		s.Left = time.Duration(took.Seconds() / s.Done * (1 - s.Done) * float64(time.Second))
	}
	r.env.Progress(s)
}

// advance counts what was estimated as d as done.
func (r *run) advance(d time.Duration) {
	r.steps.done += d
}
