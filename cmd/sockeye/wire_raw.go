package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockeye-io/sockeye/engine"
)

// rawWire is a client connection without a protocol: a stream, or packets.
type rawWire struct {
	s     *session
	h     engine.Handle
	fd    int  // a copy of the socket's descriptor, for half-closing it
	ended bool // half-closed. Loop.
}

// dialRaw dials and lets the engine adopt the connection: engine.Conn cannot be
// half-closed, so a copy of the descriptor is kept for that.
func dialRaw(ctx context.Context, e *engine.Engine, s *session) (*rawWire, error) {
	nc, err := new(net.Dialer).DialContext(ctx, s.end.network, s.end.addr)
	if err != nil {
		return nil, err
	}
	w := &rawWire{s: s}
	if w.fd, err = dup(nc.(syscall.Conn)); err != nil {
		_ = nc.Close()
		return nil, err
	}
	w.h, err = e.Adopt(nc, nil, w)
	return w, err
}

func dup(sc syscall.Conn) (fd int, err error) {
	rc, err := sc.SyscallConn()
	if err != nil {
		return -1, err
	}
	if e := rc.Control(func(p uintptr) { fd, err = unix.FcntlInt(p, unix.F_DUPFD_CLOEXEC, 0) }); e != nil {
		err = e
	}
	return fd, os.NewSyscallError("dup", err)
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
	shut := func(c *engine.Conn) error {
		if c.Buffered() > 0 {
			return errBusy
		}
		w.ended = true
		c.SetTimer(w.s.o.timeout)
		return unix.Shutdown(w.fd, unix.SHUT_WR)
	}
	go func() {
		for errors.Is(w.do(shut), errBusy) {
			select {
			case <-w.s.over:
			case <-time.After(2 * time.Millisecond):
			}
		}
	}()
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
