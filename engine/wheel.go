package engine

// wheel is a hashed timing wheel over slot numbers: one pointer-free link of
// 8 bytes a connection, no allocation to schedule or cancel. It belongs to its
// loop. It does not know deadlines: a visited slot is handed to the loop, which
// fires it or schedules it again.
type wheel struct {
	// links[0:wheelSize] are the list heads of the buckets; slot s is
	// links[s+wheelSize]. Lists are circular, so that unlinking needs no bucket;
	// a slot that is in no list points at itself.
	links []link
	now   uint32 // the last tick that was visited
	count int    // slots in a list
}

type link struct{ next, prev uint32 }

const wheelSize = 512 // 51.2 s a turn at 100 ms a tick

func newWheel(now uint32) *wheel {
	w := &wheel{now: now}
	w.grow(0)
	return w
}

// grow makes room for n slots.
func (w *wheel) grow(n int) {
	for i := uint32(len(w.links)); i < uint32(n)+wheelSize; i++ {
		w.links = append(w.links, link{i, i})
	}
}

// schedule lets slot be visited at tick at, or at a tick before when at is
// more than one turn ahead; a tick that has passed means the next one.
func (w *wheel) schedule(slot, at uint32) {
	w.cancel(slot)
	if int32(at-w.now) <= 0 {
		at = w.now + 1
	}
	head, n := at%wheelSize, slot+wheelSize
	next := w.links[head].next
	w.links[n] = link{next, head}
	w.links[head].next, w.links[next].prev = n, n
	w.count++
}

// cancel takes slot out of its list, if it is in one.
func (w *wheel) cancel(slot uint32) {
	n := slot + wheelSize
	l := w.links[n]
	if l.next == n {
		return
	}
	w.links[l.prev].next, w.links[l.next].prev = l.next, l.prev
	w.links[n] = link{n, n}
	w.count--
}

// advance visits every slot of the buckets up to tick now. Each is taken out
// of its list before visit, which may schedule and cancel any slot.
func (w *wheel) advance(now uint32, visit func(slot uint32)) {
	if now-w.now > wheelSize { // a turn visits everything once
		w.now = now - wheelSize
	}
	for w.now != now {
		w.now++
		head := w.now % wheelSize
		// The tail is visited first and new entries join at the front, so
		// that what visit schedules one turn later, into this very bucket, is
		// told apart by counting.
		n := 0
		for i := w.links[head].next; i != head; i = w.links[i].next {
			n++
		}
		for ; n > 0 && w.links[head].prev != head; n-- {
			s := w.links[head].prev - wheelSize
			w.cancel(s)
			visit(s)
		}
	}
}
