package engine_test

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/enginetest"
)

// TestSlowConsumer lets a peer read nothing: memory stays bounded and the
// connection ends, told once, after the callback that found it out.
func TestSlowConsumer(t *testing.T) {
	t.Parallel()
	const high = 100_000
	msg := make([]byte, 30_000)
	copied := func(c *engine.Conn) error { _, err := c.Write(msg); return err }
	shared := func(c *engine.Conn) error { return c.WriteShared(msg) }
	for name, tt := range map[string]struct {
		write  func(c *engine.Conn) error
		posted bool // from outside its own callbacks
	}{
		"Write": {copied, false}, "WriteShared": {shared, false},
		"Write posted": {copied, true}, "WriteShared posted": {shared, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := enginetest.NewLoop(t, engine.Config{})
			var cause error
			inside, closed := false, 0
			most := 0
			var failed []error
			five := func(c *engine.Conn) {
				inside = true
				defer func() { inside = false }()
				for range 5 {
					if err := tt.write(c); err != nil {
						failed = append(failed, err)
					}
					most = max(most, c.Buffered())
				}
			}
			p := l.Connect(&funcs{
				data: func(c *engine.Conn, b []byte) (int, error) {
					if !tt.posted {
						five(c)
					}
					return len(b), nil
				},
				close: func(_ *engine.Conn, err error) {
					cause = err
					closed++
					if inside {
						t.Error("OnClose was called inside OnData")
					}
				},
			}, engine.Options{HighWater: high})
			p.Window(10_000)
			for range 3 {
				p.Send([]byte("x"))
				if tt.posted && !p.Closed() {
					_ = p.Handle().Post(five)
					l.Drain()
				}
			}
			if most > high+len(msg) {
				t.Errorf("%d bytes were buffered, HighWater is %d", most, high)
			}
			if !p.Closed() || closed != 1 || !errors.Is(cause, engine.ErrSlowConsumer) {
				t.Fatalf("closed %v, OnClose %d times with %v", p.Closed(), closed, cause)
			}
			if len(failed) == 0 || !errors.Is(failed[0], engine.ErrSlowConsumer) {
				t.Errorf("the write that went too far answered %v", failed)
			}
			for _, err := range failed[1:] {
				if !errors.Is(err, engine.ErrClosed) {
					t.Errorf("a later write answered %v, want ErrClosed", err)
				}
			}
			st := l.Stats()
			if st.ClosedBy[engine.CauseSlowConsumer] != 1 || st.DroppedBytes == 0 {
				t.Errorf("closed by slow consumer %d, dropped %d", st.ClosedBy[engine.CauseSlowConsumer], st.DroppedBytes)
			}
		})
	}
}

// TestSlowConsumerIsAskedFirst writes much more than HighWater from outside the
// connection's own callbacks, where it waits until those end: a peer that takes
// everything is not slow.
func TestSlowConsumerIsAskedFirst(t *testing.T) {
	t.Parallel()
	const high, total = 100_000, 2_000_000
	msg := make([]byte, 1000)
	for name, do := range map[string]func(l *enginetest.Loop, p *enginetest.Peer) error{
		"Handle.Write": func(l *enginetest.Loop, p *enginetest.Peer) (err error) {
			for n := 0; n < total; n += len(msg) {
				err = errors.Join(err, p.Handle().Write(msg))
			}
			l.Drain()
			return err
		},
		"Post": func(l *enginetest.Loop, p *enginetest.Peer) (err error) {
			post := p.Handle().Post(func(c *engine.Conn) {
				for n := 0; n < total; n += len(msg) {
					_, e := c.Write(msg)
					err = errors.Join(err, e)
				}
			})
			l.Drain()
			return errors.Join(err, post)
		},
		"Post, shared behind a copy": func(l *enginetest.Loop, p *enginetest.Peer) (err error) {
			post := p.Handle().Post(func(c *engine.Conn) {
				_, err = c.Write(msg)
				for n := len(msg); n < total; n += len(msg) {
					err = errors.Join(err, c.WriteShared(msg))
				}
			})
			l.Drain()
			return errors.Join(err, post)
		},
		"another connection's callback": func(l *enginetest.Loop, p *enginetest.Peer) (err error) {
			q := l.Connect(&funcs{data: func(_ *engine.Conn, b []byte) (int, error) {
				for n := 0; n < total; n += len(msg) {
					_, e := p.Conn().Write(msg)
					err = errors.Join(err, e)
				}
				return len(b), nil
			}}, engine.Options{})
			q.Send([]byte("x"))
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := enginetest.NewLoop(t, engine.Config{})
			p := l.Connect(echo{}, engine.Options{HighWater: high})
			if err := do(l, p); err != nil {
				t.Error(err)
			}
			if n := len(p.Received()); n != total || p.Closed() {
				t.Errorf("received %d of %d bytes; closed %v", n, total, p.Closed())
			}
		})
	}
}

