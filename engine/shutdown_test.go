package engine_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sockeye-io/sockeye/engine"
)

// TestShutdownFlushes begins while every connection has output waiting and
// tasks in the mailbox: all of it arrives, and every OnClose runs.
func TestShutdownFlushes(t *testing.T) {
	t.Parallel()
	const conns = 20
	large := bytes.Repeat([]byte("l"), 3<<20)
	e := start(t, engine.Config{Loops: 2})
	var opened, closed atomic.Int32
	handles := make(chan engine.Handle, conns)
	ln := listen(t, e, "tcp", "127.0.0.1:0", &funcs{
		open:  func(c *engine.Conn) error { opened.Add(1); handles <- c.Handle(); return nil },
		close: func(*engine.Conn, error) { closed.Add(1) },
	}, engine.ListenOptions{Options: engine.Options{HighWater: -1}})
	var ncs []net.Conn
	for range conns {
		ncs = append(ncs, dial(t, ln.Addr()))
	}
	for range conns {
		h := wait(t, handles, "connection")
		for _, msg := range [][]byte{large, []byte("posted last")} {
			if err := h.Write(msg); err != nil {
				t.Fatal(err)
			}
		}
	}
	done := make(chan error, 1)
	go func() { done <- e.Shutdown(t.Context()) }()
	var wg sync.WaitGroup
	for _, nc := range ncs {
		wg.Go(func() {
			got, err := io.ReadAll(nc)
			if err != nil || len(got) != len(large)+11 || !bytes.HasSuffix(got, []byte("posted last")) {
				t.Errorf("received %d bytes of %d, %v", len(got), len(large)+11, err)
			}
			_ = nc.Close()
		})
	}
	wg.Wait()
	if err := wait(t, done, "end of Shutdown"); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	if opened.Load() != conns || closed.Load() != conns {
		t.Errorf("%d OnOpen, %d OnClose, want %d of each", opened.Load(), closed.Load(), conns)
	}
	if st := e.Stats(); st.Open != 0 || st.DroppedBytes != 0 {
		t.Errorf("Open %d, DroppedBytes %d", st.Open, st.DroppedBytes)
	}
}

// TestShutdownDeadline gives up on a peer that never reads.
func TestShutdownDeadline(t *testing.T) {
	t.Parallel()
	e := start(t, engine.Config{Loops: 1})
	// Those that only knock, below, are told of too.
	closed, asked := make(chan error, 10_000), make(chan struct{}, 1)
	ln := listen(t, e, "tcp", "127.0.0.1:0", &noting{&funcs{data: func(c *engine.Conn, p []byte) (int, error) {
		asked <- struct{}{}
		return len(p), c.WriteShared(make([]byte, 64<<20))
	}}, closed}, engine.ListenOptions{})
	nc := dial(t, ln.Addr())
	if _, err := nc.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	wait(t, asked, "OnData")
	ctx, cancel := context.WithCancelCause(t.Context())
	done, second := make(chan error, 1), make(chan error, 1)
	go func() { done <- e.Shutdown(ctx) }()
	impatient, stop := context.WithCancelCause(t.Context())
	stop(io.ErrNoProgress)
	// Once the listener is gone, Shutdown has begun.
	for {
		other, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			break
		}
		_ = other.Close()
	}
	go func() { second <- e.Shutdown(impatient) }()
	if err := wait(t, second, "end of the second Shutdown"); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("second Shutdown: %v, want the cause of its context", err)
	}
	select {
	case err := <-done:
		t.Fatalf("Shutdown did not wait: %v", err)
	default:
	}
	cancel(errOwn)
	if err := wait(t, done, "end of Shutdown"); !errors.Is(err, errOwn) {
		t.Errorf("Shutdown: %v, want the cause of its context", err)
	}
	_ = wait(t, closed, "OnClose")
	if st := e.Stats(); st.Open != 0 || st.DroppedBytes == 0 {
		t.Errorf("Open %d, DroppedBytes %d", st.Open, st.DroppedBytes)
	}
}

// TestCloseEndsShutdown is the second Ctrl-C.
func TestCloseEndsShutdown(t *testing.T) {
	t.Parallel()
	e := start(t, engine.Config{Loops: 1})
	drained, closed := make(chan struct{}, 1), make(chan error, 1)
	h := &drainFuncs{drain: func(*engine.Conn) { drained <- struct{}{} }} // and does nothing about it
	h.data = echo{}.OnData
	h.close = func(_ *engine.Conn, err error) { closed <- err }
	ln := listen(t, e, "tcp", "127.0.0.1:0", h, engine.ListenOptions{})
	nc := dial(t, ln.Addr())
	roundTrip(t, nc, "x")
	done := make(chan error, 1)
	go func() { done <- e.Shutdown(t.Context()) }()
	wait(t, drained, "OnDrain")
	roundTrip(t, nc, "served while draining")
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	if err := wait(t, done, "end of Shutdown"); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	if err := wait(t, closed, "OnClose"); !errors.Is(err, engine.ErrServerClosed) {
		t.Errorf("OnClose was told %v, want ErrServerClosed", err)
	}
	if n := e.Stats().ClosedBy[engine.CauseShutdown]; n != 1 {
		t.Errorf("closed by shutdown: %d", n)
	}
}

