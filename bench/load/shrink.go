package load

// shrink closes the newest connections with the closing handshake until n are left. Those that do not end in time, or
// not as they should, are closed all the same.
func (l *Load) shrink(n, concurrency int) error {
	if n >= l.conns.len() {
		return nil
	}
	s := &shrinking{common: common{l}, keep: n, next: l.conns.len(), most: atOnce(concurrency)}
	err := l.pursue(s)
	for i := n; i < l.conns.len(); i++ {
		l.kill(i)
	}
	l.conns.cut(n)
	return err
}

type shrinking struct {
	common
	keep, next int
	most, busy int
}

func (s *shrinking) tick(int64) (int64, bool, error) {
	for s.next > s.keep && s.busy < s.most {
		s.next--
		c := s.conns.at(s.next)
		if c.state != open {
			continue
		}
		if err := s.leave(c); err != nil {
			s.kill(s.next)
			continue
		}
		s.busy++
	}
	return never, s.busy == 0, nil
}

func (s *shrinking) waits() bool { return s.busy > 0 }

func (s *shrinking) gone(int) error {
	s.busy--
	return nil
}

func (s *shrinking) broken(i int, why error) error {
	if i < s.next {
		return breach(i, why)
	}
	s.busy--
	return nil
}