// TestOnWritable wants exactly one call each time the output has passed
// LowWater and come back.
func TestOnWritable(t *testing.T) {
	t.Parallel()
	const low = 1000
	type step struct {
		write, window int // one of them; a window of -1 is everything
		post          bool
		want          int // calls of OnWritable so far
	}
	for name, steps := range map[string][]step{
		"over and back at once":     {{write: 5000}, {window: -1, want: 1}},
		"over and back in parts":    {{write: 5000}, {window: 1000}, {window: 1000}, {window: 1999}, {window: 1, want: 1}, {window: 500, want: 1}, {window: -1, want: 1}},
		"never over":                {{write: 1000}, {window: 500}, {write: 500}, {window: -1}},
		"over bit by bit":           {{write: 600}, {write: 600}, {window: -1, want: 1}},
		"twice":                     {{write: 5000}, {window: 4500, want: 1}, {write: 5000, want: 1}, {window: -1, want: 2}},
		"over again before empty":   {{write: 1500}, {window: 600, want: 1}, {write: 200, want: 1}, {window: 200, want: 2}, {window: -1, want: 2}},
		"posted":                    {{write: 5000, post: true}, {window: -1, want: 1}},
		"posted, all taken at once": {{window: -1}, {write: 5000, post: true, want: 1}, {write: 500, post: true, want: 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := enginetest.NewLoop(t, engine.Config{})
			calls := 0
			h := &writableFuncs{writable: func(c *engine.Conn) {
				calls++
				if c.Buffered() > low {
					t.Errorf("OnWritable with %d bytes waiting", c.Buffered())
				}
			}}
			size := 0
			h.data = func(c *engine.Conn, b []byte) (int, error) {
				_, err := c.Write(make([]byte, size))
				return len(b), err
			}
			p := l.Connect(h, engine.Options{LowWater: low})
			p.Window(0)
			for i, s := range steps {
				size = s.write
				switch {
				case s.post:
					_ = p.Handle().Post(func(c *engine.Conn) { _, _ = c.Write(make([]byte, size)) })
					l.Drain()
				case s.write > 0:
					p.Send([]byte("x"))
				default:
					p.Window(s.window)
				}
				if calls != s.want {
					t.Fatalf("after step %d OnWritable was called %d times, want %d", i, calls, s.want)
				}
			}
		})
	}
}

// TestOnWritableRefills is how a handler sends what it makes as it goes.
func TestOnWritableRefills(t *testing.T) {
	t.Parallel()
	for _, posted := range []bool{false, true} {
		l := enginetest.NewLoop(t, engine.Config{})
		var want []byte
		left := 300
		h := &writableFuncs{}
		h.writable = func(c *engine.Conn) {
			for c.Buffered() < 50_000 && left > 0 {
				left--
				msg := bytes.Repeat([]byte{byte(left)}, 5000+left)
				want = append(want, msg...)
				if _, err := c.Write(msg); err != nil {
					t.Fatal(err)
				}
			}
		}
		h.data = func(c *engine.Conn, b []byte) (int, error) { h.writable(c); return len(b), nil }
		p := l.Connect(h, engine.Options{HighWater: 60_000, LowWater: 10_000})
		p.Window(0)
		if posted {
			p.Window(-1) // takes everything: the rest depends on OnWritable alone
			_ = p.Handle().Post(h.writable)
			l.Drain()
		} else {
			p.Send([]byte("go"))
		}
		var got []byte
		for i := 0; i < 2000 && len(got)+p.Conn().Buffered() > 0 && left > 0; i++ {
			p.Window(7000)
			got = append(got, p.Received()...)
		}
		p.Window(-1)
		got = append(got, p.Received()...)
		if left > 0 || !bytes.Equal(got, want) {
			t.Errorf("posted %v: %d messages were never made; received %d bytes of %d", posted, left, len(got), len(want))
		}
	}
}

// TestOnWritableClosing wants no callback for a connection that is closing.
func TestOnWritableClosing(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{})
	h := &every{do: map[string]func(*engine.Conn){"data": func(c *engine.Conn) {
		_, _ = c.Write(make([]byte, 5000))
		c.Close()
	}}}
	p := l.Connect(h, engine.Options{LowWater: 10, Linger: time.Second})
	p.Window(100)
	p.Send([]byte("x"))
	p.Window(-1)
	if n := len(p.Received()); n != 5000 || !p.SawFIN() {
		t.Errorf("received %d bytes, FIN %v", n, p.SawFIN())
	}
	p.CloseWrite()
	if diff := cmp.Diff([]string{"open", "data", "close: <nil>"}, h.log()); diff != "" {
		t.Errorf("callbacks (-want +got):\n%s", diff)
	}
}
