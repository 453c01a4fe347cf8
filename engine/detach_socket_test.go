package engine_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"testing"

	"github.com/sockeye-io/sockeye/engine"
)

// leaver echoes half of what it is given, and leaves the engine when when says so
// and the output has left; gone is told.
type leaver struct {
	when    func(c *engine.Conn) bool
	leaving bool
	gone    chan given
	closed  chan error
}

func (h *leaver) OnOpen(*engine.Conn) error { return nil }

func (h *leaver) OnData(c *engine.Conn, p []byte) (int, error) {
	if h.leaving {
		return 0, nil // in OnWritable
	}
	n := (len(p) + 1) / 2
	if _, err := c.Write(p[:n]); err != nil {
		return n, err
	}
	if h.when != nil && h.when(c) {
		h.leave(c, n)
	}
	return n, nil
}

// leave tries to; used are the bytes that the running OnData has used.
func (h *leaver) leave(c *engine.Conn, used int) {
	h.leaving = true
	switch g := detach(c); g.err {
	case engine.ErrDetachBusy: // OnWritable follows
	default:
		if g.err == nil {
			g.unread = g.unread[used:]
		}
		h.gone <- g
	}
}

func (h *leaver) OnWritable(c *engine.Conn)         { h.leave(c, 0) }
func (h *leaver) OnClose(_ *engine.Conn, err error) { h.closed <- err }

func newLeaver(when func(c *engine.Conn) bool) *leaver {
	return &leaver{when: when, gone: make(chan given, 1), closed: make(chan error, 1)}
}

// goOn echoes as a goroutine what the engine had.
func (h *leaver) goOn(t testing.TB) {
	g := wait(t, h.gone, "Detach")
	if g.err != nil {
		t.Errorf("Detach: %v", g.err)
		return
	}
	defer g.nc.Close()
	if _, err := io.WriteString(g.nc, g.unread); err != nil {
		t.Error(err)
	}
	if _, err := io.Copy(struct{ io.Writer }{g.nc}, struct{ io.Reader }{g.nc}); err != nil {
		t.Error(err)
	}
}

// TestDetachWays leaves in the middle of a stream that goes both ways: no byte is
// lost, doubled or out of place.
func TestDetachWays(t *testing.T) {
	t.Parallel()
	ways := ways()
	delete(ways, "unixpacket")
	ways["pipe"] = func(t testing.TB, e *engine.Engine, h engine.Handler, o engine.Options) net.Conn {
		ours, theirs := net.Pipe()
		t.Cleanup(func() { _ = theirs.Close() })
		if _, err := e.AdoptWith(ours, nil, h, o); err != nil {
			t.Fatal(err)
		}
		return theirs
	}
	for name, connect := range ways {
		for _, after := range []int{1, 2, 5} { // reads
			for _, posted := range []bool{false, true} {
				t.Run(fmt.Sprint(name, after, posted), func(t *testing.T) {
					t.Parallel()
					e := start(t, engine.Config{Loops: 2})
					reads := 0
					h := newLeaver(nil)
					h.when = func(c *engine.Conn) bool {
						if reads++; reads == after && posted {
							_ = c.Handle().Post(func(c *engine.Conn) { h.leave(c, 0) })
						}
						return reads == after && !posted
					}
					nc := connect(t, e, h, engine.Options{HighWater: -1, MaxInbound: -1})
					stream := numbers(300_000)
					go func() {
						for rest := stream; len(rest) > 0; {
							n := min(len(rest), 1+rand.IntN(100_000))
							_, _ = nc.Write(rest[:n])
							rest = rest[n:]
						}
					}()
					go h.goOn(t)
					got := make([]byte, len(stream))
					if n, err := io.ReadFull(nc, got); err != nil {
						t.Fatalf("after %d bytes: %v", n, err)
					}
					if !bytes.Equal(got, stream) {
						t.Error("the stream has changed")
					}
					if err := wait(t, h.closed, "OnClose"); err != engine.ErrDetached {
						t.Errorf("OnClose was told %v", err)
					}
					_ = nc.Close()
				})
			}
		}
	}
}

