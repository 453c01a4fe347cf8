package load

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// publisher makes the messages of a broadcast and keeps those that the socket does not take. It never allocates.
type publisher struct {
	base  int64 // the number of the first message
	body  int   // where in frame the payload begins
	frame []byte
	queue []byte // what is to be sent is queue[sent:]
	sent  int
}

// queueMost is how much may wait to be published, in messages and in bytes, whichever is less, but for one message. What
// is due beyond is not sent and is lost.
const (
	queueMost      = 1024
	queueMostBytes = 16 << 20
)

func newPublisher(f *format, base int64, open bool) publisher {
	frame := f.encode()
	most := len(frame)
	if open {
		most = max(most, min(queueMost*len(frame), queueMostBytes))
	}
	return publisher{base: base, frame: frame, body: len(frame) - len(f.body), queue: make([]byte, 0, most)}
}

// add takes message k, and gives whether there was room.
func (p *publisher) add(k int64) bool {
	if len(p.queue)+len(p.frame) > cap(p.queue) {
		p.queue = append(p.queue[:0], p.queue[p.sent:]...)
		p.sent = 0
		if len(p.queue)+len(p.frame) > cap(p.queue) {
			return false
		}
	}
	at := len(p.queue) + p.body
	p.queue = append(p.queue, p.frame...)
	number := p.queue[at : at+numberLen]
	putNumber(number, p.base+k)
	for i := range number {
		number[i] ^= key[i%4]
	}
	return true
}

// flush writes to the socket and gives whether that was all.
func (p *publisher) flush(fd int) (bool, error) {
	for p.unsent() > 0 {
		n, errno := rawWrite(fd, p.queue[p.sent:])
		if errno == unix.EAGAIN {
			return false, nil
		}
		if errno != 0 {
			return false, fmt.Errorf("write: %w", errno)
		}
		p.sent += n
	}
	p.queue, p.sent = p.queue[:0], 0
	return true, nil
}

func (p *publisher) unsent() int { return len(p.queue) - p.sent }

// deafen makes a connection one that reads nothing; only its end is still noticed.
func (l *Load) deafen(i int, c *conn) error {
	c.mute = true
	return l.poller.change(i, c, unix.EPOLLRDHUP)
}
