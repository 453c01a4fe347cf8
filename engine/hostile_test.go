package engine_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/engine"
)

// TestResetWhileWriting lets peers reset in the middle of a large answer.
func TestResetWhileWriting(t *testing.T) {
	t.Parallel()
	e := start(t, engine.Config{Loops: 2})
	closed := make(chan error, 1)
	chunk := make([]byte, 1<<20)
	h := &writableFuncs{}
	const low = 64 << 10
	h.writable = func(c *engine.Conn) { // never stops writing
		for c.Buffered() <= low { // or OnWritable is not called again
			if c.WriteShared(chunk) != nil {
				return
			}
		}
	}
	h.data = func(c *engine.Conn, p []byte) (int, error) { h.writable(c); return len(p), nil }
	h.close = func(_ *engine.Conn, err error) { closed <- err }
	ln := listen(t, e, "tcp", "127.0.0.1:0", h, engine.ListenOptions{Options: engine.Options{LowWater: low}})
	good := dial(t, listen(t, e, "tcp", "127.0.0.1:0", echo{}, engine.ListenOptions{}).Addr())
	for i := range 20 {
		nc := dial(t, ln.Addr())
		if _, err := nc.Write([]byte("go")); err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(io.Discard, nc, int64(i)*300_000); err != nil {
			t.Fatal(err)
		}
		_ = nc.(*net.TCPConn).SetLinger(0)
		_ = nc.Close()
		if err := wait(t, closed, "OnClose"); !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
			t.Errorf("OnClose was told %v, want ECONNRESET or EPIPE", err)
		}
		roundTrip(t, good, "still here")
	}
	if n := e.Stats().ClosedBy[engine.CauseReset]; n != 20 {
		t.Errorf("closed by reset: %d, want 20", n)
	}
}

// TestPeersThatNeverRead ask for much and read nothing. It counts the memory of
// the process, so it is not parallel.
func TestPeersThatNeverRead(t *testing.T) {
	const conns, high = 100, 256 << 10
	e := start(t, engine.Config{Loops: 2})
	closed := make(chan error, conns)
	answer := make([]byte, 10_000)
	ln := listen(t, e, "tcp", "127.0.0.1:0", &noting{&funcs{data: func(c *engine.Conn, p []byte) (int, error) {
		for range p {
			if _, err := c.Write(answer); err != nil {
				return len(p), err
			}
		}
		return len(p), nil
	}}, closed}, engine.ListenOptions{Options: engine.Options{HighWater: high}})
	good := dial(t, listen(t, e, "tcp", "127.0.0.1:0", echo{}, engine.ListenOptions{}).Addr())
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range conns {
		nc := dial(t, ln.Addr())
		if _, err := nc.Write(make([]byte, 60_000)); err != nil {
			t.Fatal(err)
		}
	}
	for range conns {
		if err := wait(t, closed, "OnClose"); !errors.Is(err, engine.ErrSlowConsumer) {
			t.Errorf("OnClose was told %v, want ErrSlowConsumer", err)
		}
		roundTrip(t, good, "still here")
	}
	runtime.ReadMemStats(&after)
	// One write may go over the mark, and buffers come in powers of two.
	if sys := int64(after.HeapSys) - int64(before.HeapSys); sys > 3*conns*high {
		t.Errorf("the heap grew by %d bytes for %d peers with a HighWater of %d", sys, conns, high)
	}
	if st := e.Stats(); st.ClosedBy[engine.CauseSlowConsumer] != conns || st.DroppedBytes == 0 {
		t.Errorf("%d closed as slow consumers, %d bytes dropped", st.ClosedBy[engine.CauseSlowConsumer], st.DroppedBytes)
	}
}

// TestGivenUp: the kernel keeps nothing for a peer that was given up because it
// does not read. When it reads at last it finds a reset, not what had waited.
func TestGivenUp(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		cause error
		limit engine.Options
		way   string
	}{
		{"slow consumer", engine.ErrSlowConsumer, engine.Options{HighWater: 64 << 10}, "tcp"},
		{"write timeout", engine.ErrWriteTimeout, engine.Options{HighWater: -1, WriteTimeout: 100 * time.Millisecond}, "tcp"},
		{"slow consumer, tls", engine.ErrSlowConsumer, engine.Options{HighWater: 64 << 10}, "tls"},
		{"write timeout, tls", engine.ErrWriteTimeout, engine.Options{HighWater: -1, WriteTimeout: 100 * time.Millisecond}, "tls"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			const much = 16 << 20 // more than socket buffers hold
			e := start(t, engine.Config{Loops: 1})
			closed := make(chan error, 1)
			nc := ways()[tt.way](t, e, &noting{&funcs{data: func(c *engine.Conn, p []byte) (int, error) {
				for range much >> 20 {
					if _, err := c.Write(make([]byte, 1<<20)); err != nil {
						break
					}
				}
				return len(p), nil
			}}, closed}, tt.limit)
			if _, err := nc.Write([]byte("x")); err != nil {
				t.Fatal(err)
			}
			if err := wait(t, closed, "OnClose"); !errors.Is(err, tt.cause) {
				t.Errorf("OnClose was told %v, want %v", err, tt.cause)
			}
			if secure, ok := nc.(*tls.Conn); ok {
				nc = secure.NetConn()
			}
			if n, err := io.Copy(io.Discard, nc); !errors.Is(err, syscall.ECONNRESET) || n >= much {
				t.Errorf("the peer read %d bytes and %v, want a reset", n, err)
			}
		})
	}
}

