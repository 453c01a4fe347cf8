package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/sockeye-io/sockeye/engine"
)

// rawWire is a client connection without a protocol: a stream, or packets.
type rawWire struct {
	s     *session
	h     engine.Handle
	ended bool // half-closed. Loop.
}

func dialRaw(ctx context.Context, e *engine.Engine, s *session) (*rawWire, error) {
	w := &rawWire{s: s}
	o := engine.DialOptions{Options: engine.Options{HighWater: -1}} // send keeps to window
	var err error
	w.h, err = e.Dial(ctx, s.end.network, s.end.addr, w, o)
	return w, err
}

func (w *rawWire) send(p []byte) error {
	return w.do(func(c *engine.Conn) error {
		if c.Buffered() > window {
			return errBusy
		}
		_, err := c.Write(p)
		return err
	})
}

// do runs fn on the loop and answers what it did.
func (w *rawWire) do(fn func(c *engine.Conn) error) error {
	done := make(chan error, 1)
	if err := w.h.Post(func(c *engine.Conn) { done <- fn(c) }); err != nil {
		return err
	}
	select {
	case err := <-done:
		return err
	case <-w.s.over:
		return engine.ErrClosed
	}
}

// finish sends FIN behind what was written and goes on reading.
func (w *rawWire) finish() {
	_ = w.h.Post(func(c *engine.Conn) {
		w.ended = true
		c.CloseWrite()
		c.SetTimer(w.s.o.timeout)
	})
}

func (w *rawWire) close() { _ = w.h.Close() }

// OnOpen belongs to engine.Handler, as the two below.
func (w *rawWire) OnOpen(*engine.Conn) error { return nil }

// OnData prints.
func (w *rawWire) OnData(c *engine.Conn, p []byte) (int, error) {
	if w.ended {
		c.SetTimer(w.s.o.timeout)
	}
	w.s.received(p)
	return len(p), nil
}

// OnTimer gives up on the rest.
func (w *rawWire) OnTimer(c *engine.Conn) {
	c.CloseWithError(fmt.Errorf("the server sent nothing for %v and did not close", w.s.o.timeout))
}

// OnClose forgives the ends that are normal.
func (w *rawWire) OnClose(_ *engine.Conn, err error) {
	switch {
	case err == nil:
		w.s.ended(nil, "")
	case errors.Is(err, io.EOF):
		w.s.ended(nil, "by the server")
	default:
		w.s.ended(fmt.Errorf("connection lost: %w", err), "")
	}
}
