package wsproto

import "io"

// inflateFeed is what an InflateStream decompresses from: the pieces of the payload one after the other, then the
// DeflateTail. It is a flate.Reader that never says that there is nothing yet, which flate could not go on after; it
// leaves the coroutine instead.
type inflateFeed struct {
	p       []byte // what is left of the piece
	last    bool   // there is no other piece after it
	taken   int    // bytes of the payload
	tail    int    // bytes of the DeflateTail
	yield   func([]byte) bool
	stopped bool // there will be nothing more

	// An InflateReader's has no coroutine but a source, which may wait.
	src io.Reader
	buf []byte
	err error // of src, but io.EOF
}

// fill waits for bytes of the payload; false: there are none.
func (f *inflateFeed) fill() bool {
	for len(f.p) == 0 && !f.last && !f.stopped {
		if f.src != nil {
			f.pull()
			continue
		}
		f.stopped = !f.yield(nil)
	}
	return len(f.p) > 0 && !f.stopped
}

// pull reads the next piece.
func (f *inflateFeed) pull() {
	for range 100 {
		n, err := f.src.Read(f.buf)
		f.p, f.last = f.buf[:n], err == io.EOF
		if err != nil && !f.last {
			f.stopped, f.err = true, err
		}
		if n > 0 || err != nil {
			return
		}
	}
	f.stopped, f.err = true, io.ErrNoProgress
}

func (f *inflateFeed) ReadByte() (byte, error) {
	if len(f.p) == 0 && !f.fill() {
		if f.stopped || f.tail == len(DeflateTail) {
			return 0, io.EOF
		}
		f.tail++
		return DeflateTail[f.tail-1], nil
	}
	b := f.p[0]
	f.p = f.p[1:]
	f.taken++
	return b, nil
}

func (f *inflateFeed) Read(p []byte) (n int, err error) {
	switch {
	case f.fill():
		n = copy(p, f.p)
		f.p = f.p[n:]
		f.taken += n
	case f.stopped || f.tail == len(DeflateTail):
		return 0, io.EOF
	default:
		n = copy(p, DeflateTail[f.tail:])
		f.tail += n
	}
	return n, nil
}

// rest is asked after a final block: is there more, and how much of the payload was before? It is negative in
// the middle of the tail, where nothing can follow.
func (f *inflateFeed) rest() (at int, more bool) {
	if f.fill() {
		return f.taken, true
	}
	switch f.tail {
	case 0, 4, len(DeflateTail): // nothing of it, 00 00 ff ff, or all: as Inflater.next has it
		return f.taken, false
	}
	return -1, true
}
