package engine_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/enginetest"
)

// upgrading answers lines, until one says "up": what follows is next's.
type upgrading struct {
	funcs
	next engine.Handler
	o    engine.Options
}

func (u *upgrading) OnData(c *engine.Conn, p []byte) (int, error) {
	i := bytes.IndexByte(p, '\n')
	if i < 0 {
		return 0, nil
	}
	if _, err := c.Write([]byte("<" + string(p[:i]) + ">")); err != nil {
		return 0, err
	}
	if string(p[:i]) == "up" {
		return i + 1, c.SetHandler(u.next, u.o)
	}
	return i + 1, nil
}

// shouting greets, and answers in upper case, three bytes at a time.
func shouting() *funcs {
	return &funcs{
		open: func(c *engine.Conn) error { _, err := c.Write([]byte("HI ")); return err },
		data: func(c *engine.Conn, p []byte) (int, error) {
			n := len(p) / 3 * 3
			_, err := c.Write(bytes.ToUpper(p[:n]))
			return n, err
		},
	}
}

// TestSwitchData: what the old handler does not consume is the new one's, however
// it arrives, and all that the two answer leaves together.
func TestSwitchData(t *testing.T) {
	t.Parallel()
	const in, want = "up\nabcdefgh", "<up>HI ABCDEF"
	for cut := range len(in) {
		l := enginetest.NewLoop(t, engine.Config{})
		p := l.Connect(&upgrading{next: shouting()}, engine.Options{})
		p.Send([]byte(in[:cut]))
		p.Send([]byte(in[cut:]))
		if diff := cmp.Diff(want, string(p.Received())); diff != "" {
			t.Errorf("cut after %d (-want +got):\n%s", cut, diff)
		}
		if cut == 0 && p.Writes() != 1 {
			t.Errorf("%d writes, want one", p.Writes())
		}
		p.Send([]byte("i"))
		if got := string(p.Received()); got != "GHI" {
			t.Errorf("cut after %d: then received %q", cut, got)
		}
		if n := l.Stats().Switched; n != 1 {
			t.Errorf("%d switches are counted", n)
		}
	}
}

// TestSwitchElsewhere switches outside OnData: what was left lies there already and
// is not waited for.
func TestSwitchElsewhere(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(l *enginetest.Loop, p *enginetest.Peer, h *switching){
		"Post": func(l *enginetest.Loop, p *enginetest.Peer, h *switching) { _ = p.Handle().Post(h.change); l.Drain() },
		"mail": func(l *enginetest.Loop, p *enginetest.Peer, h *switching) { _ = p.Handle().Mail(0, nil); l.Drain() },
		"timer": func(l *enginetest.Loop, p *enginetest.Peer, _ *switching) {
			p.Conn().SetTimer(tick)
			l.Advance(3 * tick)
		},
		"OnWritable": func(_ *enginetest.Loop, p *enginetest.Peer, _ *switching) {
			p.Window(0)
			p.Send([]byte("x"))
			p.Window(-1)
		},
		"the callback of another": func(l *enginetest.Loop, p *enginetest.Peer, h *switching) {
			other := l.Connect(&funcs{data: func(*engine.Conn, []byte) (int, error) { h.change(p.Conn()); return 1, nil }}, engine.Options{})
			other.Send([]byte("x"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := enginetest.NewLoop(t, engine.Config{})
			h := &switching{t: t, next: shouting()}
			p := l.Connect(h, engine.Options{LowWater: 1})
			p.Send([]byte("abcd"))
			do(l, p, h)
			want := "HI ABC"
			if name == "OnWritable" { // it has consumed a byte before
				want = "oldHI BCD"
			}
			if got := string(p.Received()); got != want {
				t.Errorf("received %q, want %q", got, want)
			}
			if h.ended > 0 || h.changed != 1 {
				t.Errorf("%d changes, the old handler heard OnClose %d times", h.changed, h.ended)
			}
		})
	}
}

// switching gives its connection to next when something is called.
type switching struct {
	t              testing.TB
	next           engine.Handler
	changed, ended int
}

func (s *switching) change(c *engine.Conn) {
	s.changed++
	if err := c.SetHandler(s.next, engine.Options{}); err != nil {
		s.t.Error(err)
	}
}

func (s *switching) OnOpen(*engine.Conn) error { return nil }
func (s *switching) OnData(c *engine.Conn, p []byte) (int, error) {
	if bytes.IndexByte(p, 'x') < 0 {
		return 0, nil
	}
	_, err := c.Write([]byte("old"))
	return 1, err // of "abcdx"
}
func (s *switching) OnClose(*engine.Conn, error)            { s.ended++ }
func (s *switching) OnTimer(c *engine.Conn)                 { s.change(c) }
func (s *switching) OnWritable(c *engine.Conn)              { s.change(c) }
func (s *switching) OnMail(c *engine.Conn, _ int, _ []byte) { s.change(c) }

// TestSwitchCallbacks lets two handlers with every callback have a connection one
// after the other.
func TestSwitchCallbacks(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{})
	old, young := &every{do: map[string]func(*engine.Conn){}}, &every{do: map[string]func(*engine.Conn){}}
	p := l.Connect(old, engine.Options{})
	old.do["mail"] = func(c *engine.Conn) {
		c.SetUser("kept")
		c.SetTimer(tick)
		if err := c.SetHandler(young, engine.Options{LowWater: 1, Linger: -1}); err != nil {
			t.Error(err)
		}
	}
	young.do["mail > open"] = func(c *engine.Conn) {
		if c.User() != "kept" {
			t.Errorf("the user is %v", c.User())
		}
	}
	handle := p.Handle()
	young.do["data"] = func(c *engine.Conn) { _, _ = c.Write([]byte("more than LowWater")) }
	for _, err := range []error{handle.Mail(0, nil), handle.Mail(0, nil)} {
		if err != nil {
			t.Error(err)
		}
	}
	l.Drain()
	l.Advance(time.Second) // the old one's timer is cancelled
	p.Conn().SetTimer(tick)
	l.Advance(time.Second)
	p.Window(0)
	p.Send([]byte("x"))
	p.Window(-1)
	if p.Handle() != handle {
		t.Error("the handle has changed")
	}
	p.CloseWrite()
	l.Shutdown()
	_ = handle.Close()
	l.Drain()
	if diff := cmp.Diff([]string{"open", "mail"}, old.log()); diff != "" {
		t.Errorf("the old handler (-want +got):\n%s", diff)
	}
	want := []string{"open", "mail", "timer", "data", "writable", "eof", "drain", "close: <nil>"}
	if diff := cmp.Diff(want, young.log()); diff != "" {
		t.Errorf("the new handler (-want +got):\n%s", diff)
	}
}

