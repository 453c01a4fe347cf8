package engine_test

import (
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"testing"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/enginetest"
)

// abrupt closes without lingering, so that slots and descriptors are free at
// once.
var abrupt = engine.Options{Linger: -1}

func TestStaleHandle(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{})
	old := l.Connect(echo{}, abrupt)
	h := old.Handle()
	if err := h.Write([]byte("queued while it lived")); err != nil {
		t.Fatal(err)
	}
	if err := h.Post(func(*engine.Conn) { t.Error("posted function ran with another connection") }); err != nil {
		t.Fatal(err)
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	old.CloseWrite()
	fresh := l.Connect(echo{}, abrupt) // in the slot of old
	l.Drain()
	if h == fresh.Handle() {
		t.Error("two connections have one handle")
	}
	if err := h.Write([]byte("late")); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("Write: %v, want ErrClosed", err)
	}
	if err := h.Post(func(*engine.Conn) { t.Error("ran") }); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("Post: %v, want ErrClosed", err)
	}
	if err := h.Mail(1, []byte("late")); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("Mail: %v, want ErrClosed", err)
	}
	if err := h.Close(); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("Close: %v, want ErrClosed", err)
	}
	l.Drain()
	fresh.Send([]byte("own"))
	if got := string(fresh.Received()); got != "own" {
		t.Errorf("the connection that took the slot received %q", got)
	}
	if fresh.Closed() || fresh.SawFIN() {
		t.Error("the connection that took the slot was closed")
	}
	st := l.Stats()
	if st.StaleHandles != 4 {
		t.Errorf("StaleHandles = %d, want 4", st.StaleHandles)
	}
	if want := uint64(len("queued while it lived")); st.DroppedBytes != want {
		t.Errorf("DroppedBytes = %d, want %d", st.DroppedBytes, want)
	}
}

func TestZeroHandle(t *testing.T) {
	t.Parallel()
	var h engine.Handle
	for name, err := range map[string]error{
		"Write": h.Write([]byte("x")),
		"Post":  h.Post(func(*engine.Conn) {}),
		"Mail":  h.Mail(1, nil),
		"Close": h.Close(),
	} {
		if !errors.Is(err, engine.ErrClosed) {
			t.Errorf("%s: %v, want ErrClosed", name, err)
		}
	}
}

// TestSlotsChurn opens and closes connections at random and asks every handle
// there ever was.
func TestSlotsChurn(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{})
	rnd := rand.New(rand.NewPCG(1, 2))
	live := make(map[engine.Handle]int)
	peers := make(map[engine.Handle]*enginetest.Peer)
	var dead []engine.Handle
	id := 0
	for round := range 60 {
		for range rnd.IntN(60) {
			p := l.Connect(echo{}, abrupt)
			id++
			p.Conn().SetUser(id)
			if live[p.Handle()] != 0 {
				t.Fatal("a handle was given out twice")
			}
			live[p.Handle()], peers[p.Handle()] = id, p
		}
		for h, p := range peers {
			if rnd.IntN(3) == 0 && round > 10 {
				p.Reset(nil)
				delete(live, h)
				delete(peers, h)
				dead = append(dead, h)
			}
		}
		met := 0
		for h, id := range live {
			if err := h.Post(func(c *engine.Conn) {
				met++
				if c.User() != id {
					t.Errorf("handle of connection %d met %v", id, c.User())
				}
			}); err != nil {
				t.Fatal(err)
			}
		}
		l.Drain()
		if met != len(live) {
			t.Fatalf("%d of %d live handles met their connection", met, len(live))
		}
		for _, h := range dead {
			if err := h.Write(nil); !errors.Is(err, engine.ErrClosed) {
				t.Fatalf("a dead handle: %v", err)
			}
		}
	}
	if st := l.Stats(); st.Open != len(live) {
		t.Errorf("Open = %d, want %d", st.Open, len(live))
	}
}

