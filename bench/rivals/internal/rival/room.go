package rival

import "sync"

// queued is how many messages may wait for a peer, as in gorilla's example of a chat.
const queued = 256

// Room is the connections that a message goes to. Its methods may be called from any goroutine. The zero Room is empty.
type Room[C comparable] struct {
	mu      sync.Mutex
	members []C
	index   map[C]int
}

// Join adds a connection.
func (r *Room[C]) Join(c C) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.index == nil {
		r.index = map[C]int{}
	}
	r.index[c] = len(r.members)
	r.members = append(r.members, c)
}

// Leave removes one. Each will not give it any more.
func (r *Room[C]) Leave(c C) {
	r.mu.Lock()
	defer r.mu.Unlock()
	i, ok := r.index[c]
	if !ok {
		return
	}
	last := len(r.members) - 1
	r.members[i] = r.members[last]
	r.index[r.members[i]] = i
	clear(r.members[last:])
	r.members = r.members[:last]
	delete(r.index, c)
}

// Each calls do for every connection. do must not block, and must not call the Room.
func (r *Room[C]) Each(do func(C)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.members {
		do(c)
	}
}

// Queue is between a Room and the goroutine that writes to one connection, for libraries that have none of their own.
type Queue[M any] struct {
	send chan M
	cut  func()
}

// Write makes a queue and the goroutine that empties it with write, until the queue is closed or write fails. cut ends
// the connection, at once and from any goroutine; it is called when the queue is full or write fails.
func Write[M any](write func(M) error, cut func()) *Queue[M] {
	cut = sync.OnceFunc(cut)
	q := &Queue[M]{send: make(chan M, queued), cut: cut}
	go func() {
		for m := range q.send {
			if write(m) != nil {
				cut()
				return
			}
		}
	}()
	return q
}

// Put queues a message, or cuts the connection off that is too slow for it.
func (q *Queue[M]) Put(m M) {
	select {
	case q.send <- m:
	default:
		q.cut()
	}
}

// Close ends the goroutine. Nothing may be put any more.
func (q *Queue[M]) Close() { close(q.send) }
