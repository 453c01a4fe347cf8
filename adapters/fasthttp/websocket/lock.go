package websocket

import (
	"sync"
	"time"
)

// writeLock is held while frames are written, so that none comes into the midst of another. Unlike a sync.Mutex it can
// be waited for until a deadline, and unlike a channel it takes no memory while nobody waits. Who comes first is served
// first. Its mutex is only ever held for a moment, and guards what is told beside writing too.
type writeLock struct {
	mu      sync.Mutex
	held    bool
	waiters *waiter
	err     error // why nothing can be written any more
}

type waiter struct {
	turn chan struct{} // closed when the lock is handed over
	next *waiter
}

// lock waits until deadline, for ever if that is zero, and reports whether the lock is held now.
func (l *writeLock) lock(deadline time.Time) bool {
	l.mu.Lock()
	if !l.held {
		l.held = true
		l.mu.Unlock()
		return true
	}
	w := l.queue()
	l.mu.Unlock()
	return l.wait(w, deadline)
}

// tryLock takes the lock if nobody has it.
func (l *writeLock) tryLock() bool {
	l.mu.Lock()
	free := !l.held
	l.held = true
	l.mu.Unlock()
	return free
}

//go:noinline
func (l *writeLock) queue() *waiter {
	w := &waiter{turn: make(chan struct{})}
	end := &l.waiters
	for *end != nil {
		end = &(*end).next
	}
	*end = w
	return w
}

// wait waits for its turn.
//
//go:noinline
func (l *writeLock) wait(w *waiter, deadline time.Time) bool {
	if deadline.IsZero() {
		<-w.turn
		return true
	}
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case <-w.turn:
		return true
	case <-timer.C:
		l.leave(w)
		return false
	}
}

// leave is for who waits no longer.
func (l *writeLock) leave(w *waiter) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for p := &l.waiters; *p != nil; p = &(*p).next {
		if *p == w {
			*p = w.next
			return
		}
	}
	l.handOver() // its turn came in this very moment
}

func (l *writeLock) unlock() {
	l.mu.Lock()
	l.handOver()
	l.mu.Unlock()
}

func (l *writeLock) handOver() {
	w := l.waiters
	if w == nil {
		l.held = false
		return
	}
	l.waiters = w.next
	close(w.turn)
}

// failed is why nothing can be written any more, or nil.
func (l *writeLock) failed() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.err
}

// fail keeps the first error, for all who write later, and returns its own.
func (l *writeLock) fail(err error) error {
	l.mu.Lock()
	if l.err == nil {
		l.err = err
	}
	l.mu.Unlock()
	return err
}