// TestSwitchPlain: a handler without optional callbacks is not called for what was
// meant for the one before.
func TestSwitchPlain(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{})
	old := &every{do: map[string]func(*engine.Conn){}}
	old.do["data"] = func(c *engine.Conn) {
		_, _ = c.Write([]byte("abc"))
		_ = c.SetHandler(shouting(), engine.Options{Linger: -1})
		c.SetTimer(tick)
	}
	p := l.Connect(old, engine.Options{LowWater: 1})
	_ = p.Handle().Mail(0, []byte("hello"))
	p.Window(0)
	p.Send([]byte("x"))
	l.Advance(time.Second)
	p.Window(-1)
	if s := l.Stats(); s.DroppedBytes != 5 || s.Open != 1 || s.HandlerPanics != 0 {
		t.Errorf("stats %+v", s)
	}
	if got := string(p.Received()); got != "abcHI " {
		t.Errorf("received %q", got)
	}
	p.CloseWrite()
	if !p.Closed() {
		t.Error("nobody closed after the peer's FIN")
	}
}

// TestSwitchOptions: the limits are the new ones from the switch on.
func TestSwitchOptions(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{})
	hold := func(e *ending) *ending {
		e.data = func(*engine.Conn, []byte) (int, error) { return 0, nil }
		return e
	}
	for name, tt := range map[string]struct {
		o    engine.Options
		do   func(p *enginetest.Peer)
		in   time.Duration
		want error
	}{
		"IdleTimeout": {engine.Options{IdleTimeout: 5 * time.Second}, func(*enginetest.Peer) {}, 5 * time.Second, engine.ErrIdleTimeout},
		"WriteTimeout": {engine.Options{WriteTimeout: 2 * time.Second}, func(p *enginetest.Peer) {
			p.Window(0)
			_ = p.Handle().Write([]byte("x"))
		}, 2 * time.Second, engine.ErrWriteTimeout},
		"MaxInbound": {engine.Options{MaxInbound: 3}, func(p *enginetest.Peer) { p.Send([]byte("ef")) }, 0, engine.ErrInboundLimit},
		"HighWater": {engine.Options{HighWater: 5}, func(p *enginetest.Peer) {
			p.Window(0)
			for range 2 {
				_ = p.Handle().Write([]byte("more than that"))
			}
		}, 0, engine.ErrSlowConsumer},
	} {
		tt.o.Linger = -1
		e := hold(newEnding(l))
		p := l.Connect(hold(newEnding(l)), engine.Options{Linger: -1, IdleTimeout: 6 * time.Second})
		p.Send([]byte("ab"))
		l.Advance(4 * time.Second)
		_ = p.Handle().Post(func(c *engine.Conn) {
			if err := c.SetHandler(e, tt.o); err != nil {
				t.Error(name, err)
			}
		})
		l.Drain()
		at := l.Now()
		tt.do(p)
		l.Drain()
		l.Advance(10 * time.Second)
		t.Log(name)
		e.want(t, at, tt.in, tt.want)
	}
}

// TestSwitchToTheSame offers what is left again.
func TestSwitchToTheSame(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{})
	h, opened := &funcs{}, 0
	h.open = func(*engine.Conn) error { opened++; return nil }
	h.data = func(c *engine.Conn, p []byte) (int, error) {
		_, _ = c.Write(append([]byte{'/'}, p...))
		if p[0] == '!' {
			return 1, c.SetHandler(h, engine.Options{})
		}
		return 0, nil
	}
	p := l.Connect(h, engine.Options{})
	p.Send([]byte("!!a"))
	if got := string(p.Received()); got != "/!!a/!a/a" || opened != 3 {
		t.Errorf("received %q, opened %d times", got, opened)
	}
}
