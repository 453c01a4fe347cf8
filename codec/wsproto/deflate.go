package wsproto

import (
	"encoding/binary"
	"errors"
	"strconv"
	"sync"

	"github.com/klauspost/compress/flate"
)

// maxStored is the most that one stored block holds, RFC 1951 section 3.2.4.
const maxStored = 65535

// DeflateBound is the room that Deflater.Append needs at most, in bytes, for n bytes. What does not become smaller is
// stored: 5 bytes for each block of 65,535, and 5 for the flush at the end. n must not be negative.
func DeflateBound(n int) int { return n + 5*((n+maxStored-1)/maxStored) + 5 }

// Deflater compresses messages for any number of connections, on any number of goroutines. It holds no state of a
// connection, so an idle one costs nothing: what a writer knows of earlier messages is told to it anew, as a dictionary.
// Its writers, of about 1 MB each, are in pools that the garbage collector empties.
type Deflater struct {
	writers [deflateKinds]sync.Pool // of *deflateWriter
	level   int
}

// The kinds of writers. Those from deflateWindow on keep to a window: 1<<8 bytes the first, 1<<14 the last.
const (
	deflateLevel = iota
	deflateSmall
	deflateWindow
	deflateKinds = deflateWindow + 15 - 8
)

// The writers of levels 1 to 6, and those with a window, look for no match in less than 128 bytes, not even in the
// dictionary. Those of level 7 do.
const (
	deflateSmallSize  = 128
	deflateSmallLevel = 7
)

// NewDeflater makes a Deflater that compresses at a level from 1, the fastest, to 9. As flate has it, 0 means to store, -1
// a level that is neither fast nor slow, and -2 to look for no matches (Huffman coding alone). It panics at any other.
func NewDeflater(level int) *Deflater {
	if level < flate.HuffmanOnly || level > flate.BestCompression {
		panic("wsproto: NewDeflater: level " + strconv.Itoa(level) + " is not from -2 to 9")
	}
	return &Deflater{level: level}
}

// Append appends p to dst, compressed as a message or as a part of one, RFC 7692 section 7.2.1.
//
// last tells that no more of the message follows: then the four bytes 00 00 ff ff that end the flush are left out, as
// step 3 has it, and an empty p becomes the 00 of section 7.2.3.6. What is not last keeps its flush, so it ends at a byte
// and can be a frame of its own; it is nothing at all when p is empty.
//
// bits says how far a match may reach back: 1<<bits bytes, from 8 to 15; 0 means 15 and any other panics. dict is what the
// peer has decompressed before, in this message or, with context takeover, in earlier ones: no more than its last
// 1<<bits bytes are used. nil is always right, it only compresses less.
//
// Neither p nor dict is held or changed. With DeflateBound(len(p)) bytes of room in dst nothing is allocated, once
// there is a writer in the pool.
func (d *Deflater) Append(dst, p []byte, bits uint8, dict []byte, last bool) []byte {
	if bits == 0 {
		bits = 15
	}
	if bits < 8 || bits > 15 {
		panic("wsproto: Append: " + strconv.Itoa(int(bits)) + " window bits are not from 8 to 15")
	}
	if len(p) == 0 {
		if last {
			dst = append(dst, 0)
		}
		return dst
	}
	ok := d.level != flate.NoCompression
	if start := len(dst); ok {
		kind, dict := d.plan(len(p), 1<<bits, dict)
		w := d.writer(kind)
		dst, ok = w.compress(dst, p, dict)
		d.writers[kind].Put(w)
		if !ok {
			dst = dst[:start]
		}
	}
	if !ok {
		dst = appendStored(dst, p)
	}
	if last {
		dst = dst[:len(dst)-4]
	}
	return dst
}

// plan says which writer compresses n bytes within the window, and how much of dict it is told.
func (d *Deflater) plan(n, window int, dict []byte) (kind int, of []byte) {
	if d.level == flate.HuffmanOnly {
		return deflateLevel, nil // without matches there is no distance
	}
	if len(dict) > window {
		dict = dict[len(dict)-window:]
	}
	if n < deflateSmallSize && len(dict) > 0 && d.level < deflateSmallLevel {
		// Shorter than the window by n: then no distance can be too large.
		return deflateSmall, dict[max(0, len(dict)-(window-n)):]
	}
	// A distance is never larger than all the bytes there are.
	if window == 1<<15 || len(dict)+n <= window {
		return deflateLevel, dict
	}
	return deflateWindow + log2(window) - 8, dict
}

func log2(n int) (bits int) {
	for n > 1 {
		n >>= 1
		bits++
	}
	return bits
}

func (d *Deflater) writer(kind int) *deflateWriter {
	if w, ok := d.writers[kind].Get().(*deflateWriter); ok {
		return w
	}
	var (
		w   = new(deflateWriter)
		err error
	)
	switch kind {
	case deflateLevel:
		w.flate, err = flate.NewWriter(nil, d.level)
	case deflateSmall:
		w.flate, err = flate.NewWriter(nil, deflateSmallLevel)
	default:
		w.flate, err = flate.NewWriterWindow(nil, 1<<(8+kind-deflateWindow))
	}
	if err != nil {
		panic("wsproto: Deflater: " + err.Error())
	}
	return w
}

// deflateWriter is a writer of the pools.
type deflateWriter struct {
	flate *flate.Writer
	out   deflateOut
	dict  []byte // ours, because flate.Writer holds the dictionary until the next one
}

// compress reports with ok whether p became no larger than if it were stored.
func (w *deflateWriter) compress(dst, p, dict []byte) (_ []byte, ok bool) {
	w.dict = append(w.dict[:0], dict...)
	w.out = deflateOut{dst, len(dst) + DeflateBound(len(p))}
	w.flate.ResetDict(&w.out, w.dict)
	_, err := w.flate.Write(p)
	if err == nil {
		err = w.flate.Flush()
	}
	dst = w.out.p
	w.out.p = nil
	return dst, err == nil
}

// deflateOut appends to a slice, up to a length. So a writer never expands a message more than storing it would,
// whatever its own estimates say.
type deflateOut struct {
	p   []byte
	max int
}

var errDeflateLarge = errors.New("wsproto: larger than if it were stored")

func (o *deflateOut) Write(p []byte) (int, error) {
	if len(o.p)+len(p) > o.max {
		return 0, errDeflateLarge
	}
	o.p = append(o.p, p...)
	return len(p), nil
}

// appendStored appends p in stored blocks, and the empty one of a flush.
func appendStored(dst, p []byte) []byte {
	for len(p) > 0 {
		n := min(len(p), maxStored)
		dst = appendStoredBlock(dst, p[:n])
		p = p[n:]
	}
	return appendStoredBlock(dst, nil)
}

// appendStoredBlock appends one stored block that is not the final one, RFC 1951 section 3.2.4. dst ends at a byte.
func appendStoredBlock(dst, p []byte) []byte {
	dst = append(dst, 0)
	dst = binary.LittleEndian.AppendUint16(dst, uint16(len(p)))
	dst = binary.LittleEndian.AppendUint16(dst, ^uint16(len(p)))
	return append(dst, p...)
}
