package wsproto

import (
	"bytes"
	"io"

	"github.com/klauspost/compress/flate"
)

// InflateReader decompresses one message after another, each while it is read from an io.Reader that may wait for it. It
// takes about 110 KB whatever a message is, so its owner keeps it in a pool; it has no goroutine. What it accepts is
// what an Inflater accepts. One goroutine at a time. The zero value needs a Reset first. In the steady state it allocates nothing.
type InflateReader struct {
	feed    inflateFeed
	flate   io.ReadCloser // a flate.Resetter that reads feed
	window  inflateHistory
	out     []byte // of window, not read yet
	streams inflateStreams
	state   inflateState
	clean   bytes.Reader // see inflateForget
	buf     [512]byte
	one     [1]byte
}

// Reset begins a message. src gives its compressed payload, without a DeflateTail, and ends with io.EOF; no other of its errors
// is one of DEFLATE: Read returns it as it is. dict is as for an Inflater, but copied. src is held until Release.
func (z *InflateReader) Reset(src io.Reader, dict []byte) {
	if z.flate == nil {
		z.flate = flate.NewReader(&z.clean)
	}
	z.window.reset(dict)
	z.clean.Reset(inflateClean)
	inflateForget(z.flate, &z.clean, z.one[:])
	z.feed = inflateFeed{src: src, buf: z.buf[:]}
	z.out, z.streams, z.state = nil, 0, inflateRuns
	z.begin()
}

func (z *InflateReader) begin() {
	_ = z.flate.(flate.Resetter).Reset(&z.feed, z.window.bytes()) // it never fails
}

// Release forgets the message, so that a pool does not hold it.
func (z *InflateReader) Release() {
	z.feed, z.out, z.state = inflateFeed{}, nil, inflateEnded
}

// Read reads on into p. It returns io.EOF after the last byte of the message, when all of src was read; ErrDeflate when
// the message is corrupt; or the error of src. How much comes is up to the peer: the caller counts, and stops when
// it is too much.
func (z *InflateReader) Read(p []byte) (n int, err error) {
	if len(p) == 0 {
		return 0, nil
	}
	for len(z.out) == 0 && z.state == inflateRuns {
		z.step()
	}
	if len(z.out) > 0 {
		n = copy(p, z.out)
		z.out = z.out[n:]
		return n, nil
	}
	switch {
	case z.state == inflateEnded:
		return 0, io.EOF
	case z.feed.err != nil:
		return 0, z.feed.err
	}
	return 0, ErrDeflate
}

func (z *InflateReader) step() {
	if z.feed.taken == 0 && !z.feed.fill() && z.feed.err == nil {
		z.state = inflateEnded // no bytes at all are an empty message, as for an Inflater
		return
	}
	room := z.window.room()
	n, err := z.flate.Read(room)
	z.window.wrote(n)
	z.out = room[:n:n]
	switch {
	case z.feed.err != nil:
		z.state = inflateFailed
	case err == io.EOF:
		at, more := z.feed.rest()
		switch {
		case z.feed.err != nil:
			z.state = inflateFailed
		case !more:
			z.state = inflateEnded
		case at < 0 || !z.streams.another(at):
			z.state = inflateFailed
		default:
			z.begin()
		}
	case err != nil:
		z.state = inflateFailed
	}
}
