package engine_test

import (
	"errors"
	"io"
	"testing"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/enginetest"
)

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
