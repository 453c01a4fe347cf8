package fasthttp

import "sync"

// pool runs requests on a bounded number of goroutines. One that has nothing to do
// stays for a while, and the one that was last busy is called first; all end when the
// last connection has.
//
// Requests come in batches, as the loops find them. One goroutine is called at a time,
// which calls the next if there is more to do when it begins: so a few of them do all
// the work while handlers are quick, and as many as may when handlers wait.
type pool struct {
	s   *server
	max int

	mu      sync.Mutex
	free    []chan bool // of goroutines that wait; false ends them
	called  bool        // one that has not begun yet
	busy    int         // the others, without
	paused  int         // those that wait for their peer to read
	waiting []*conn     // a ring
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
	if p.busy+p.n >= p.max+p.room {
		return false
	}
	p.push(c)
	p.call()
	return true
}

// call lets another goroutine begin, if there is a request for it.
func (p *pool) call() {
	if p.called || p.n == 0 || p.busy >= p.max {
		return
	}
	p.called = true
	if n := len(p.free); n > 0 {
		w := p.free[n-1]
		p.free = p.free[:n-1]
		w <- true
		return
	}
	go p.work(nil)
}

func (p *pool) work(w chan bool) {
	for {
		p.begin()
		for c := p.next(); c != nil; c = p.next() {
			p.s.work(c)
		}
		if w = p.rest(w); w == nil || !<-w {
			return
		}
	}
}

// begin is called by a goroutine that was called.
func (p *pool) begin() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.called = false
	p.busy++
}

// next is the request that a goroutine goes on with.
func (p *pool) next() *conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.n == 0 {
		p.busy--
		return nil
	}
	c := p.pop()
	p.call()
	return c
}

// rest returns what a goroutine waits on for more, or nil when it shall end.
func (p *pool) rest(w chan bool) chan bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.free) >= maxFree || p.s.open.Load() == 0 {
		return nil
	}
	if w == nil {
		w = make(chan bool, 1)
	}
	p.free = append(p.free, w)
	p.call() // for what has come meanwhile
	return w
}

// quiet ends those that have nothing to do.
func (p *pool) quiet() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, w := range p.free {
		w <- false
	}
	p.free = nil
}

// pause lets another goroutine run, while this one waits. It answers false when as many
// wait as may.
func (p *pool) pause() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.paused >= int(p.s.maxDetached) {
		return false
	}
	p.paused++
	p.busy--
	p.call()
	return true
}

// resume ends a pause. As many as have paused may run besides Workers.
func (p *pool) resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.paused--
	p.busy++
}

func (p *pool) push(c *conn) {
	if p.n == len(p.waiting) {
		more := make([]*conn, max(2*p.n, 64))
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
	return p.busy + p.paused, p.n
}