// TestStaleHandleRealDescriptor reuses descriptors while other goroutines write
// to the connections that had them before.
func TestStaleHandleRealDescriptor(t *testing.T) {
	t.Parallel()
	opened := make(chan engine.Handle)
	h := &funcs{open: func(c *engine.Conn) error {
		h := c.Handle()
		go func() { opened <- h }()
		return nil
	}}
	e := start(t, engine.Config{Loops: 1})
	ln := listen(t, e, "tcp", "127.0.0.1:0", h, engine.ListenOptions{Options: abrupt})
	for range 40 {
		nc := dial(t, ln.Addr())
		stale := wait(t, opened, "connection")
		stop, stopped := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(stopped)
			for {
				select {
				case <-stop:
					return
				default:
					_ = stale.Write([]byte("for the old one"))
				}
			}
		}()
		// Our side closes first: its descriptor is free for the next.
		if err := stale.Close(); err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, nc)
		_ = nc.Close()
		next := dial(t, ln.Addr())
		fresh := wait(t, opened, "connection")
		if err := fresh.Write([]byte("new")); err != nil {
			t.Fatal(err)
		}
		close(stop)
		<-stopped
		if err := fresh.Close(); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(next)
		if err != nil || string(got) != "new" {
			t.Fatalf("the new connection received %q, %v", got, err)
		}
		_ = next.Close()
	}
}

// TestConnKeptTooLong uses a *Conn after its end, which is a mistake that must
// not touch the connection that has its place by then.
func TestConnKeptTooLong(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"unix", "unixpacket", "tcp"} {
		t.Run(network, func(t *testing.T) {
			t.Parallel()
			kept := make(chan *engine.Conn, 1)
			ended := make(chan string, 1)
			h := &funcs{
				open: func(c *engine.Conn) error { kept <- c; return nil },
				close: func(c *engine.Conn, _ error) {
					if c.LocalAddr() == nil || c.RemoteAddr() == nil {
						ended <- "addresses are gone in OnClose"
						return
					}
					ended <- ""
				},
			}
			e := start(t, engine.Config{Loops: 1})
			addr := t.TempDir() + "/s"
			if network == "tcp" {
				addr = "127.0.0.1:0"
			}
			ln := listen(t, e, network, addr, h, engine.ListenOptions{Options: abrupt})
			nc := dial(t, ln.Addr())
			c := wait(t, kept, "connection")
			_ = nc.Close()
			if complaint := wait(t, ended, "OnClose"); complaint != "" {
				t.Error(complaint)
			}
			// Another callback of the loop comes after the end of this one.
			next := dial(t, ln.Addr())
			defer next.Close()
			wait(t, kept, "connection")

			if _, err := c.Write([]byte("x")); !errors.Is(err, engine.ErrClosed) {
				t.Errorf("Write: %v, want ErrClosed", err)
			}
			if err := c.WriteShared([]byte("x")); !errors.Is(err, engine.ErrClosed) {
				t.Errorf("WriteShared: %v, want ErrClosed", err)
			}
			c.Close()
			c.CloseWithError(io.EOF)
			c.Abort(io.EOF)
			c.SetTimer(1)
			if a := c.LocalAddr(); a != nil {
				t.Errorf("LocalAddr = %v", a)
			}
			if a := c.RemoteAddr(); a != nil && network != "tcp" {
				t.Errorf("RemoteAddr = %v", a)
			}
			if !c.Closing() || c.Buffered() != 0 {
				t.Errorf("Closing = %v, Buffered = %d", c.Closing(), c.Buffered())
			}
			if err := c.Handle().Write(nil); !errors.Is(err, engine.ErrClosed) {
				t.Errorf("its handle: %v, want ErrClosed", err)
			}
		})
	}
}

// TestConnAddr compares what a Conn says with what its peer sees.
func TestConnAddr(t *testing.T) {
	t.Parallel()
	type addrs struct{ local, remote net.Addr }
	for _, tt := range []struct{ network, addr string }{
		{"tcp4", "127.0.0.1:0"}, {"tcp6", "[::1]:0"}, {"unix", "@sockeye-test-addr"}, {"unixpacket", "@sockeye-test-addr-p"},
	} {
		t.Run(tt.network, func(t *testing.T) {
			t.Parallel()
			seen := make(chan addrs, 1)
			h := &funcs{open: func(c *engine.Conn) error {
				seen <- addrs{c.LocalAddr(), c.RemoteAddr()}
				return nil
			}}
			e := start(t, engine.Config{Loops: 1})
			ln := listen(t, e, tt.network, tt.addr, h, engine.ListenOptions{})
			nc := dial(t, ln.Addr())
			got := wait(t, seen, "connection")
			if got.local.String() != nc.RemoteAddr().String() {
				t.Errorf("LocalAddr = %v, the peer dialled %v", got.local, nc.RemoteAddr())
			}
			if tt.network[0] == 't' && got.remote.String() != nc.LocalAddr().String() {
				t.Errorf("RemoteAddr = %v, the peer is at %v", got.remote, nc.LocalAddr())
			}
		})
	}
}
