package engine_test

import (
	"bytes"
	"io"
	"net"
	"runtime"
	"testing"
	"unsafe"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/enginetest"
)

// These tests count what the whole process allocates, so none is parallel.

func TestSizeofConn(t *testing.T) {
	if n := unsafe.Sizeof(engine.Conn{}); n > 96 {
		t.Errorf("a Conn takes %d bytes, over the size class of 112", n)
	}
}

func TestMailboxAllocates(t *testing.T) {
	l := enginetest.NewLoop(t, engine.Config{})
	p := l.Connect(&mailFuncs{mail: func(c *engine.Conn, _ int, b []byte) { _, _ = c.Write(b) }}, engine.Options{})
	p.Discard()
	msg := []byte("0123456789")
	fn := func(*engine.Conn) {}
	batch := func() {
		for range 100 {
			_ = p.Handle().Write(msg)
			_ = p.Handle().Mail(1, msg)
			_ = p.Handle().Post(fn)
		}
		l.Drain()
	}
	batch()
	wantAllocs(t, 0, batch)
}

// TestEchoAllocates covers whole messages, split ones, ones over the cork, and
// ones that wait for the peer.
func TestEchoAllocates(t *testing.T) {
	frames := &funcs{data: func(c *engine.Conn, p []byte) (int, error) {
		n := len(p) &^ 15
		_, err := c.Write(p[:n])
		return n, err
	}}
	small, large := make([]byte, 32), make([]byte, 60_000)
	for _, tt := range []struct {
		name string
		h    engine.Handler
		do   func(p *enginetest.Peer)
	}{
		{"whole", echo{}, func(p *enginetest.Peer) { p.Send(small) }},
		{"split", frames, func(p *enginetest.Peer) { p.Send(small[:20]); p.Send(small[20:]) }},
		{"large", echo{}, func(p *enginetest.Peer) { p.Send(large) }},
		{"waiting", echo{}, func(p *enginetest.Peer) { p.Window(0); p.Send(large); p.Send(small); p.Window(-1) }},
		{"available buffer", &funcs{data: func(c *engine.Conn, p []byte) (int, error) {
			_, err := c.Write(append(c.AvailableBuffer(), p...))
			return len(p), err
		}}, func(p *enginetest.Peer) { p.Send(small) }},
		{"timer", echo{}, func(p *enginetest.Peer) { p.Conn().SetTimer(tick); p.Send(small) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := enginetest.NewLoop(t, engine.Config{})
			p := l.Connect(tt.h, engine.Options{})
			p.Discard()
			tt.do(p)
			wantAllocs(t, 0, func() { tt.do(p) })
		})
	}
}

// TestEchoAllocatesRealSocket counts over 100,000 messages of a real socket,
// one at a time and several at once.
func TestEchoAllocatesRealSocket(t *testing.T) {
	if raceEnabled {
		t.Skip("pools drop what they are given under the race detector")
	}
	for network, bursts := range map[string][]int{"tcp": {1, 16}, "unix": {16}} {
		for _, burst := range bursts {
			e := start(t, engine.Config{Loops: 1})
			addr := "127.0.0.1:0"
			if network == "unix" {
				addr = t.TempDir() + "/s"
			}
			ln := listen(t, e, network, addr, echo{}, engine.ListenOptions{})
			nc := dial(t, ln.Addr())
			msg := bytes.Repeat([]byte("x"), 64*burst)
			got := make([]byte, len(msg))
			turn := func(n int) {
				for range n {
					if _, err := nc.Write(msg); err != nil {
						t.Fatal(err)
					}
					if _, err := io.ReadFull(nc, got); err != nil {
						t.Fatal(err)
					}
				}
			}
			turn(100)
			const messages = 100_000
			if n := perMessage(messages, func() { turn(messages / burst) }); n > 0.01 {
				t.Errorf("%s, %d at once: %v allocations a message, want 0", network, burst, n)
			}
			_ = nc.Close()
			_ = e.Close()
		}
	}
}

// perMessage counts the allocations of f, which handles n messages.
func perMessage(n int, f func()) float64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return float64(after.Mallocs-before.Mallocs) / float64(n)
}

// TestHandleWriteAllocates writes from another goroutine to a real socket.
func TestHandleWriteAllocates(t *testing.T) {
	if raceEnabled {
		t.Skip("pools drop what they are given under the race detector")
	}
	opened := make(chan engine.Handle, 1)
	e := start(t, engine.Config{Loops: 1})
	ln := listen(t, e, "tcp", "127.0.0.1:0", &funcs{open: func(c *engine.Conn) error {
		opened <- c.Handle()
		return nil
	}}, engine.ListenOptions{})
	nc := dial(t, ln.Addr())
	h := wait(t, opened, "connection")
	msg, got := make([]byte, 64), make([]byte, 64*100)
	const messages = 100_000
	turn := func() {
		for range 100 {
			if err := h.Write(msg); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := io.ReadFull(nc, got); err != nil {
			t.Fatal(err)
		}
	}
	for range 10 {
		turn()
	}
	if n := perMessage(messages, func() {
		for range messages / 100 {
			turn()
		}
	}); n > 0.01 {
		t.Errorf("%v allocations a message, want 0", n)
	}
}

// fan writes one shared message to whom it visits.
type fan struct{ msg []byte }

func (f *fan) Visit(c *engine.Conn) { _ = c.WriteShared(f.msg) }

// TestBroadcastAllocates sends one message to 100 connections on two loops.
func TestBroadcastAllocates(t *testing.T) {
	if raceEnabled {
		t.Skip("pools drop what they are given under the race detector")
	}
	const conns, rounds = 100, 500
	e := start(t, engine.Config{Loops: 2})
	h := &funcs{}
	ln := listen(t, e, "tcp", "127.0.0.1:0", h, engine.ListenOptions{})
	var ncs []net.Conn
	for range conns {
		ncs = append(ncs, dial(t, ln.Addr()))
	}
	for e.Stats().Open < conns {
		runtime.Gosched()
	}
	f := &fan{bytes.Repeat([]byte("b"), 128)}
	got := make([]byte, len(f.msg))
	turn := func() {
		if err := e.Each(h, f); err != nil {
			t.Fatal(err)
		}
		for _, nc := range ncs {
			if _, err := io.ReadFull(nc, got); err != nil {
				t.Fatal(err)
			}
		}
	}
	turn()
	if n := perMessage(conns*rounds, func() {
		for range rounds {
			turn()
		}
	}); n > 0.01 {
		t.Errorf("%v allocations a delivery, want 0", n)
	}
}

// TestOutputNeverEmpty keeps a little waiting all the time: what has left must
// not be remembered.
func TestOutputNeverEmpty(t *testing.T) {
	if raceEnabled {
		t.Skip("pools drop what they are given under the race detector")
	}
	l := enginetest.NewLoop(t, engine.Config{})
	p := l.Connect(echo{}, engine.Options{})
	p.Discard()
	p.Window(0)
	msg := bytes.Repeat([]byte("s"), 600)
	push := func() {
		if err := p.Conn().WriteShared(msg); err != nil {
			t.Fatal(err)
		}
	}
	push()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 200_000 {
		push()
		p.Window(len(msg))
	}
	runtime.ReadMemStats(&after)
	if n := p.Conn().Buffered(); n == 0 || n > 10*len(msg) {
		t.Fatalf("%d bytes wait, the test wants a few", n)
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 100_000 {
		t.Errorf("%d bytes were allocated to pass 200000 messages through a short queue", n)
	}
}
