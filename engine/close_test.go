package engine_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/enginetest"
)

var errOwn = errors.New("of the application")

// TestOnCloseOnce ends connections in every way, from every callback, with and
// without output waiting: OnClose comes once, last, and never inside another.
func TestOnCloseOnce(t *testing.T) {
	t.Parallel()
	ways := map[string]struct {
		end   func(c *engine.Conn)
		cause string
	}{
		"close":            {func(c *engine.Conn) { c.Close() }, "<nil>"},
		"close twice":      {func(c *engine.Conn) { c.Close(); c.Close(); c.CloseWithError(errOwn) }, "<nil>"},
		"close with error": {func(c *engine.Conn) { c.CloseWithError(errOwn); c.Close() }, errOwn.Error()},
		"abort":            {func(c *engine.Conn) { c.Abort(errOwn); c.Abort(nil); c.Close() }, errOwn.Error()},
		"close then abort": {func(c *engine.Conn) { c.CloseWithError(errOwn); c.Abort(io.EOF) }, errOwn.Error()},
		"panic":            {func(*engine.Conn) { panic("boom") }, "panic boom"},
		"slow": {func(c *engine.Conn) {
			for range 3 {
				_ = c.WriteShared(make([]byte, 2<<20))
			}
		}, engine.ErrSlowConsumer.Error()},
	}
	places := map[string]func(l *enginetest.Loop, p *enginetest.Peer){
		"data":     func(_ *enginetest.Loop, p *enginetest.Peer) { p.Send([]byte("x")) },
		"mail":     func(l *enginetest.Loop, p *enginetest.Peer) { _ = p.Handle().Mail(0, nil); l.Drain() },
		"eof":      func(_ *enginetest.Loop, p *enginetest.Peer) { p.CloseWrite() },
		"drain":    func(l *enginetest.Loop, _ *enginetest.Peer) { l.Shutdown() },
		"timer":    func(l *enginetest.Loop, p *enginetest.Peer) { p.Conn().SetTimer(1); l.Advance(2 * tick) },
		"writable": func(_ *enginetest.Loop, p *enginetest.Peer) { p.Window(600_000) },
	}
	for way, w := range ways {
		for place, bring := range places {
			for _, waiting := range []string{"nothing", "something"} {
				if place == "writable" && waiting == "nothing" || way == "slow" && waiting == "nothing" {
					continue
				}
				t.Run(way+" in "+place+" with "+waiting+" waiting", func(t *testing.T) {
					t.Parallel()
					l := enginetest.NewLoop(t, engine.Config{Logger: silent})
					h := &every{do: map[string]func(*engine.Conn){
						place: w.end,
						"close": func(c *engine.Conn) {
							if _, err := c.Write([]byte("too late")); !errors.Is(err, engine.ErrClosed) {
								t.Errorf("Write in OnClose: %v, want ErrClosed", err)
							}
							if err := c.WriteShared([]byte("too late")); !errors.Is(err, engine.ErrClosed) {
								t.Errorf("WriteShared in OnClose: %v, want ErrClosed", err)
							}
							if err := c.Handle().Write([]byte("too late")); !errors.Is(err, engine.ErrClosed) {
								t.Errorf("Handle.Write in OnClose: %v, want ErrClosed", err)
							}
							if !c.RemoteAddrPort().IsValid() || c.LocalAddr() == nil {
								t.Error("no address in OnClose")
							}
							c.Close()
							c.Abort(nil)
							c.SetTimer(1)
						},
					}}
					p := l.Connect(h, engine.Options{WriteTimeout: tick})
					if waiting == "something" {
						p.Window(0)
						_ = p.Conn().WriteShared(make([]byte, 800_000))
					}
					bring(l, p)
					l.Advance(5000 * tick) // every timer there is
					if !p.Closed() {
						t.Fatal("still open")
					}
					log := h.log()
					if slices.ContainsFunc(log, func(s string) bool { return strings.Contains(s, " > ") }) {
						t.Errorf("a callback was called inside another: %q", log)
					}
					if n := len(log); log[n-1] != "close: "+w.cause || strings.Count(strings.Join(log, " "), "close: ") != 1 {
						t.Errorf("callbacks %q, want OnClose once, at the end, with %s", log, w.cause)
					}
					st := l.Stats()
					if st.Open != 0 || st.Closed != 1 {
						t.Errorf("Open %d, Closed %d", st.Open, st.Closed)
					}
					var counted uint64
					for _, n := range st.ClosedBy {
						counted += n
					}
					if counted != 1 {
						t.Errorf("ClosedBy counts %d ends", counted)
					}
				})
			}
		}
	}
}