// TestOnDrain lets handlers say goodbye.
func TestOnDrain(t *testing.T) {
	t.Parallel()
	e := start(t, engine.Config{Loops: 2})
	polite := &drainFuncs{drain: func(c *engine.Conn) {
		_, _ = c.Write([]byte("goodbye"))
		c.SetTimer(1)
	}}
	polite.data = echo{}.OnData
	ending := &politeTimer{polite}
	for name, h := range map[string]engine.Handler{"polite": ending, "plain": echo{}} {
		ln := listen(t, e, "unix", "@sockeye-test-drain-"+name, h, engine.ListenOptions{})
		want := map[string]string{"polite": "goodbye"}[name]
		for range 10 {
			nc := dial(t, ln.Addr())
			roundTrip(t, nc, "x")
			t.Cleanup(func() {
				if got, err := io.ReadAll(nc); string(got) != want || err != nil {
					t.Errorf("%s: received %q, %v", name, got, err)
				}
				_ = nc.Close()
			})
		}
	}
	if err := e.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

type politeTimer struct{ *drainFuncs }

func (politeTimer) OnTimer(c *engine.Conn) { c.Close() }

// TestArrivalsDuringShutdown adopts, dials and accepts while the engine ends:
// nobody hangs, nobody is forgotten, nothing stays open.
func TestArrivalsDuringShutdown(t *testing.T) {
	t.Parallel()
	for range 10 {
		e, err := engine.New(engine.Config{Loops: 2})
		if err != nil {
			t.Fatal(err)
		}
		served := make(chan error, 1)
		go func() { served <- e.Serve(t.Context()) }()
		var opened, closed atomic.Int32
		enough := make(chan struct{})
		h := &funcs{
			open: func(*engine.Conn) error {
				if opened.Add(1) == 20 {
					close(enough)
				}
				return nil
			},
			data:  echo{}.OnData,
			close: func(*engine.Conn, error) { closed.Add(1) },
		}
		ln := listen(t, e, "tcp", "127.0.0.1:0", h, engine.ListenOptions{})
		elsewhere, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		var wg, background sync.WaitGroup
		background.Go(func() {
			for {
				nc, err := elsewhere.Accept()
				if err != nil {
					return
				}
				background.Go(func() { _, _ = io.Copy(io.Discard, nc); _ = nc.Close() })
			}
		})
		allowed := func(what string, err error) bool {
			if err != nil && !errors.Is(err, engine.ErrServerClosed) {
				t.Errorf("%s: %v, want ErrServerClosed", what, err)
			}
			return err == nil
		}
		for range 2 {
			wg.Go(func() { // Adopt
				for {
					nc, err := net.Dial("tcp", elsewhere.Addr().String())
					if err != nil {
						t.Error(err)
						return
					}
					if _, err = e.Adopt(nc, []byte("early"), h); !allowed("Adopt", err) {
						return
					}
				}
			})
			wg.Go(func() { // through the pump
				for {
					nc, err := net.Dial("tcp", elsewhere.Addr().String())
					if err != nil {
						t.Error(err)
						return
					}
					if _, err = e.Adopt(struct{ net.Conn }{nc}, nil, h); !allowed("Adopt", err) {
						return
					}
				}
			})
			wg.Go(func() {
				for {
					if _, err := e.Dial(t.Context(), "tcp", elsewhere.Addr().String(), h, engine.DialOptions{}); !allowed("Dial", err) {
						return
					}
				}
			})
			wg.Go(func() {
				for {
					nc, err := net.Dial("tcp", ln.Addr().String())
					if err != nil {
						return
					}
					background.Go(func() { _, _ = io.Copy(io.Discard, nc); _ = nc.Close() })
				}
			})
		}
		wait(t, enough, "20 connections")
		if err := e.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		wg.Wait()
		_ = elsewhere.Close()
		background.Wait()
		if err := wait(t, served, "end of Serve"); !errors.Is(err, engine.ErrServerClosed) {
			t.Errorf("Serve: %v", err)
		}
		if opened.Load() != closed.Load() {
			t.Errorf("%d OnOpen, %d OnClose", opened.Load(), closed.Load())
		}
		if st := e.Stats(); st.Open != 0 {
			t.Errorf("Open = %d", st.Open)
		}
	}
}

// TestHandlesDuringClose writes from many goroutines while the engine ends.
// Every call answers; none reaches what has the descriptors next.
func TestHandlesDuringClose(t *testing.T) {
	t.Parallel()
	for range 5 {
		e, err := engine.New(engine.Config{Loops: 1})
		if err != nil {
			t.Fatal(err)
		}
		ours, theirs := pair(t)
		h, err := e.Adopt(ours, nil, echo{})
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for {
					if err := h.Write([]byte("x")); err != nil && !errors.Is(err, engine.ErrMailboxFull) {
						if !errors.Is(err, engine.ErrClosed) && !errors.Is(err, engine.ErrServerClosed) {
							t.Errorf("Write: %v", err)
						}
						return
					}
				}
			})
		}
		if _, err := io.ReadFull(theirs, make([]byte, 100)); err != nil {
			t.Fatal(err)
		}
		_ = e.Close()
		wg.Wait()
		_ = theirs.Close()
	}
}
