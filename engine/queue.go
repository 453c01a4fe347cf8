package engine

import "github.com/sockeye-io/sockeye/engine/internal/buffer"

// queue holds output that waits: for the end of the running callback, or for
// the kernel. It exists only while something waits.
type queue struct {
	segs   []seg
	head   int
	bytes  int
	urgent int    // bytes that WriteUrgent has put in over the mark
	since  uint32 // tick of the last progress
	next   *queue // in the free list
}

// seg is a run of bytes: lent from a pool, or shared and never changed.
type seg struct {
	buf    *buffer.Buf
	shared []byte
	off    int
}

func (s *seg) rest() []byte {
	if s.buf != nil {
		return s.buf.B[s.off:]
	}
	return s.shared[s.off:]
}

const (
	firstSeg = 512
	maxSeg   = 64 << 10
	maxIov   = 64 // of 1024 that Linux takes
)

// add copies p to the end. Packets keep their boundaries: each is a segment.
func (q *queue) add(p []byte, packet bool) {
	q.bytes += len(p)
	size := firstSeg
	if n := len(q.segs); n > q.head && !packet {
		if last := q.segs[n-1].buf; last != nil {
			if len(last.B)+len(p) <= cap(last.B) {
				last.B = append(last.B, p...)
				return
			}
			size = min(2*cap(last.B), maxSeg)
		}
	}
	b := buffer.Get(max(size, len(p)))
	b.B = append(b.B, p...)
	q.push(seg{buf: b})
}

// addShared keeps p itself, unless it is so small that a copy costs less than
// what it takes to remember it.
func (q *queue) addShared(p []byte) {
	if len(p) <= firstSeg {
		q.add(p, false)
		return
	}
	q.bytes += len(p)
	q.push(seg{shared: p})
}

// push moves the segments down when half of them have left: a queue that is
// never quite empty would grow for ever otherwise.
func (q *queue) push(s seg) {
	if len(q.segs) == cap(q.segs) && 2*q.head >= len(q.segs) {
		n := copy(q.segs, q.segs[q.head:])
		clear(q.segs[n:])
		q.segs, q.head = q.segs[:n], 0
	}
	q.segs = append(q.segs, s)
}

// taken removes n bytes from the front.
func (q *queue) taken(n int) {
	q.bytes -= n
	for n > 0 {
		s := &q.segs[q.head]
		r := len(s.rest())
		if n < r {
			s.off += n
			return
		}
		n -= r
		q.drop()
	}
	// An empty packet takes no bytes and is no segment: none can be left.
}

func (q *queue) drop() {
	buffer.Put(q.segs[q.head].buf)
	q.segs[q.head] = seg{}
	q.head++
	if q.head == len(q.segs) {
		q.segs, q.head = q.segs[:0], 0
	}
}

func (l *loop) newQueue() *queue {
	q := l.spare
	if q == nil {
		q = &queue{segs: make([]seg, 0, 4)}
	} else {
		l.spare, q.next = q.next, nil
	}
	q.since = l.now
	return q
}

// freeQueue drops what waits for c; anything that does was lost.
func (l *loop) freeQueue(c *Conn) {
	q := c.out
	if q == nil {
		return
	}
	if q.bytes > 0 {
		l.stats.dropped.Add(uint64(q.bytes))
	}
	for q.head < len(q.segs) {
		q.drop()
	}
	if cap(q.segs) > 64 {
		q.segs = make([]seg, 0, 4)
	}
	c.out, q.bytes, q.urgent = nil, 0, 0
	q.next, l.spare = l.spare, q
}
