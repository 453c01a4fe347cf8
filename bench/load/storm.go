package load

import "time"

const (
	// stormMost is how long a storm may take when the order does not say.
	stormMost = time.Minute
	// pause is how long nobody tries to come back after one has failed to.
	pause = int64(10 * time.Millisecond)
)

// storm resets all connections at once and opens them anew, with an echo on each. Latency counts from the reset. One that
// fails tries again, behind all the others.
type storm struct {
	common
	end        int64
	begun      bool
	away       []int // in the order in which they are to come back
	busy, back int
	most       int
	hold       int64 // until when nobody tries
	look       int64
}

// isBack is what conn.since holds once the echo has come.
const isBack = -1

func (l *Load) newStorm(o Order) *storm {
	d := o.Duration
	if d <= 0 {
		d = stormMost
	}
	return &storm{
		common: common{l}, end: int64(d), most: atOnce(o.Concurrency),
		away: make([]int, 0, 2*l.conns.len()),
	}
}

func (s *storm) tick(now int64) (next int64, done bool, err error) {
	if !s.begun {
		s.begun = true
		for i := range s.conns.len() {
			s.reset(i)
			s.conns.at(i).since = now
			s.away = append(s.away, i)
		}
	}
	if s.look, err = s.overdue(0, now, s.look); err != nil {
		return 0, true, err
	}
	for len(s.away) > 0 && s.busy < s.most && now >= s.hold {
		i := s.away[0]
		s.away = s.away[1:]
		s.busy++
		if err := s.dial(i); err != nil {
			if err := s.breaks(i, err); err != nil {
				return 0, true, err
			}
		}
	}
	next = min(s.look, s.end)
	if len(s.away) > 0 && s.hold > now {
		next = min(next, s.hold)
	}
	return next, len(s.away) == 0 && s.busy == 0 || now >= s.end, nil
}

func (s *storm) waits() bool { return s.busy > 0 }

func (s *storm) opened(i int, c *conn) error { return s.post(i, c, c.since) }

func (s *storm) took(_ int, c *conn, now int64) error {
	if c.stamps.n == 0 {
		return errUnasked
	}
	s.tally.took(now, c.stamps.pop())
	s.count.messages++
	s.busy--
	s.back++
	c.since = isBack
	return nil
}

func (s *storm) broken(i int, why error) error {
	s.tolerated(i, why)
	if s.conns.at(i).since == isBack { // and now it is gone for good
		return nil
	}
	s.busy--
	s.away = append(s.away, i)
	s.hold = s.now() + pause
	return nil
}

// finish gives up those that are not back.
func (s *storm) finish(now int64) {
	for i := range s.conns.len() {
		if s.conns.at(i).since != isBack {
			s.count.lost++
			s.tally.lost(now, s.conns.at(i).since, 1)
			s.reset(i)
		}
	}
}
