package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/sockeye-io/sockeye/engine"
)

// session is one conversation: people or pipes on one side, a wire on the
// other. What arrives is printed on the loop. That blocks it when nobody reads
// our output, on purpose: this loop has no other connection, and holding it up
// is what keeps the server from sending more.
type session struct {
	end  *endpoint
	o    *connectOptions
	wire wire
	in   io.Reader
	term *terminal // nil unless somebody sits there and types
	out  printer   // the loop's, until over is closed

	full   chan struct{} // told that -n messages have come
	broken chan error    // told that output failed
	over   chan struct{} // closed when the connection has ended,
	err    error         // with this cause; nil is a clean end
	ending string        // how it ended, for people
}

// wire is the connection. Its methods may be called from any goroutine.
type wire interface {
	// send sends p, or answers errBusy when the peer has not read what was
	// sent before.
	send(p []byte) error
	// finish tells the peer that nothing more will be sent. What the peer
	// still sends arrives.
	finish()
	// close ends the connection.
	close()
}

var errBusy = errors.New("the peer is busy")

// window is how many bytes may wait for the peer to read.
const window = 1 << 20

func newSession(end *endpoint, o *connectOptions, in io.Reader, out io.Writer) *session {
	s := &session{
		end: end, o: o, in: in,
		full: make(chan struct{}, 1), broken: make(chan error, 1), over: make(chan struct{}),
		out: printer{w: out, people: isTerminal(out), verbatim: o.binary, limit: o.count},
	}
	if len(o.execute) == 0 {
		s.term = openTerminal(in, out)
	}
	if s.term != nil {
		s.out.w, s.out.mark = s.term, "< "
	}
	return s
}

func (s *session) dial(ctx context.Context, e *engine.Engine) (err error) {
	if s.end.websocket() {
		s.wire, err = dialWS(ctx, e, s)
	} else {
		s.wire, err = dialRaw(ctx, e, s)
	}
	return err
}

// run lets the two sides talk until the connection has ended.
func (s *session) run(sigs <-chan os.Signal) error {
	fed := make(chan error, 1)
	go func() { fed <- s.feed() }()
	var quiet <-chan time.Time
	var failed error
	for {
		select {
		case <-s.over:
			if failed == nil {
				failed = s.outcome()
			}
			return failed
		case sig := <-sigs:
			s.part(sigs)
			return &signalError{sig}
		case failed = <-s.broken:
			s.part(sigs)
			return failed
		case <-s.full:
			s.wire.close()
		case err := <-fed:
			switch d := s.o.stay(s.end); {
			case errors.Is(err, errInterrupt):
				s.part(sigs)
				return &signalError{os.Interrupt}
			case err != nil:
				failed = err
				s.wire.close()
			case d >= 0:
				quiet = time.After(d)
			}
		case <-quiet:
			s.wire.finish()
		}
	}
}

// part ends a conversation in the middle: politely, but not for long.
func (s *session) part(sigs <-chan os.Signal) {
	s.wire.close()
	select {
	case <-s.over:
	case <-sigs:
	case <-time.After(time.Second):
	}
}

// feed sends all that there is to send. That the connection was gone is no
// error here: outcome tells why.
func (s *session) feed() error {
	err := s.feedAll()
	if errors.Is(err, engine.ErrClosed) || errors.Is(err, engine.ErrServerClosed) {
		return nil
	}
	return err
}

func (s *session) feedAll() error {
	line := s.send
	if !s.end.messages() {
		line = func(p []byte) error { return s.send(append(p[:len(p):len(p)], '\n')) }
	}
	switch {
	case len(s.o.execute) > 0:
		if s.o.binary {
			line = s.send
		}
		for _, m := range s.o.execute {
			if err := line([]byte(m)); err != nil {
				return err
			}
		}
		return nil
	case s.term != nil:
		return s.term.readLines(line)
	case s.o.binary || !s.end.messages():
		return readChunks(s.in, s.send)
	}
	return readLines(s.in, s.send)
}

// send waits until the peer has room for p.
func (s *session) send(p []byte) error {
	for {
		err := s.wire.send(p)
		if !errors.Is(err, errBusy) {
			return err
		}
		select {
		case <-s.over:
			return engine.ErrClosed
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// received prints what has arrived. The wire calls it on the loop.
func (s *session) received(p []byte) {
	print := s.out.message
	if !s.end.messages() {
		print = s.out.stream
	}
	if err := print(p); err != nil {
		select {
		case s.broken <- fmt.Errorf("output: %w", err):
		default: // one is enough
		}
	}
	if s.out.enough() {
		select {
		case s.full <- struct{}{}:
		default:
		}
	}
}

// ended is told how the connection ended. The wire calls it on the loop, last.
func (s *session) ended(err error, ending string) {
	s.out.end()
	s.err, s.ending = err, ending
	close(s.over)
}

// outcome judges the whole, after over.
func (s *session) outcome() error {
	switch {
	case s.err != nil:
		return s.err
	case s.out.seen < s.o.count:
		return fmt.Errorf("%d of %d messages had come when the connection ended", s.out.seen, s.o.count)
	}
	return nil
}
