package wsproto

// inflateStreams counts the streams of a message that ended before the message did.
type inflateStreams int

// another tells whether a stream that ended after at bytes may be followed by another. To begin one copies up to
// 32 KiB, while two bytes are enough to end it: unbounded, a message of that could keep a processor busy for longer than
// it took to send. A peer that ends a stream each time it flushes stays far below.
func (s *inflateStreams) another(at int) bool {
	*s++
	return int(*s) <= 64+at/64
}

// inflateHistory is the end of what was decompressed: at least the window, as soon as there is so much.
type inflateHistory struct {
	p []byte // nil until it is used, then with room for two windows
}

// reset begins with what was decompressed before.
func (h *inflateHistory) reset(dict []byte) {
	if h.p == nil {
		h.p = make([]byte, 0, 2*inflateWindow)
	}
	h.p = append(h.p[:0], dict[max(0, len(dict)-inflateWindow):]...)
}

// room is where to write on; never less than a window, and bytes() is what it was before.
func (h *inflateHistory) room() []byte {
	if cap(h.p)-len(h.p) < inflateWindow {
		h.p = h.p[:copy(h.p, h.bytes())]
	}
	return h.p[len(h.p):cap(h.p)]
}

func (h *inflateHistory) wrote(n int) { h.p = h.p[:len(h.p)+n] }

func (h *inflateHistory) add(p []byte) {
	p = p[max(0, len(p)-inflateWindow):]
	h.wrote(copy(h.room(), p))
}

// bytes is the window. No view of it survives room or add.
func (h *inflateHistory) bytes() []byte { return h.p[max(0, len(h.p)-inflateWindow):] }
