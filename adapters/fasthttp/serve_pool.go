package fasthttp

import "sync"

// pool runs requests on a bounded number of goroutines. One that has nothing to do
// stays for the next request, the one that was last busy first; all end when the
// last connection has.
type pool struct {
	s   *server
	max int

	mu      sync.Mutex
	free    []chan *conn // of goroutines that wait
	busy    int
	waiting []*conn // a ring
	head, n int
	room    int
}

// maxFree is how many goroutines stay without work.
const maxFree = 256

func (p *pool) init(s *server, workers, room int) { p.s, p.max, p.room = s, workers, room }

// submit lets c's request run, now or when its turn comes. It answers false when as
// many wait as may.
func (p *pool) submit(c *conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case len(p.free) > 0:
		w := p.free[len(p.free)-1]
		p.free = p.free[:len(p.free)-1]
		p.busy++
		w <- c
	case p.busy < p.max:
		p.busy++
		go p.work(c)
	case p.n < p.room:
		p.push(c)
	default:
		return false
	}
	return true
}

func (p *pool) work(c *conn) {
	var w chan *conn
	for c != nil {
		p.s.work(c)
		if c = p.next(&w); c == nil && w != nil {
			c = <-w
		}
	}
}

// next is what a goroutine does when it is done: it goes on with who waits, stays
// for w, or ends.
func (p *pool) next(w *chan *conn) *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.n > 0 {
		return p.pop()
	}
	p.busy--
	if len(p.free) >= maxFree || p.s.open.Load() == 0 {
		*w = nil
		return nil
	}
	if *w == nil {
		*w = make(chan *conn, 1)
	}
	p.free = append(p.free, *w)
	return nil
}

// quiet ends those that have nothing to do.
func (p *pool) quiet() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range p.free {
		w <- nil
	}
	p.free = nil
}

func (p *pool) push(c *conn) {
	if p.n == len(p.waiting) {
		more := make([]*conn, min(max(2*p.n, 64), p.room))
		k := copy(more, p.waiting[p.head:])
		copy(more[k:], p.waiting[:p.head])
		p.waiting, p.head = more, 0
	}
	p.waiting[(p.head+p.n)%len(p.waiting)] = c
	p.n++
}

func (p *pool) pop() *conn {
	c := p.waiting[p.head]
	p.waiting[p.head] = nil
	p.head = (p.head + 1) % len(p.waiting)
	p.n--
	return c
}

func (p *pool) counts() (busy, waiting int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.busy, p.n
}
