package baseline

import "io"

const (
	firstBuffer = 4 << 10
	// keptBuffer is the most that stays with a connection: a message of 64 KiB fits, with its header.
	keptBuffer = 128 << 10
)

// inbox is the read buffer of a connection. A message that arrives in pieces is put together in it, from the front, and
// what has not been decoded yet follows. It grows with what has arrived, never with what was announced, so that the
// decoder's limit of a message bounds it too: to twice that.
type inbox struct {
	buf        []byte
	from, to   int // of the message so far
	start, end int // of what has not been decoded; to <= start
}

func (b *inbox) unread() []byte { return b.buf[b.start:b.end] }

func (b *inbox) consume(n int) { b.start += n }

// read waits for more. It is called when the decoder can do nothing with what there is.
func (b *inbox) read(r io.Reader) error {
	b.compact()
	switch {
	case b.end == len(b.buf):
		grown := make([]byte, max(firstBuffer, 2*len(b.buf)))
		copy(grown, b.buf)
		b.buf = grown
	case b.end == 0 && len(b.buf) > keptBuffer:
		b.buf = make([]byte, firstBuffer)
	}
	n, err := r.Read(b.buf[b.end:])
	b.end += n
	if n > 0 {
		return nil // an error comes again
	}
	return err
}

func (b *inbox) compact() {
	if b.from > 0 {
		copy(b.buf, b.buf[b.from:b.to])
		b.from, b.to = 0, b.to-b.from
	}
	if b.start > b.to {
		copy(b.buf[b.to:], b.buf[b.start:b.end])
		b.start, b.end = b.to, b.to+b.end-b.start
	}
}

// begin says that a message begins with the size bytes that were consumed last.
func (b *inbox) begin(size int) { b.from, b.to = b.start-size, b.start }

// extend adds to it the size bytes that were consumed last. Between the two are headers and control frames.
func (b *inbox) extend(size int) { b.to += copy(b.buf[b.to:], b.buf[b.start-size:b.start]) }

// message is the whole one. It is valid until the next read.
func (b *inbox) message() []byte {
	p := b.buf[b.from:b.to]
	b.from, b.to = 0, 0
	return p
}
