package engine_test

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/enginetest"
)

// TestPanic panics in every callback: OnClose is told once, nothing that was
// written before leaves, others are served.
func TestPanic(t *testing.T) {
	t.Parallel()
	type script func(l *enginetest.Loop, p *enginetest.Peer)
	for name, do := range map[string]script{
		"data": func(_ *enginetest.Loop, p *enginetest.Peer) { p.Send([]byte("x")) },
		"timer": func(l *enginetest.Loop, p *enginetest.Peer) {
			p.Conn().SetTimer(1)
			l.Advance(2 * tick)
		},
		"eof":   func(_ *enginetest.Loop, p *enginetest.Peer) { p.CloseWrite() },
		"drain": func(l *enginetest.Loop, _ *enginetest.Peer) { l.Shutdown() },
		"mail": func(l *enginetest.Loop, p *enginetest.Peer) {
			_ = p.Handle().Mail(1, nil)
			l.Drain()
		},
		"writable": func(_ *enginetest.Loop, p *enginetest.Peer) {
			p.Window(0)
			_ = p.Conn().WriteShared(make([]byte, 1000))
			p.Window(1000)
			p.Received()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := enginetest.NewLoop(t, engine.Config{Logger: silent})
			h := &every{do: map[string]func(*engine.Conn){name: func(c *engine.Conn) {
				_, _ = c.Write([]byte("half an answer"))
				panic("boom")
			}}}
			p := l.Connect(h, engine.Options{LowWater: 10})
			q := l.Connect(echo{}, engine.Options{})
			do(l, p)
			if diff := cmp.Diff([]string{"open", name, "close: panic boom"}, h.log()); diff != "" {
				t.Errorf("callbacks (-want +got):\n%s", diff)
			}
			if !p.Closed() || len(p.Received()) > 0 {
				t.Errorf("closed %v", p.Closed())
			}
			st := l.Stats()
			if st.HandlerPanics != 1 || st.ClosedBy[engine.CausePanic] != 1 || st.DroppedBytes != 14 {
				t.Errorf("HandlerPanics %d, closed by panic %d, dropped %d bytes", st.HandlerPanics, st.ClosedBy[engine.CausePanic], st.DroppedBytes)
			}
			if name != "drain" {
				q.Send([]byte("still here"))
				if got := string(q.Received()); got != "still here" {
					t.Errorf("another connection received %q", got)
				}
			}
		})
	}
}

func TestPanicInOpen(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{Logger: silent})
	p, err := l.Try(&funcs{
		open:  func(*engine.Conn) error { panic("boom") },
		close: func(*engine.Conn, error) { t.Error("OnClose after an OnOpen that did not return") },
	}, engine.Options{}, nil)
	var pe *engine.PanicError
	if !errors.As(err, &pe) || pe.Value != "boom" || len(pe.Stack) == 0 {
		t.Errorf("error %v, want a PanicError", err)
	}
	if !p.Closed() || l.Stats().Open != 0 {
		t.Error("the connection is still there")
	}
}

func TestPanicInClose(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{Logger: silent})
	calls := 0
	p := l.Connect(&funcs{close: func(*engine.Conn, error) { calls++; panic("boom") }}, abrupt)
	p.Reset(nil)
	if calls != 1 || !p.Closed() || l.Stats().Open != 0 || l.Stats().HandlerPanics != 1 {
		t.Errorf("OnClose was called %d times; closed %v; %+v", calls, p.Closed(), l.Stats())
	}
}

func TestPanicInPost(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{Logger: silent})
	h := &every{}
	p := l.Connect(h, engine.Options{})
	ran := false
	_ = p.Handle().Post(func(*engine.Conn) { panic("boom") })
	_ = p.Handle().Post(func(c *engine.Conn) {
		// The connection is doomed, and gone when this slice of tasks is done.
		_, err := c.Write([]byte("x"))
		ran = errors.Is(err, engine.ErrClosed)
	})
	l.Drain()
	if diff := cmp.Diff([]string{"open", "close: panic boom"}, h.log()); diff != "" {
		t.Errorf("callbacks (-want +got):\n%s", diff)
	}
	if !ran || len(p.Received()) > 0 {
		t.Error("a write to a doomed connection was accepted")
	}
}

// packets panics on the first datagram and echoes the others.
type packets struct {
	echo
	first bool
}

func (h *packets) OnPacket(pc *engine.PacketConn, p []byte, from netip.AddrPort) {
	if !h.first {
		h.first = true
		panic("boom")
	}
	_ = pc.WriteTo(p, from)
}

// TestPanicRealSocket panics on loops of gnet, which would end the process.
func TestPanicRealSocket(t *testing.T) {
	t.Parallel()
	e := start(t, engine.Config{Loops: 1, Logger: silent})
	ln := listen(t, e, "tcp", "127.0.0.1:0", &funcs{data: func(*engine.Conn, []byte) (int, error) { panic("boom") }}, engine.ListenOptions{})
	good := listen(t, e, "tcp", "127.0.0.1:0", echo{}, engine.ListenOptions{})
	udp := listen(t, e, "udp", "127.0.0.1:0", &packets{}, engine.ListenOptions{})
	other := dial(t, good.Addr())
	for range 5 {
		nc := dial(t, ln.Addr())
		if _, err := nc.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		if n, err := nc.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Errorf("read %d bytes from a connection whose handler panicked", n)
		}
		roundTrip(t, other, "still here")
	}
	nc := dial(t, udp.Addr())
	if _, err := nc.Write([]byte("first")); err != nil {
		t.Fatal(err)
	}
	roundTrip(t, nc, "second")
	if n := e.Stats().HandlerPanics; n != 6 {
		t.Errorf("HandlerPanics = %d, want 6", n)
	}
}
