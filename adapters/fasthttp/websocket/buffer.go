package websocket

import (
	"net"
	"sync"
	"time"
)

// BufferPool is where a Conn takes its write buffer from, and gives it back when a message is written. A *sync.Pool is
// one. What is in it is for this package alone. It is called from all goroutines that write to the connections.
type BufferPool interface {
	// Get returns a value that was put, or nil.
	Get() interface{}
	// Put adds a value.
	Put(interface{})
}

// writePoolData is what is in a BufferPool.
type writePoolData struct{ buf []byte }

// buffer is memory that a connection borrows while it reads or writes. It has one owner at a time: a Conn's reader, a
// writer or a pool.
type buffer struct {
	b     []byte // of the length that was asked for
	class int    // of buffers; -1: no pool has the memory

	attempt func(fd uintptr) bool // write, made only once

	// of a read
	dst []byte
	n   int // bytes; of a write too
	err error

	// of a write: it is a struct, and not arguments, so that a goroutine that writes needs no more than the smallest stack
	frames   []byte // whole ones, but for the last
	rest     []byte // of the last
	deadline time.Time
	until    time.Time // how long to wait for those who are writing
	closing  bool      // one of frames is a close frame
	vec      net.Buffers
	two      [2][]byte

	pool BufferPool // of the application: b is its, and data what it gave
	data any
}

// The sizes are those of the allocator above 4, 16 and 64 KiB, so that a header fits in too.
var (
	bufferSizes = [...]int{4864, 18432, 73728}
	buffers     [len(bufferSizes)]sync.Pool
	shells      = sync.Pool{New: func() any { return &buffer{class: -1} }} // without memory
)

// borrow returns a buffer of n bytes, to be given back with release.
func borrow(n int) *buffer {
	for class := range bufferSizes {
		if n <= bufferSizes[class] {
			b, ok := buffers[class].Get().(*buffer)
			if !ok {
				b = newBuffer(class)
			}
			b.b = b.b[:n]
			return b
		}
	}
	b := shells.Get().(*buffer)
	b.b = make([]byte, n)
	return b
}

func newBuffer(class int) *buffer {
	return &buffer{b: make([]byte, bufferSizes[class]), class: class}
}

// borrowFrom is borrow from the pool of the application.
func borrowFrom(pool BufferPool, n int) *buffer {
	b := shells.Get().(*buffer)
	b.pool, b.data = pool, pool.Get()
	if d, ok := b.data.(writePoolData); ok {
		b.b = d.buf
		return b
	}
	b.b = make([]byte, n)
	b.data = writePoolData{b.b}
	return b
}

// release gives a buffer back. Nobody may hold a view of it.
func (b *buffer) release() {
	b.dst, b.n, b.err = nil, 0, nil
	b.frames, b.rest, b.deadline, b.until, b.closing = nil, nil, time.Time{}, time.Time{}, false
	if b.class >= 0 {
		buffers[b.class].Put(b)
		return
	}
	if b.pool != nil {
		b.pool.Put(b.data)
	}
	b.b, b.pool, b.data = nil, nil, nil
	shells.Put(b)
}
