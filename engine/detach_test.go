package engine_test

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/enginetest"
)

// given is what Detach has answered.
type given struct {
	nc     net.Conn
	unread string
	err    error
}

func detach(c *engine.Conn) given {
	nc, unread, err := c.Detach()
	return given{nc, string(unread), err}
}

// detached gives p's connection out and checks that all is as it must be.
func detached(t testing.TB, l *enginetest.Loop, p *enginetest.Peer, do func() given) given {
	t.Helper()
	handle := p.Handle()
	g := do()
	l.Drain()
	if g.err != nil {
		t.Fatal(g.err)
	}
	for name, err := range map[string]error{"Write": handle.Write(nil), "Post": handle.Post(nil)} {
		if !errors.Is(err, engine.ErrClosed) {
			t.Errorf("%s of the handle: %v, want ErrClosed", name, err)
		}
	}
	if s := l.Stats(); s.Open != 0 || s.ClosedBy[engine.CauseDetached] != 1 {
		t.Errorf("stats %+v", s)
	}
	return g
}

// TestDetachUnread: what was received and not consumed goes along, wherever Detach
// is called.
func TestDetachUnread(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		unread, sent string
		at           string // the event
		do           func(l *enginetest.Loop, p *enginetest.Peer)
	}{
		"OnOpen": {"early", "out", "open", nil},
		"OnData": {"earlymore", "out", "data", func(_ *enginetest.Loop, p *enginetest.Peer) { p.Send([]byte("more")) }},
		"OnTimer": {"early", "out", "timer", func(l *enginetest.Loop, p *enginetest.Peer) {
			p.Conn().SetTimer(tick)
			l.Advance(3 * tick)
		}},
		"OnMail": {"early", "out", "mail", func(l *enginetest.Loop, p *enginetest.Peer) {
			_ = p.Handle().Mail(0, nil)
			_ = p.Handle().Write([]byte("too late"))
			l.Drain()
		}},
		"OnEOF": {"early", "out", "eof", func(_ *enginetest.Loop, p *enginetest.Peer) { p.CloseWrite() }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := enginetest.NewLoop(t, engine.Config{})
			h := &hoarding{}
			var got given
			h.do = map[string]func(*engine.Conn){tt.at: func(c *engine.Conn) {
				if tt.at == "data" && h.calls < 2 {
					return
				}
				_, _ = c.Write([]byte(tt.sent))
				got = detach(c)
				if !c.Closing() {
					t.Error("it is not closing")
				}
				if _, err := c.Write([]byte("late")); !errors.Is(err, engine.ErrClosed) {
					t.Errorf("Write after Detach: %v", err)
				}
				if _, _, err := c.Detach(); !errors.Is(err, engine.ErrClosed) {
					t.Errorf("Detach after Detach: %v", err)
				}
				if err := c.SetHandler(echo{}, engine.Options{}); !errors.Is(err, engine.ErrClosed) {
					t.Errorf("SetHandler after Detach: %v", err)
				}
			}}
			p, err := l.Try(h, engine.Options{}, []byte("early"))
			if err != nil && tt.at != "open" {
				t.Fatal(err)
			}
			if tt.do != nil {
				tt.do(l, p)
			}
			if got.err != nil || got.unread != tt.unread {
				t.Errorf("unread %q, %v, want %q", got.unread, got.err, tt.unread)
			}
			log := h.log()
			if last := log[len(log)-1]; last != "close: "+engine.ErrDetached.Error() {
				t.Errorf("the handler heard %q", log)
			}
			if got.nc == nil {
				return
			}
			if _, err := io.WriteString(got.nc, " and on"); err != nil {
				t.Error(err)
			}
			if s := string(p.Received()); s != "out and on" {
				t.Errorf("sent %q", s)
			}
			if tt.at != "eof" {
				p.Send([]byte("hello"))
				p.CloseWrite()
			}
			rest, err := io.ReadAll(got.nc)
			if want := map[bool]string{false: "hello"}[tt.at == "eof"]; err != nil || string(rest) != want {
				t.Errorf("read %q, %v, want %q", rest, err, want)
			}
			if p.Closed() {
				t.Error("closed by itself")
			}
			if err := got.nc.Close(); err != nil || !p.Closed() {
				t.Error(err)
			}
			if s := l.Stats(); s.ClosedBy[engine.CauseDetached] != 1 || s.Open != 0 {
				t.Errorf("stats %+v", s)
			}
		})
	}
}

// hoarding consumes nothing.
type hoarding struct {
	every
	calls int
}

func (h *hoarding) OnData(c *engine.Conn, p []byte) (int, error) {
	h.calls++
	h.event("data", c)
	return 0, nil
}

// TestDetachBusy: output that the peer does not take stays in order, and the
// handler hears when it has left.
func TestDetachBusy(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{})
	var got []given
	h := &writableFuncs{}
	try := func(c *engine.Conn) { got = append(got, detach(c)) }
	h.data = func(c *engine.Conn, p []byte) (int, error) {
		_, err := c.Write(p)
		try(c)
		return len(p), err
	}
	h.writable = try
	p := l.Connect(h, engine.Options{})
	p.Window(3)
	p.Send([]byte("abcdef"))
	p.Send([]byte("gh"))
	if len(got) != 2 || got[0].err != engine.ErrDetachBusy || got[1].err != engine.ErrDetachBusy || p.Closed() {
		t.Fatalf("Detach answered %v, want ErrDetachBusy twice", got)
	}
	p.Window(4)
	if len(got) != 2 {
		t.Errorf("OnWritable was called before the last byte had left")
	}
	g := detached(t, l, p, func() given { p.Window(-1); return got[len(got)-1] })
	_, _ = io.WriteString(g.nc, "ij")
	if s := string(p.Received()); s != "abcdefghij" || p.SawFIN() {
		t.Errorf("sent %q, FIN %v", s, p.SawFIN())
	}
}

