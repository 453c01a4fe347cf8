package wsproto

import (
	"bytes"
	"io"

	"github.com/klauspost/compress/flate"
)

// DeflateTail ends a compressed payload for an Inflater. Its first four bytes are those that the sender left out, RFC 7692
// section 7.2.2 step 1. The other five are an empty block that is final (RFC 1951 section 3.2.3): where it is reached,
// the payload was whole.
const DeflateTail = "\x00\x00\xff\xff\x01\x00\x00\xff\xff"

// inflateWindow is the farthest that a match reaches back, RFC 1951 section 3.2.5. That a peer keeps to a smaller
// window which it agreed to is not checked: it serves nobody but a receiver that is short of memory.
const inflateWindow = 1 << 15

// Inflater decompresses one message after another. It takes about 40 KB, so its owner keeps it in a pool rather than
// at a connection. One goroutine at a time. Reset, Read until an error, which is io.EOF at the end of the message, and
// Release; nothing has to be done after an error. In the steady state it allocates nothing.
//
// What is accepted is the payload with the DeflateTail behind, taken as DEFLATE streams one after the other. A stream
// ends with a block whose BFINAL is set, which a message may hold (RFC 7692 section 7.2.3.4); the next one begins at a
// byte and goes on with the same window. It may be missing: a payload that ends with a final block is accepted without the
// 00 that should follow, because zlib-based peers accept it.
//
// So is a payload of no bytes. A message that is empty should be 00 (section 7.2.3.6), but zlib's deflate writes nothing
// when it is told to flush twice in a row, and a peer that does not mind this sends RSV1 and nothing behind. zlib's
// inflate takes it for an empty message too (and fails at the next one when the window is kept, for it still waits for the
// end of a block). There is nothing in it that could be misread.
type Inflater struct {
	src       bytes.Reader
	flate     io.ReadCloser // a flate.Resetter that reads src
	msg, dict []byte
	streams   inflateStreams
	keep      bool           // a stream has ended before the message: what is read goes into window too
	window    inflateHistory // of the message so far; its memory is kept
	state     inflateState
	one       [1]byte // see inflateForget
}

type inflateState uint8

const (
	inflateEnded inflateState = iota
	inflateRuns
	inflateFailed
)

// NewInflater makes an Inflater, on which Reset must be called first.
func NewInflater() *Inflater {
	z := new(Inflater)
	z.flate = flate.NewReader(&z.src)
	return z
}

// Reset begins a message. msg is its compressed payload with the DeflateTail behind it, and it panics without. dict is what
// was decompressed before the message, with context takeover; at most the last 32 KiB are used and nil is none. Both are
// views that are held until Release and not modified.
func (z *Inflater) Reset(msg, dict []byte) {
	if len(msg) < len(DeflateTail) || string(msg[len(msg)-len(DeflateTail):]) != DeflateTail {
		panic("wsproto: Inflater: the message has no DeflateTail")
	}
	z.msg, z.dict = msg, dict
	z.streams, z.keep, z.state = 0, false, inflateRuns
	if len(msg) == len(DeflateTail) {
		z.state = inflateEnded
		return
	}
	z.src.Reset(inflateClean)
	inflateForget(z.flate, &z.src, z.one[:])
	z.begin(msg, dict)
}

func (z *Inflater) begin(msg, dict []byte) {
	z.src.Reset(msg)
	_ = z.flate.(flate.Resetter).Reset(&z.src, dict) // it never fails
}

// Release forgets the message and its dictionary, so that a pool does not hold them.
func (z *Inflater) Release() {
	z.src.Reset(nil)
	z.msg, z.dict, z.state = nil, nil, inflateEnded
}

// Read reads on into p. It returns io.EOF after the last byte of the message, or ErrDeflate when
// the message is corrupt, ends too early or goes on after its end. As io.Reader has it, bytes may come together with
// the error; those before ErrDeflate are what could be decompressed. How much comes is up to the peer: the
// caller counts, and stops when it is too much.
func (z *Inflater) Read(p []byte) (n int, err error) {
	if len(p) == 0 {
		return 0, nil
	}
	for n == 0 && z.state == inflateRuns {
		n, err = z.flate.Read(p)
		if z.keep {
			z.window.add(p[:n])
		}
		switch {
		case err == io.EOF:
			z.next()
		case err != nil:
			z.state = inflateFailed
		}
	}
	switch z.state {
	case inflateRuns:
		return n, nil
	case inflateEnded:
		return n, io.EOF
	default:
		return n, ErrDeflate
	}
}

// next is called when a stream has ended, and begins the next one if there is one.
func (z *Inflater) next() {
	rest := z.msg[len(z.msg)-z.src.Len():]
	switch len(rest) {
	case 0, len(DeflateTail) - 4, len(DeflateTail):
		// The final block was ours, or one that ends with the payload, or a stored one of which the sender has
		// left out 00 00 ff ff.
		z.state = inflateEnded
		return
	}
	at := len(z.msg) - len(rest)
	if !z.streams.another(at) {
		z.state = inflateFailed
		return
	}
	if len(rest) == 1+len(DeflateTail) && rest[0] == 0 {
		// RFC 7692 section 7.2.3.4: a final block, and the 00 that makes it end like any other message. Most
		// messages with a final block are so, and need no window for what follows.
		z.state = inflateEnded
		return
	}
	if !z.keep {
		z.again(at)
	}
	z.begin(rest, z.window.bytes())
}

// again decompresses the first n bytes of the message, which are a whole stream, once more to get hold of the window,
// because flate does not hand out its own. So a message costs nothing for a block that few send, and one that has it
// at most twice as much.
func (z *Inflater) again(n int) {
	z.keep = true
	z.window.reset(z.dict)
	z.begin(z.msg[:n], z.dict)
	for err := error(nil); err == nil; {
		var k int
		k, err = z.flate.Read(z.window.room())
		z.window.wrote(k)
	}
}