// TestManySegments queues more segments for a real socket than the 1,024 that one
// writev takes. gnet's Writev would have closed the connection.
func TestManySegments(t *testing.T) {
	t.Parallel()
	e := start(t, engine.Config{Loops: 1})
	var want []byte
	msgs := make([][]byte, 5000)
	for i := range msgs {
		msgs[i] = bytes.Repeat([]byte{byte(i)}, 2000+i%100)
		want = append(want, msgs[i]...)
	}
	asked := make(chan error, 1)
	h := &funcs{data: func(c *engine.Conn, p []byte) (int, error) {
		// Outside its own callback each message is a segment of its own.
		return len(p), c.Handle().Post(func(c *engine.Conn) {
			var err error
			for _, msg := range msgs {
				err = errors.Join(err, c.WriteShared(msg))
			}
			asked <- err
		})
	}}
	for _, network := range []string{"tcp", "unix"} {
		nc := ways()[network](t, e, h, engine.Options{HighWater: -1})
		if _, err := nc.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		if err := wait(t, asked, "answer"); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, len(want))
		if _, err := io.ReadFull(nc, got); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: received something else, %v", network, err)
		}
	}
}

// TestPeerThatSendsAndNeverStops does not starve others of its loop.
func TestPeerThatSendsAndNeverStops(t *testing.T) {
	t.Parallel()
	e := start(t, engine.Config{Loops: 1})
	h := &funcs{}
	ln := listen(t, e, "tcp", "127.0.0.1:0", h, engine.ListenOptions{})
	good := dial(t, listen(t, e, "tcp", "127.0.0.1:0", echo{}, engine.ListenOptions{}).Addr())
	for range 4 {
		nc := dial(t, ln.Addr())
		go func() {
			for msg := make([]byte, 1<<20); ; {
				if _, err := nc.Write(msg); err != nil {
					return
				}
			}
		}()
	}
	for range 200 {
		roundTrip(t, good, "ping")
	}
	// A handler may close one while it goes on sending.
	_ = e.Each(h, engine.VisitorFunc(func(c *engine.Conn) { c.Abort(nil) }))
	for range 20 {
		roundTrip(t, good, "ping")
	}
}

// TestCloseInsideCallback closes connections in each callback that gnet makes,
// while events of theirs may wait in the same batch.
func TestCloseInsideCallback(t *testing.T) {
	t.Parallel()
	e := start(t, engine.Config{Loops: 1})
	ends := map[string]func(c *engine.Conn){
		"close":  func(c *engine.Conn) { c.Close() },
		"abort":  func(c *engine.Conn) { c.Abort(nil) },
		"others": func(c *engine.Conn) { c.Abort(nil) }, // below: visits all
	}
	for name, end := range ends {
		for _, where := range []string{"open", "data"} {
			closed := make(chan error, 10)
			h := &funcs{close: func(_ *engine.Conn, err error) { closed <- err }}
			if where == "open" {
				h.open = func(c *engine.Conn) error { end(c); return nil }
			} else {
				h.data = func(c *engine.Conn, p []byte) (int, error) {
					if name == "others" {
						_ = e.Each(h, engine.VisitorFunc(end))
					} else {
						end(c)
					}
					return len(p), nil
				}
			}
			ln := listen(t, e, "tcp", "127.0.0.1:0", h, engine.ListenOptions{Options: abrupt})
			var ncs []net.Conn
			for range 10 {
				ncs = append(ncs, dial(t, ln.Addr()))
			}
			for _, nc := range ncs {
				_, _ = nc.Write([]byte("x"))
			}
			for _, nc := range ncs {
				if n, err := nc.Read(make([]byte, 1)); n != 0 || err == nil {
					t.Errorf("%s in %s: read %d bytes", name, where, n)
				}
				_ = nc.Close()
				if err := wait(t, closed, "OnClose"); err != nil {
					t.Errorf("%s in %s: OnClose was told %v", name, where, err)
				}
			}
		}
	}
}
