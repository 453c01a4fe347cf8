package engine_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
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

// TestSwitchRefused: every OnOpen that returned nil is told of one end.
func TestSwitchRefused(t *testing.T) {
	t.Parallel()
	why := errors.New("why")
	plain := func() *funcs { return &funcs{} }
	for name, tt := range map[string]struct {
		next      *funcs
		o         engine.Options
		before    func(l *enginetest.Loop, c *engine.Conn)
		err       error // of SetHandler
		stays     bool  // with the old handler, and open
		sent      string
		cause     error
		dismissed bool // the old handler hears nothing
	}{
		"OnOpen": {next: &funcs{open: func(c *engine.Conn) error {
			c.SetUser("new")
			_, _ = c.Write([]byte("no"))
			c.SetTimer(tick)
			return why
		}}, err: why, sent: "no", cause: why},
		"OnOpen closes": {next: &funcs{open: func(c *engine.Conn) error { c.CloseWithError(io.EOF); return why }}, err: why, cause: io.EOF},
		"a panic":       {next: &funcs{open: func(*engine.Conn) error { panic(why) }}, err: &engine.PanicError{}, cause: &engine.PanicError{}},
		"options":       {next: plain(), o: engine.Options{LowWater: -1}, err: errAny, stays: true},
		"closing":       {next: plain(), before: func(_ *enginetest.Loop, c *engine.Conn) { c.CloseWithError(why) }, err: engine.ErrClosed, cause: why},
		"shutting down": {next: plain(), before: func(l *enginetest.Loop, _ *engine.Conn) { l.Shutdown() }, err: engine.ErrServerClosed, stays: true},
		"a third": {next: &funcs{open: func(c *engine.Conn) error {
			if err := c.SetHandler(shouting(), engine.Options{Linger: -1}); err != nil {
				t.Error(err)
			}
			return why
		}}, err: why, sent: "HI ", dismissed: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := enginetest.NewLoop(t, engine.Config{Logger: silent})
			var user any
			e := &drainFuncs{drain: func(*engine.Conn) {}}
			var causes []error
			e.close = func(c *engine.Conn, err error) { causes, user = append(causes, err), c.User() }
			p := l.Connect(e, engine.Options{Linger: -1})
			c := p.Conn()
			c.SetUser("old")
			tt.next.close = func(*engine.Conn, error) { t.Error("the new handler heard OnClose") }
			if tt.before != nil {
				tt.before(l, c)
			}
			err := c.SetHandler(tt.next, tt.o)
			if !sameError(err, tt.err) {
				t.Errorf("SetHandler: %v, want %v", err, tt.err)
			}
			other := l.Connect(echo{}, engine.Options{})
			other.Send([]byte("x")) // ends the callback
			if got := string(p.Received()); got != tt.sent {
				t.Errorf("sent %q, want %q", got, tt.sent)
			}
			switch {
			case tt.stays:
				if p.Closed() || c.User() != "old" || len(causes) > 0 {
					t.Errorf("closed %v, user %v, OnClose %v", p.Closed(), c.User(), causes)
				}
			case tt.dismissed:
				if !p.Closed() || len(causes) > 0 {
					t.Errorf("closed %v, OnClose %v", p.Closed(), causes)
				}
			case len(causes) != 1 || !sameError(causes[0], tt.cause) || user != "old":
				t.Errorf("OnClose was told %v of %v, want %v", causes, user, tt.cause)
			}
		})
	}
}

var errAny = errors.New("any")

// sameError takes one PanicError for the other, and anything for errAny.
func sameError(got, want error) bool {
	var p *engine.PanicError
	switch {
	case want == errAny:
		return got != nil
	case errors.As(want, &p):
		return errors.As(got, &p)
	}
	return errors.Is(got, want)
}

// TestSwitchInOnOpen: a handler that chooses another one, and fails afterwards.
func TestSwitchInOnOpen(t *testing.T) {
	t.Parallel()
	for _, why := range []error{nil, errors.New("why")} {
		l := enginetest.NewLoop(t, engine.Config{})
		e := newEnding(l)
		e.open, e.data = shouting().open, shouting().data
		p, err := l.Try(&funcs{
			open:  func(c *engine.Conn) error { _ = c.SetHandler(e, engine.Options{Linger: -1}); return why },
			close: func(*engine.Conn, error) { t.Error("the first handler heard OnClose") },
		}, engine.Options{}, []byte("abc"))
		if err != nil {
			t.Error(err)
		}
		want := "HI ABC"
		if why != nil {
			want = "HI "
			e.want(t, 0, 0, why)
		}
		if got := string(p.Received()); got != want {
			t.Errorf("received %q, want %q", got, want)
		}
	}
}

