package load

// stamps are the times of the messages that a connection has not had an answer to, oldest first: when they were due in an
// open loop, when they were sent in a closed one. One alone needs no memory besides.
type stamps struct {
	n     int32
	head  int32 // of more
	first int64
	more  []int64 // a ring of those after the first; its length is a power of two
}

func (s *stamps) push(at int64) {
	if s.n == 0 {
		s.first = at
		s.n = 1
		return
	}
	if int(s.n)-1 == len(s.more) {
		s.grow()
	}
	s.more[int(s.head+s.n-1)&(len(s.more)-1)] = at
	s.n++
}

// pop takes the oldest; there must be one.
func (s *stamps) pop() int64 {
	at := s.first
	s.n--
	if s.n > 0 {
		s.first = s.more[s.head]
		s.head = (s.head + 1) & int32(len(s.more)-1)
	}
	return at
}

func (s *stamps) grow() {
	bigger := make([]int64, max(4, 2*len(s.more)))
	for i := range s.more {
		bigger[i] = s.more[(int(s.head)+i)&(len(s.more)-1)]
	}
	s.more, s.head = bigger, 0
}
