package baseline

import (
	"errors"
	"net"
	"sync"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

const (
	// highWater is how many bytes may wait for a peer.
	highWater = 1 << 20
	// keptFrames is the room for how many frames a connection keeps after a burst.
	keptFrames = 64
)

var (
	errClosed = errors.New("baseline: connection closed")
	errSlow   = errors.New("baseline: slow consumer")
)

// Broadcast sends each message to every connection of the server. It is encoded once.
func Broadcast(c *Conn, op wsproto.OpCode, p []byte) error {
	frame := wsproto.AppendFrame(make([]byte, 0, len(p)+wsproto.MaxHeaderSize), op, p)
	s := c.srv
	s.mu.Lock() // so that all see all messages in one order
	defer s.mu.Unlock()
	for _, to := range s.conns {
		if to.open {
			_ = to.send(frame, false) // those who cannot keep up are counted, and end by themselves
		}
	}
	return nil
}

// queue is between those who broadcast and the goroutine that writes to one peer: frames that are shared and must not
// be changed. Any goroutine may use it.
type queue struct {
	mu     sync.Mutex
	wake   sync.Cond
	frames [][]byte
	bytes  int  // in frames, and of those being written
	over   bool // nothing more is taken
	done   bool // nothing more will be written
}

func newQueue() *queue {
	q := new(queue)
	q.wake.L = &q.mu
	return q
}

// send queues a frame. A peer that has left highWater bytes unread is cut off, unless the frame is urgent.
func (c *Conn) send(frame []byte, urgent bool) error {
	q := c.mail
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.over:
		return errClosed
	case q.bytes >= highWater && !urgent:
		q.over = true
		c.srv.dropped.Add(1)
		c.cut() // which ends both of its goroutines
		return errSlow
	}
	q.frames = append(q.frames, frame)
	q.bytes += len(frame)
	q.wake.Broadcast() // there is one waiter, or one in finish
	return nil
}

// deliver is the goroutine that writes: all that waits, in one writev.
func (c *Conn) deliver() {
	var batch [][]byte
	var bufs net.Buffers
	size := 0
	for {
		var ok bool
		if batch, ok = c.mail.take(batch, size); !ok {
			return
		}
		size = 0
		for _, frame := range batch {
			size += len(frame)
		}
		var err error
		if len(batch) == 1 {
			_, err = c.nc.Write(batch[0])
		} else {
			bufs = batch
			_, err = bufs.WriteTo(c.nc)
		}
		if err != nil {
			_ = c.nc.Close() // wakes the goroutine that reads
			c.mail.close()
			return
		}
	}
}

// take waits for frames, in exchange for those that were written, which had so many bytes.
func (q *queue) take(written [][]byte, size int) (batch [][]byte, ok bool) {
	clear(written)
	if cap(written) > keptFrames {
		written = nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.bytes -= size
	for len(q.frames) == 0 && !q.over {
		q.wake.Wait()
	}
	if len(q.frames) == 0 {
		q.done = true
		q.wake.Broadcast()
		return nil, false
	}
	batch, q.frames = q.frames, written[:0]
	return batch, true
}

// finish takes no more and waits until everything is written, or writing has failed.
func (q *queue) finish() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.over = true
	q.wake.Broadcast()
	for !q.done {
		q.wake.Wait()
	}
}

// close takes no more and drops what waits.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.over, q.done = true, true
	q.frames = nil
	q.wake.Broadcast()
}