// TestDetachRefused: the connection stays as it is.
func TestDetachRefused(t *testing.T) {
	t.Parallel()
	why := errors.New("why")
	l := enginetest.NewLoop(t, engine.Config{})
	e := newEnding(l)
	p := l.Connect(e, engine.Options{Linger: -1})
	p.Conn().CloseWithError(why)
	if g := detach(p.Conn()); !errors.Is(g.err, engine.ErrClosed) {
		t.Errorf("closing: %v", g.err)
	}
	l.Connect(echo{}, engine.Options{}).Send([]byte("x"))
	e.want(t, 0, 0, why)
	if g := detach(p.Conn()); !errors.Is(g.err, engine.ErrClosed) {
		t.Errorf("closed: %v", g.err)
	}
	broken := newEnding(l)
	p = l.Connect(broken, engine.Options{})
	p.Break(nil)
	var g given
	_ = p.Handle().Post(func(c *engine.Conn) {
		_, _ = c.Write([]byte("x"))
		g = detach(c)
	})
	l.Drain()
	if g.err == nil || broken.times != 1 || errors.Is(broken.cause, engine.ErrDetached) {
		t.Errorf("broken: %v, OnClose %v", g.err, broken.cause)
	}
}

// TestDetachHalfClosed: FIN leaves behind what was written, or was sent already.
func TestDetachHalfClosed(t *testing.T) {
	t.Parallel()
	for _, before := range []bool{false, true} {
		l := enginetest.NewLoop(t, engine.Config{})
		p := l.Connect(&funcs{}, engine.Options{})
		g := detached(t, l, p, func() (g given) {
			_ = p.Handle().Post(func(c *engine.Conn) {
				_, _ = c.Write([]byte("bye"))
				c.CloseWrite()
				if !before {
					g = detach(c)
				}
			})
			_ = p.Handle().Post(func(c *engine.Conn) {
				if before {
					g = detach(c)
				}
			})
			l.Drain()
			return g
		})
		if s := string(p.Received()); s != "bye" || !p.SawFIN() || p.Closed() {
			t.Errorf("sent %q, FIN %v, closed %v", s, p.SawFIN(), p.Closed())
		}
		p.Send([]byte("more"))
		p.CloseWrite()
		if b, err := io.ReadAll(g.nc); string(b) != "more" || err != nil {
			t.Errorf("read %q, %v", b, err)
		}
	}
}

// TestDetachPeer is about the other end of what enginetest gives out.
func TestDetachPeer(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{})
	p := l.Connect(&funcs{}, engine.Options{})
	g := detached(t, l, p, func() given { return detachNow(l, p) })
	_ = g.nc.SetReadDeadline(time.Unix(1, 0))
	if _, err := g.nc.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Read after its deadline: %v", err)
	}
	_ = g.nc.SetDeadline(time.Time{})
	read := readSoon(g.nc, 3)
	p.Send([]byte("abc"))
	if got := wait(t, read, "read"); got != "abc" {
		t.Errorf("read %q", got)
	}
	why := errors.New("why")
	p.Reset(why)
	if _, err := g.nc.Read(make([]byte, 1)); err != why {
		t.Errorf("Read after the reset: %v", err)
	}
	if g.nc.RemoteAddr().String() != p.Conn().RemoteAddr().String() || g.nc.LocalAddr() == nil {
		t.Errorf("addresses %v and %v", g.nc.LocalAddr(), g.nc.RemoteAddr())
	}
	if err := g.nc.(writeCloser).CloseWrite(); err != nil || !p.SawFIN() {
		t.Error(err)
	}
	_ = g.nc.Close()
	if _, err := g.nc.Write(nil); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Write after Close: %v", err)
	}
	if diff := cmp.Diff("", string(p.Received())); diff != "" {
		t.Error(diff)
	}
}

// detachNow detaches by a Post.
func detachNow(l *enginetest.Loop, p *enginetest.Peer) (g given) {
	_ = p.Handle().Post(func(c *engine.Conn) { g = detach(c) })
	l.Drain()
	return g
}

// TestDetachOther: one connection gives another out.
func TestDetachOther(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{})
	h := &hoarding{}
	p := l.Connect(h, engine.Options{})
	p.Send([]byte("abc"))
	var g given
	other := l.Connect(&funcs{data: func(_ *engine.Conn, b []byte) (int, error) {
		_, _ = p.Conn().Write([]byte("out"))
		g = detach(p.Conn())
		return len(b), nil
	}}, engine.Options{})
	other.Send([]byte("x"))
	if g.err != nil || g.unread != "abc" || string(p.Received()) != "out" {
		t.Errorf("got %+v", g)
	}
	if want := "open data close: " + engine.ErrDetached.Error(); strings.Join(h.log(), " ") != want {
		t.Errorf("heard %q", h.log())
	}
}