// numbers is a stream of which no part is like another.
func numbers(n int) []byte {
	b := make([]byte, 0, 4*n)
	for i := range n {
		b = binary.BigEndian.AppendUint32(b, uint32(i)*2654435761)
	}
	return b
}

// TestDetachEnds: what is given out outlives the engine, its MaxConns and its
// counters are as if it had closed, and its end is that of any net.Conn.
func TestDetachEnds(t *testing.T) {
	t.Parallel()
	for name, connect := range ways() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := start(t, engine.Config{Loops: 1, MaxConns: 1})
			h := newLeaver(func(*engine.Conn) bool { return true })
			nc := connect(t, e, h, engine.Options{})
			if _, err := io.WriteString(nc, "aa"); err != nil {
				t.Fatal(err)
			}
			got := make([]byte, 1)
			if _, err := io.ReadFull(nc, got); err != nil {
				t.Fatal(err)
			}
			g := wait(t, h.gone, "Detach")
			if g.err != nil || g.unread != "a" {
				t.Fatalf("got %+v", g)
			}
			defer g.nc.Close()
			if err := wait(t, h.closed, "OnClose"); err != engine.ErrDetached {
				t.Errorf("OnClose was told %v", err)
			}
			// There is room for another.
			a, b := pair(t)
			for {
				if _, err := e.Adopt(a, nil, echo{}); err == nil {
					break
				} else if !errors.Is(err, engine.ErrTooManyConns) {
					t.Fatal(err)
				}
				a, b = pair(t) // the last thing that happens to a connection is to be counted
			}
			roundTrip(t, b, "hello")
			if s := e.Stats(); s.ClosedBy[engine.CauseDetached] != 1 || s.Open != 1 {
				t.Errorf("stats %+v", s)
			}
			if err := e.Close(); err != nil {
				t.Error(err)
			}
			back := readSoon(g.nc, 5)
			if _, err := io.WriteString(nc, "alive"); err != nil {
				t.Fatal(err)
			}
			if got := wait(t, back, "read"); got != "alive" {
				t.Errorf("read %q after the engine's end", got)
			}
			_ = g.nc.Close()
			if _, err := nc.Read(make([]byte, 1)); err == nil {
				t.Error("the connection does not end")
			}
		})
	}
}

// TestDetachInOnOpen gives out at once, with the bytes that came before.
func TestDetachInOnOpen(t *testing.T) {
	t.Parallel()
	why := errors.New("why")
	for _, refusal := range []error{nil, why} {
		for name, pipe := range map[string]bool{"tcp": false, "pipe": true} {
			t.Run(fmt.Sprint(name, refusal), func(t *testing.T) {
				t.Parallel()
				e := start(t, engine.Config{Loops: 1})
				ends := func() (net.Conn, net.Conn) { return pair(t) }
				if pipe {
					ends = net.Pipe
				}
				ours, theirs := ends()
				defer theirs.Close()
				gone := make(chan given, 1)
				back := readSoon(theirs, 6)
				_, err := e.Adopt(ours, []byte("early"), &funcs{open: func(c *engine.Conn) error {
					_, _ = c.Write([]byte("hi "))
					gone <- detach(c)
					return refusal
				}})
				if !errors.Is(err, refusal) {
					t.Errorf("Adopt: %v", err)
				}
				g := <-gone
				if g.err != nil || g.unread != "early" {
					t.Fatalf("got %+v", g)
				}
				defer g.nc.Close()
				if _, err := io.WriteString(g.nc, "you"); err != nil {
					t.Error(err)
				}
				if got := wait(t, back, "read"); got != "hi you" {
					t.Errorf("the peer read %q", got)
				}
				read := readSoon(g.nc, 2)
				_, _ = io.WriteString(theirs, "me")
				if got := wait(t, read, "read"); got != "me" {
					t.Errorf("read %q", got)
				}
			})
		}
	}
}
