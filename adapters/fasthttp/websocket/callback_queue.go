package websocket

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// queue is what goroutines have written while the loop was elsewhere. It is not left to
// the mailbox of the loop, because what is written during a callback goes out with that,
// and must not overtake what the same goroutine has written before.
type queue struct{ b []byte }

const (
	maxQueued     = 64 << 20 // bytes, in all queues together
	maxQueueKeeps = 4 << 10  // bytes of one that are kept for the next
)

var (
	queues = sync.Pool{New: func() any { return new(queue) }}
	queued atomic.Int64 // bytes
)

// enqueue copies frames, and asks the loop to fetch them. The lock for writing is held.
func (ev *events) enqueue(frame, rest []byte) error {
	n := int64(len(frame) + len(rest))
	if queued.Add(n) > maxQueued {
		queued.Add(-n)
		return engine.ErrMailboxFull
	}
	q := ev.queue
	if q == nil {
		if err := ev.h.Post(fetch); err != nil { // it has to wait for the lock
			queued.Add(-n)
			return ended(err)
		}
		q = queues.Get().(*queue)
		ev.queue = q
	}
	q.b = append(append(q.b, frame...), rest...)
	return nil
}

// fetch writes what has been queued, on the loop.
func fetch(ec *engine.Conn) {
	wc := ec.User().(*websocket.Conn)
	c := wc.User().(*Conn)
	c.lock.lock(time.Time{})
	defer c.lock.unlock()
	c.fetch(wc)
}

// fetch is that with the lock for writing. A close frame may have been sent without the
// writers: by a Shutdown. RFC 6455 section 5.5.1: "The application MUST NOT send any more
// data frames after sending a Close frame."
func (c *Conn) fetch(wc *websocket.Conn) {
	ev := c.events
	if wc.CloseSent() {
		_ = c.lock.fail(ErrCloseSent)
	} else if ev.queue != nil {
		_, _ = wc.Conn().Write(ev.queue.b) // an error has ended the connection, and is counted there
	}
	ev.dequeue()
}

// dequeue empties the queue. The lock for writing is held.
func (ev *events) dequeue() {
	q := ev.queue
	if q == nil {
		return
	}
	ev.queue = nil
	queued.Add(-int64(len(q.b)))
	if cap(q.b) <= maxQueueKeeps {
		q.b = q.b[:0]
		queues.Put(q)
	}
}
