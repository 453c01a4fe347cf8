package wsproto

import (
	"bytes"
	"errors"
	"io"
	"iter"

	"github.com/klauspost/compress/flate"
)

// ErrInflateClosed is what InflateStream.Write returns after the last piece and after Close.
var ErrInflateClosed = errors.New("wsproto: InflateStream is closed")

// InflateStream decompresses one message whose compressed bytes arrive in pieces, none of which it keeps. It takes about 110 KB
// whatever the message is, and accepts what an Inflater accepts.
//
// It is a coroutine: from the first Write until the message has ended, an error or Close, whatever is first, there is a
// goroutine that runs only while Write does. Whoever gives up before that must call Close. One goroutine at a
// time; if it is locked to its thread, always the same one (see iter.Pull).
type InflateStream struct {
	feed    inflateFeed
	flate   io.ReadCloser // a flate.Resetter that reads feed
	window  inflateHistory
	streams inflateStreams
	next    func() ([]byte, bool)
	stop    func()
	err     error // what Write returns from now on
	corrupt bool
	clean   bytes.Reader // see inflateForget
	one     [1]byte
}

// NewInflateStream begins a message. dict is what was decompressed before it, with context takeover; at most the
// last 32 KiB are used and nil is none. It is copied.
func NewInflateStream(dict []byte) *InflateStream {
	s := new(InflateStream)
	s.flate = flate.NewReader(&s.clean)
	s.Reset(dict)
	return s
}

// Reset begins another message as NewInflateStream does, in the memory of the one before, which it gives up if that has
// not ended. It must not be called by a yield.
func (s *InflateStream) Reset(dict []byte) {
	s.Close()
	*s = InflateStream{flate: s.flate, window: s.window}
	s.window.reset(dict)
	s.clean.Reset(inflateClean)
	inflateForget(s.flate, &s.clean, s.one[:])
	s.begin()
}

// Write decompresses on with p, a piece of the compressed payload, which may be empty and is not kept. last tells that it is
// the last one; no DeflateTail is needed. yield is called, before Write returns and on the same goroutine, with what comes
// out: some bytes at a time, 32 KiB at most, which live until it returns and must not be modified. How much comes out of
// a small p is up to the peer: yield counts, and returns an error when it is too much. It may call Close.
//
// The errors are ErrDeflate when the message is corrupt, which with last also means too short; that of yield; and
// ErrInflateClosed. After any of them, and after a panic of yield, the message is given up, and Write
// returns the same error again. Bytes may be yielded before ErrDeflate is found.
func (s *InflateStream) Write(p []byte, last bool, yield func(piece []byte) error) error {
	switch {
	case s.err != nil:
		return s.err
	case len(p) == 0 && last && s.feed.taken == 0:
		s.end(ErrInflateClosed) // no bytes at all are an empty message, as for an Inflater
		return nil
	case len(p) == 0 && !last:
		return nil
	case s.next == nil:
		s.next, s.stop = iter.Pull(s.run)
	}
	s.feed.p, s.feed.last = p, last
	waits := false
	defer func() {
		s.feed.p = nil
		if !waits {
			s.end(ErrInflateClosed)
		}
	}()
	for {
		piece, more := s.next()
		switch {
		case !more && s.corrupt:
			s.end(ErrDeflate)
			return ErrDeflate
		case !more:
			return nil // the message has ended
		case piece == nil:
			waits = true
			return nil
		}
		if err := yield(piece); err != nil {
			s.end(err)
			return err
		}
		if s.err != nil { // yield has called Close
			return s.err
		}
	}
}

// Close gives the message up, and ends the goroutine. It does nothing after the end, or a second time.
func (s *InflateStream) Close() { s.end(ErrInflateClosed) }

func (s *InflateStream) end(err error) {
	if s.err != nil {
		return
	}
	s.err = err
	if s.stop != nil {
		s.stop()
	}
}

// begin begins a stream with the window so far.
func (s *InflateStream) begin() {
	_ = s.flate.(flate.Resetter).Reset(&s.feed, s.window.bytes()) // it never fails
}

// run is the coroutine. It yields what it has decompressed, and nil when it needs more of the message.
func (s *InflateStream) run(yield func(piece []byte) bool) {
	s.feed.yield = yield
	for {
		room := s.window.room()
		n, err := s.flate.Read(room)
		s.window.wrote(n)
		if n > 0 && !yield(room[:n:n]) || s.feed.stopped {
			return
		}
		switch {
		case err == nil:
		case err == io.EOF:
			at, more := s.feed.rest()
			if s.feed.stopped || !more {
				return
			}
			if at < 0 || !s.streams.another(at) {
				s.corrupt = true
				return
			}
			s.begin()
		default:
			s.corrupt = true
			return
		}
	}
}
