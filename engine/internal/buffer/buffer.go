// Package buffer lends byte buffers in size classes, so that partial input and
// waiting output cost memory only while they exist.
package buffer

import (
	"math/bits"
	"sync"
)

const (
	minShift = 6  // 64 B
	maxShift = 22 // 4 MiB: larger ones are left to the collector
)

// Buf is a lent buffer. Its owner is whoever called Get, until Put; B may be
// appended to with Append only, which moves it to a larger class when needed.
type Buf struct {
	B []byte
}

var pools [maxShift - minShift + 1]sync.Pool

func class(n int) int {
	if n <= 1<<minShift {
		return 0
	}
	return bits.Len(uint(n-1)) - minShift
}

// Get lends an empty buffer with room for n bytes.
func Get(n int) *Buf {
	k := class(n)
	if k >= len(pools) {
		return &Buf{B: make([]byte, 0, n)}
	}
	if b, ok := pools[k].Get().(*Buf); ok {
		return b
	}
	return &Buf{B: make([]byte, 0, 1<<(k+minShift))}
}

// Put takes b back; b must not be used again. Nil is allowed.
func Put(b *Buf) {
	if b == nil {
		return
	}
	k := class(cap(b.B))
	if k >= len(pools) || cap(b.B) != 1<<(k+minShift) {
		return
	}
	b.B = b.B[:0]
	pools[k].Put(b)
}

// Append adds p to b, doubling its room as the bytes arrive, and returns the
// buffer that holds them now; b must not be used again.
func Append(b *Buf, p []byte) *Buf {
	if need := len(b.B) + len(p); need > cap(b.B) {
		n := Get(max(need, 2*cap(b.B)))
		n.B = append(n.B, b.B...)
		Put(b)
		b = n
	}
	b.B = append(b.B, p...)
	return b
}
