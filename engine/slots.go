package engine

import "sync/atomic"

// slots numbers the connections of a loop. The loop alone takes, frees and
// looks up; live may be asked from any goroutine. A slot that is reused has
// another generation, so that an old Handle never meets a new connection.
type slots struct {
	dir  atomic.Pointer[[]*slotChunk]
	free uint32 // 1 + the first free slot, 0 when there is none
	used uint32 // slots ever taken
}

const chunkSize = 256

type slotChunk [chunkSize]slot

type slot struct {
	gen atomic.Uint32 // odd while taken
	at  uint32        // while free: the next free slot; while taken: the tick of c's timer
	c   *Conn
}

func (s *slots) at(i uint32) *slot { return &(*s.dir.Load())[i/chunkSize][i%chunkSize] }

// take gives c a slot, and the slot a generation.
func (s *slots) take(c *Conn) {
	i := s.free - 1
	if s.free != 0 {
		s.free = s.at(i).at
	} else {
		i = s.used
		s.used++
		if i%chunkSize == 0 {
			var dir []*slotChunk
			if p := s.dir.Load(); p != nil {
				dir = *p
			}
			dir = append(dir[:len(dir):len(dir)], new(slotChunk))
			s.dir.Store(&dir)
		}
	}
	sl := s.at(i)
	sl.c = c
	c.slot = i
	sl.gen.Add(1)
}

// release ends the generation of c.
func (s *slots) release(c *Conn) {
	sl := s.at(c.slot)
	sl.c = nil
	sl.gen.Add(1)
	sl.at, s.free = s.free, c.slot+1
}

// get returns the connection, or nil when its generation has ended.
func (s *slots) get(i, gen uint32) *Conn {
	if sl := s.at(i); sl.gen.Load() == gen {
		return sl.c
	}
	return nil
}

// live tells from any goroutine whether the generation goes on.
func (s *slots) live(i, gen uint32) bool { return gen&1 == 1 && s.at(i).gen.Load() == gen }
