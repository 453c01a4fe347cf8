package websocket

import (
	"slices"
	"sync"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// deflaters compress for all connections, one for each level.
var deflaters = func() (all [maxCompressionLevel - minCompressionLevel + 1]*wsproto.Deflater) {
	for i := range all {
		all[i] = wsproto.NewDeflater(i + minCompressionLevel)
	}
	return all
}()

// squeeze is how messages are compressed.
type squeeze struct {
	level int8
	bits  uint8 // of the window; 0: 15
}

func (s squeeze) append(dst, p, dict []byte, last bool) []byte {
	return deflaters[s.level-minCompressionLevel].Append(dst, p, s.bits, dict, last)
}

// deflated is memory for compressing a message.
type deflated struct {
	plain []byte // what is to be compressed, behind what was
	seen  int    // bytes of it that the peer has
	out   []byte
}

var deflateds = sync.Pool{New: func() any { return new(deflated) }}

func borrowDeflated() *deflated { return deflateds.Get().(*deflated) }

func (z *deflated) release() {
	if cap(z.out) > maxKept {
		z.out = nil
	}
	z.plain, z.seen = z.plain[:0], 0
	deflateds.Put(z)
}

// whole compresses a message. The result lives until release.
func (z *deflated) whole(how squeeze, p []byte) []byte {
	z.out = slices.Grow(z.out[:0], wsproto.DeflateBound(len(p)))
	z.out = how.append(z.out, p, nil, true)
	return z.out
}

// A message that is written in pieces is compressed deflatePiece bytes at a time, with what a window holds of those before.
const (
	deflatePiece  = 64 << 10
	deflateWindow = 32 << 10
)

// add takes what is left of the piece, and returns the rest of p.
func (z *deflated) add(p []byte) []byte {
	n := min(len(p), deflatePiece-(len(z.plain)-z.seen))
	z.plain = append(z.plain, p[:n]...)
	return p[n:]
}

func (z *deflated) full() bool { return len(z.plain)-z.seen == deflatePiece }

// piece compresses what was added since the last time.
func (z *deflated) piece(how squeeze, last bool) []byte {
	p := z.plain[z.seen:]
	z.out = slices.Grow(z.out[:0], wsproto.DeflateBound(len(p)))
	z.out = how.append(z.out, p, z.plain[:z.seen], last)
	z.plain = append(z.plain[:0], z.plain[max(0, len(z.plain)-deflateWindow):]...)
	z.seen = len(z.plain)
	return z.out
}