// TestOnCloseByPeer ends connections from the other side.
func TestOnCloseByPeer(t *testing.T) {
	t.Parallel()
	lost := errors.New("network is unreachable")
	for _, tt := range []struct {
		name  string
		end   func(p *enginetest.Peer)
		cause error
	}{
		{"eof", func(p *enginetest.Peer) { p.CloseWrite() }, io.EOF},
		{"eof while output waits", func(p *enginetest.Peer) {
			p.Window(1)
			p.Send(make([]byte, 100))
			p.CloseWrite()
			p.Window(-1)
		}, io.EOF},
		{"eof, then reset while output waits", func(p *enginetest.Peer) {
			p.Window(1)
			p.Send(make([]byte, 100))
			p.CloseWrite()
			p.Reset(nil)
		}, io.EOF},
		{"reset", func(p *enginetest.Peer) { p.Reset(lost) }, lost},
		{"reset while output waits", func(p *enginetest.Peer) {
			p.Window(1)
			p.Send(make([]byte, 100))
			p.Reset(lost)
		}, lost},
		{"broken at a write", func(p *enginetest.Peer) {
			p.Break(lost)
			p.Send(make([]byte, 100))
		}, lost},
		{"broken at a flush", func(p *enginetest.Peer) {
			p.Window(1)
			p.Send(make([]byte, 100))
			p.Break(lost)
			p.Window(10)
		}, lost},
		{"broken at a large write", func(p *enginetest.Peer) {
			p.Break(lost)
			p.Send(make([]byte, 50_000))
		}, lost},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := enginetest.NewLoop(t, engine.Config{})
			calls := 0
			var cause error
			inside := false
			p := l.Connect(&funcs{
				data: func(c *engine.Conn, b []byte) (int, error) {
					inside = true
					defer func() { inside = false }()
					n, _ := c.Write(b)
					_, _ = c.Write(b)
					return max(n, len(b)), nil
				},
				close: func(_ *engine.Conn, err error) {
					calls++
					cause = err
					if inside {
						t.Error("OnClose inside OnData")
					}
				},
			}, engine.Options{})
			q := l.Connect(echo{}, engine.Options{})
			tt.end(p)
			if calls != 1 || !errors.Is(cause, tt.cause) || !p.Closed() {
				t.Errorf("OnClose %d times with %v, want once with %v; closed %v", calls, cause, tt.cause, p.Closed())
			}
			q.Send([]byte("ok"))
			if got := string(q.Received()); got != "ok" {
				t.Errorf("another connection received %q", got)
			}
		})
	}
}

// TestOpenRefuses wants no OnClose, but what was written.
func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{})
	p, err := l.Try(&funcs{
		open: func(c *engine.Conn) error {
			c.SetTimer(tick)
			_, _ = c.Write([]byte("go away"))
			return errOwn
		},
		data:  func(*engine.Conn, []byte) (int, error) { t.Error("OnData"); return 0, nil },
		close: func(*engine.Conn, error) { t.Error("OnClose") },
	}, engine.Options{}, []byte("early"))
	if !errors.Is(err, errOwn) || !p.Closed() {
		t.Errorf("%v, closed %v", err, p.Closed())
	}
	if got := string(p.Received()); got != "go away" {
		t.Errorf("received %q", got)
	}
	l.Advance(tick * 10)
	if st := l.Stats(); st.Open != 0 {
		t.Errorf("Open = %d", st.Open)
	}
}

// TestCloseInOpen is not a refusal.
func TestCloseInOpen(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{})
	h := &every{do: map[string]func(*engine.Conn){"open": func(c *engine.Conn) {
		_, _ = c.Write([]byte("full"))
		c.Close()
	}}}
	p, err := l.Try(h, abrupt, []byte("early"))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(p.Received()); got != "full" || !p.Closed() {
		t.Errorf("received %q, closed %v", got, p.Closed())
	}
	if diff := cmp.Diff([]string{"open", "close: <nil>"}, h.log()); diff != "" {
		t.Errorf("callbacks (-want +got):\n%s", diff)
	}
}

// TestCloseOthers ends other connections from a callback, and lets OnClose write
// to those that stay: at once, not with the next event.
func TestCloseOthers(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{})
	var stays *enginetest.Peer
	leaving := &funcs{close: func(*engine.Conn, error) {
		_, _ = stays.Conn().Write([]byte("one left;"))
	}}
	stays = l.Connect(echo{}, engine.Options{})
	a, b, c, d := l.Connect(leaving, abrupt), l.Connect(leaving, abrupt), l.Connect(leaving, abrupt), l.Connect(leaving, abrupt)
	boss := l.Connect(&funcs{data: func(_ *engine.Conn, p []byte) (int, error) {
		a.Conn().Close()
		b.Conn().Abort(nil)
		return len(p), nil
	}}, engine.Options{})
	boss.Send([]byte("x"))
	if got := string(stays.Received()); got != "one left;one left;" {
		t.Errorf("after two were closed: received %q", got)
	}
	c.CloseWrite()
	if got := string(stays.Received()); got != "one left;" {
		t.Errorf("after a FIN: received %q", got)
	}
	d.Reset(nil)
	if got := string(stays.Received()); got != "one left;" {
		t.Errorf("after a reset: received %q", got)
	}
}
