package engine

import (
	"sync"
	"sync/atomic"
)

// mailbox carries what other goroutines want from a loop. Put may be called
// from any goroutine; take belongs to the loop. A batch of puts rings the loop
// once and allocates nothing: data travels in an arena that is swapped with the
// tasks.
//
// A loop that is awake is not rung: it looks before it sleeps. Neither side can miss
// the other, because each says its own first and then asks: put says that something
// is waiting and asks whether the loop is awake, the loop says that it is not and
// asks whether anything is waiting.
type mailbox struct {
	ring    func() // wakes the loop up, which then calls take
	limit   int    // bytes
	rings   atomic.Uint64
	awake   atomic.Bool // said by the loop
	waiting atomic.Bool // said by put, unsaid by take

	mu     sync.Mutex
	closed bool
	armed  bool // rung, and not taken yet
	in     batch
	spare  batch
}

// batch is a run of tasks with the bytes they carry.
type batch struct {
	tasks []task
	arena []byte
	held  int // bytes that sweeps refer to
}

type taskKind uint8

const (
	taskWrite taskKind = iota // write arena[off:off+n]
	taskMail                  // call OnMail with tag and arena[off:off+n]
	taskPost                  // let visitor visit the connection
	taskClose                 // Close
	taskReady                 // the connection became writable
	taskLoop                  // call loop
	taskSweep                 // let visitor visit the connections of want, in slices
)

type task struct {
	kind      taskKind
	slot, gen uint32
	off, n    int // of the arena; taskSweep: n is what the visitor holds
	tag       int // of Mail; tagBroken in a taskReady
	loop      func()
	visitor   Visitor
	want      Handler // taskSweep: nil means all
}

// tagBroken in a taskReady means that the connection broke or was hung up.
const tagBroken = 1

// taskCost is what a task counts against the limit beside its data.
const taskCost = 64

// put queues t with a copy of p. Tasks of the engine itself are always taken
// until the mailbox is closed: they are bounded by what they act on.
func (m *mailbox) put(t task, p []byte, always bool) error {
	m.mu.Lock()
	if m.closed {
		m.mu.Unlock()
		return ErrServerClosed
	}
	if !always && len(m.in.arena)+len(p)+m.in.held+taskCost*len(m.in.tasks) >= m.limit {
		m.mu.Unlock()
		return ErrMailboxFull
	}
	if t.kind == taskSweep {
		m.in.held += t.n
	}
	if len(p) > 0 {
		t.off, t.n = len(m.in.arena), len(p)
		m.in.arena = append(m.in.arena, p...)
	}
	m.in.tasks = append(m.in.tasks, t)
	m.waiting.Store(true)
	wake := !m.armed && !m.awake.Load()
	m.armed = m.armed || wake
	m.mu.Unlock()
	if wake {
		m.rings.Add(1)
		m.ring()
	}
	return nil
}

// take swaps the queue for an empty one; b goes back with done.
func (m *mailbox) take() (b batch) {
	m.mu.Lock()
	defer m.mu.Unlock()
	b, m.in, m.spare = m.in, m.spare, batch{}
	m.armed = false
	m.waiting.Store(false)
	return b
}

// done gives the memory of a batch back, unless a burst made it large.
func (m *mailbox) done(b batch) {
	if cap(b.arena) > 1<<20 || cap(b.tasks) > 1<<14 {
		return
	}
	clear(b.tasks)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.spare = batch{tasks: b.tasks[:0], arena: b.arena[:0]}
}

// close refuses every later put and returns what is left.
func (m *mailbox) close() batch {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	b := m.in
	m.in = batch{}
	return b
}
