package websocket

import "github.com/sockeye-io/sockeye/engine/internal/buffer"

// window is the end of what went one way, to which the next message may refer
// (RFC 7692 section 7.1.1). Its memory grows with what went. Nil is a window of
// nothing: no takeover.
type window struct {
	z    *Compression
	buf  *buffer.Buf
	size int
}

// window promises one of 1<<bits bytes (0 means 15), or answers nil when the
// budget is used up. Peers with zlib use 9 bits where 8 were agreed on.
func (z *Compression) window(bits uint8) *window {
	if bits == 0 {
		bits = 15
	}
	size := int64(1) << max(bits, 9)
	if !z.promise(size) {
		return nil
	}
	return &window{z: z, size: int(size)}
}

// promise takes n bytes of the budget, if there are so many.
func (z *Compression) promise(n int64) bool {
	if total := z.promised.Add(n); z.budget > 0 && total > z.budget {
		z.promised.Add(-n)
		return false
	}
	return true
}

// bytes lives until the next call of a method.
func (w *window) bytes() []byte {
	if w == nil || w.buf == nil {
		return nil
	}
	return w.buf.B
}

// add takes what went.
func (w *window) add(p []byte) {
	if w == nil {
		return
	}
	if w.buf == nil {
		w.buf = buffer.Get(min(len(p), w.size))
		w.z.held.Add(int64(cap(w.buf.B)))
	}
	if len(p) > w.size {
		p = p[len(p)-w.size:]
	}
	if over := len(w.buf.B) + len(p) - w.size; over > 0 {
		w.buf.B = w.buf.B[:copy(w.buf.B, w.buf.B[over:])]
	}
	before := cap(w.buf.B)
	w.buf = buffer.Append(w.buf, p)
	w.z.held.Add(int64(cap(w.buf.B) - before))
}

// free gives the memory and the promise back.
func (w *window) free() {
	if w == nil {
		return
	}
	if w.buf != nil {
		w.z.held.Add(-int64(cap(w.buf.B)))
		buffer.Put(w.buf)
		w.buf = nil
	}
	w.z.promised.Add(-int64(w.size))
}