// TestSwitchAfterEOF: the peer's FIN is not forgotten.
func TestSwitchAfterEOF(t *testing.T) {
	t.Parallel()
	for _, hears := range []bool{true, false} {
		l := enginetest.NewLoop(t, engine.Config{})
		next := engine.Handler(shouting())
		if hears {
			next = &eofFuncs{*shouting(), func(c *engine.Conn) { _, _ = c.Write([]byte("bye")); c.Close() }}
		}
		p := l.Connect(&eofFuncs{
			funcs{data: func(*engine.Conn, []byte) (int, error) { return 0, nil }},
			func(c *engine.Conn) { _ = c.SetHandler(next, engine.Options{}) },
		}, engine.Options{})
		p.Send([]byte("abcd"))
		p.CloseWrite()
		want := map[bool]string{true: "HI ABCbye", false: "HI ABC"}[hears]
		if got := string(p.Received()); got != want || !p.Closed() {
			t.Errorf("received %q, want %q; closed %v", got, want, p.Closed())
		}
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

// TestSwitchAllocates: pointers to handlers that are few cost nothing, handlers that
// are many or cannot be compared work as well.
func TestSwitchAllocates(t *testing.T) {
	l := enginetest.NewLoop(t, engine.Config{})
	p := l.Connect(echo{}, engine.Options{})
	p.Discard()
	h := []engine.Handler{&funcs{}, &echo{}}
	change := func() {
		for i, h := range h {
			if err := p.Conn().SetHandler(h, engine.Options{HighWater: 100 + i}); err != nil {
				t.Error(err)
			}
		}
		p.Send([]byte("x"))
	}
	change()
	wantAllocs(t, 0, change)
	for range 100 {
		h = append(h, &funcs{}, incomparable{}, echo{})
	}
	change()
	change()
	if n := l.Stats().Switched; n < 200 {
		t.Errorf("%d switches", n)
	}
}

// TestSwitchWays switches in the middle of a stream that does not stop, on every
// transport, from another goroutine: no byte is lost, doubled or out of place.
func TestSwitchWays(t *testing.T) {
	t.Parallel()
	for name, connect := range ways() {
		if name == "unixpacket" {
			continue // its packets are consumed whole
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := start(t, engine.Config{Loops: 2})
			handles := make(chan engine.Handle, 1)
			upper := func(c *engine.Conn, p []byte) (int, error) {
				_, err := c.Write(bytes.ToUpper(p))
				return len(p), err
			}
			first := &funcs{
				open: func(c *engine.Conn) error { handles <- c.Handle(); return nil },
				data: func(c *engine.Conn, p []byte) (int, error) { return upper(c, p[:len(p)/2]) },
			}
			some := func() engine.Handler {
				return &funcs{data: func(c *engine.Conn, p []byte) (int, error) { return upper(c, p[:(len(p)+1)/2]) }}
			}
			nc := connect(t, e, first, engine.Options{HighWater: -1, MaxInbound: -1})
			stream := strings.Repeat("abcdefghijklmnopqrstuvwxyz.", 100_000)
			go func() { _, _ = io.WriteString(nc, stream) }()
			go func() {
				handle := <-handles
				for _, h := range []engine.Handler{some(), some(), some(), &funcs{data: upper}} {
					_ = handle.Post(func(c *engine.Conn) {
						if err := c.SetHandler(h, engine.Options{HighWater: -1, MaxInbound: -1}); err != nil {
							t.Error(err)
						}
					})
				}
			}()
			got := make([]byte, len(stream))
			if _, err := io.ReadFull(nc, got); err != nil {
				t.Fatal(err)
			}
			if string(got) != strings.ToUpper(stream) {
				t.Error("the stream has changed")
			}
		})
	}
}

// TestSwitchEach: a visit finds a connection where it is now.
func TestSwitchEach(t *testing.T) {
	t.Parallel()
	e := start(t, engine.Config{Loops: 1})
	a, b := &funcs{}, &funcs{data: echo{}.OnData}
	a.data = func(c *engine.Conn, p []byte) (int, error) { return 0, c.SetHandler(b, engine.Options{}) }
	nc := dial(t, listen(t, e, "tcp", "127.0.0.1:0", a, engine.ListenOptions{}).Addr())
	roundTrip(t, nc, "x")
	seen := make(chan string, 3)
	for _, v := range []struct {
		h    engine.Handler
		name string
	}{{a, "a"}, {b, "b"}, {nil, "all"}} {
		if err := e.Each(v.h, engine.VisitorFunc(func(*engine.Conn) { seen <- v.name })); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"b", "all"} {
		if got := wait(t, seen, "visit"); got != want {
			t.Errorf("visited as one of %q, want %q", got, want)
		}
	}
}
