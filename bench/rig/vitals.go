package rig

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/sockeye-io/sockeye/bench/vitals"
)

// asking is what a Server knows of one question after the vitals.
type asking struct {
	turn    chan struct{} // holds one: who has taken it may ask
	answers chan answer   // holds one: from the reader of the server's output
	ended   chan struct{} // closed when the server has closed its output
}

type answer struct {
	vitals.Vitals
	err error
}

func newAsking() asking {
	a := asking{turn: make(chan struct{}, 1), answers: make(chan answer, 1), ended: make(chan struct{})}
	a.turn <- struct{}{}
	return a
}

// heard takes a line of the server's output, and reports whether it was an answer. Nobody may be waiting any more.
func (a *asking) heard(line string) bool {
	v, ok, err := vitals.Parse(line)
	if ok {
		select {
		case a.answers <- answer{v, err}:
		default:
		}
	}
	return ok
}

// Vitals asks the server what it can tell about itself, by SIGUSR2. Only ask what runs vitals.Serve: another Go program
// does not answer, and one that is not Go's ends. After an error do not ask again: the next answer might be the one that
// came too late.
//
// It fails for an attached server, whose output goes elsewhere.
func (s *Server) Vitals(ctx context.Context) (vitals.Vitals, error) {
	if s.cmd == nil {
		return vitals.Vitals{}, errors.New("rig: an attached server gives no vitals")
	}
	if err := ctx.Err(); err != nil { // nothing is asked then, and no answer comes too late
		return vitals.Vitals{}, s.silent(err)
	}
	select {
	case <-s.asking.turn:
		defer func() { s.asking.turn <- struct{}{} }()
	case <-ctx.Done():
		return vitals.Vitals{}, s.silent(ctx.Err())
	}
	return s.ask(ctx)
}

// Collect makes the server collect its garbage and return the free pages, and waits until it has, a minute at most. It
// needs vitals.Serve as Vitals does.
func (s *Server) Collect() error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	before, err := s.Vitals(ctx)
	if err != nil {
		return err
	}
	if err := s.cmd.Process.Signal(syscall.SIGUSR1); err != nil {
		return s.silent(err)
	}
	// The answer comes after the collection if the signals arrive in order. They nearly always do.
	for {
		now, err := s.Vitals(ctx)
		if err != nil {
			return err
		}
		if now.Since(before).GCForced >= 2 {
			return nil
		}
	}
}

func (s *Server) ask(ctx context.Context) (vitals.Vitals, error) {
	if err := s.cmd.Process.Signal(syscall.SIGUSR2); err != nil {
		return vitals.Vitals{}, s.silent(err)
	}
	select {
	case a := <-s.asking.answers:
		return a.Vitals, a.err
	case <-s.asking.ended:
		return vitals.Vitals{}, s.silent(errors.New("it ended"))
	case <-ctx.Done():
		return vitals.Vitals{}, s.silent(ctx.Err())
	}
}

func (s *Server) silent(why error) error {
	return fmt.Errorf("rig: %s gave no vitals: %w", s.name, why)
}
