package engine_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/enginetest"
	"github.com/sockeye-io/sockeye/engine/internal/buffer"
)

// lines consumes whole lines and answers each with its length.
type lines struct{ funcs }

func (*lines) OnData(c *engine.Conn, p []byte) (n int, err error) {
	for {
		i := bytes.IndexByte(p[n:], '\n')
		if i < 0 {
			return n, nil
		}
		fmt.Fprintf(writer{c}, "%d;", i)
		clear(p[n : n+i]) // what is consumed may be changed
		n += i + 1
	}
}

type writer struct{ c *engine.Conn }

func (w writer) Write(p []byte) (int, error) { return w.c.Write(p) }

// TestDataLeftovers cuts one stream in every way and wants the same answer.
func TestDataLeftovers(t *testing.T) {
	t.Parallel()
	var in, want []byte
	for _, n := range []int{0, 3, 1, 200, 20_000, 5, 0, 1000} {
		in = append(append(in, bytes.Repeat([]byte("x"), n)...), '\n')
		want = fmt.Appendf(want, "%d;", n)
	}
	for _, size := range []int{1, 2, 3, 7, 64, 100, 1000, 4096, 65_536, len(in)} {
		l := enginetest.NewLoop(t, engine.Config{})
		p := l.Connect(&lines{}, engine.Options{})
		for rest := in; len(rest) > 0; {
			n := min(size, len(rest))
			p.Send(rest[:n])
			rest = rest[n:]
		}
		if diff := cmp.Diff(string(want), string(p.Received())); diff != "" {
			t.Errorf("%d bytes at a time (-want +got):\n%s", size, diff)
		}
	}
}

// TestDataEarly gives bytes that were read before the connection was adopted.
func TestDataEarly(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{})
	p, err := l.Try(&lines{}, engine.Options{}, []byte("ab\nc"))
	if err != nil {
		t.Fatal(err)
	}
	p.Send([]byte("d\n"))
	if got := string(p.Received()); got != "2;2;" {
		t.Errorf("received %q, want 2;2;", got)
	}
}

// TestDataOfferedWithMoreOnly wants no call of OnData for bytes it has refused
// before more have come.
func TestDataOfferedWithMoreOnly(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{})
	var seen []string
	p := l.Connect(&timerFuncs{
		funcs: funcs{data: func(c *engine.Conn, b []byte) (int, error) {
			seen = append(seen, string(b))
			return len(b) / 2, nil
		}},
		timer: func(*engine.Conn) {},
	}, engine.Options{})
	p.Send([]byte("abcd"))
	p.Conn().SetTimer(1)
	l.Advance(2 * tick)
	_ = p.Handle().Write([]byte("x"))
	l.Drain()
	p.Send([]byte("ef"))
	p.Send([]byte("g"))
	if diff := cmp.Diff([]string{"abcd", "cdef", "efg"}, seen); diff != "" {
		t.Errorf("OnData was given (-want +got):\n%s", diff)
	}
}

func TestMaxInbound(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		limit, send, step int
		over              bool
	}{
		{100, 100, 100, false},
		{100, 101, 101, true},
		{100, 101, 1, true},
		{100, 100, 1, false},
		{0, 1<<20 + 64<<10, 1000, false},
		{0, 1<<20 + 64<<10 + 1, 1000, true},
		{-1, 4 << 20, 100_000, false},
	} {
		t.Run(fmt.Sprintf("limit %d sent %d in %d", tt.limit, tt.send, tt.step), func(t *testing.T) {
			t.Parallel()
			l := enginetest.NewLoop(t, engine.Config{})
			var cause error
			closed := 0
			p := l.Connect(&funcs{
				data:  func(*engine.Conn, []byte) (int, error) { return 0, nil },
				close: func(_ *engine.Conn, err error) { cause = err; closed++ },
			}, engine.Options{MaxInbound: tt.limit, Linger: -1})
			for left := tt.send; left > 0; left -= tt.step {
				p.Send(make([]byte, min(tt.step, left)))
			}
			if p.Closed() != tt.over {
				t.Fatalf("closed: %v, want %v", p.Closed(), tt.over)
			}
			if tt.over && (!errors.Is(cause, engine.ErrInboundLimit) || closed != 1) {
				t.Errorf("OnClose was called %d times, with %v", closed, cause)
			}
			if tt.over && l.Stats().ClosedBy[engine.CauseInboundLimit] != 1 {
				t.Error("the cause was not counted")
			}
		})
	}
}

// TestDataConsumedTooMuch is a handler's bug, and ends its connection only.
func TestDataConsumedTooMuch(t *testing.T) {
	t.Parallel()
	for _, n := range []int{4, -1, 1 << 40} {
		l := enginetest.NewLoop(t, engine.Config{Logger: silent})
		var cause error
		p := l.Connect(&funcs{
			data:  func(*engine.Conn, []byte) (int, error) { return n, nil },
			close: func(_ *engine.Conn, err error) { cause = err },
		}, engine.Options{})
		q := l.Connect(echo{}, engine.Options{})
		p.Send([]byte("abc"))
		var pe *engine.PanicError
		if !errors.As(cause, &pe) || !p.Closed() {
			t.Errorf("consumed %d of 3: closed %v, cause %v, want a PanicError", n, p.Closed(), cause)
		}
		q.Send([]byte("still here"))
		if got := string(q.Received()); got != "still here" {
			t.Errorf("another connection received %q", got)
		}
	}
}

// TestDataError flushes what was written before the error.
func TestDataError(t *testing.T) {
	t.Parallel()
	bad := errors.New("bad request")
	l := enginetest.NewLoop(t, engine.Config{})
	var cause error
	p := l.Connect(&funcs{
		data: func(c *engine.Conn, b []byte) (int, error) {
			_, _ = c.Write([]byte("400"))
			return 99, bad // the count means nothing beside an error
		},
		close: func(_ *engine.Conn, err error) { cause = err },
	}, engine.Options{})
	p.Send([]byte("nonsense"))
	if got := string(p.Received()); got != "400" || !p.SawFIN() {
		t.Errorf("received %q, FIN %v, want 400 and FIN", got, p.SawFIN())
	}
	p.Send([]byte("more")) // discarded while we linger
	p.CloseWrite()
	if !errors.Is(cause, bad) || !p.Closed() {
		t.Errorf("closed %v with %v, want %v", p.Closed(), cause, bad)
	}
}

// TestDataStaysValidAfterClose reads p after Close, where its buffer must not
// be lent to others yet. Under the race detector pools forget at random, so
// there it may pass for nothing.
func TestDataStaysValidAfterClose(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(c *engine.Conn){
		"Close":          func(c *engine.Conn) { c.Close() },
		"CloseWithError": func(c *engine.Conn) { c.CloseWithError(io.ErrUnexpectedEOF) },
		"Abort":          func(c *engine.Conn) { c.Abort(nil) },
	} {
		l := enginetest.NewLoop(t, engine.Config{})
		calls := 0
		p := l.Connect(&funcs{data: func(c *engine.Conn, b []byte) (int, error) {
			if calls++; calls == 1 {
				return 0, nil
			}
			end(c)
			var lent []*buffer.Buf
			for range 10 {
				x := buffer.Get(len(b))
				x.B = append(x.B, bytes.Repeat([]byte("!"), len(b))...)
				lent = append(lent, x)
			}
			if string(b) != "first and second" {
				t.Errorf("after %s OnData sees %q", name, b)
			}
			for _, x := range lent {
				buffer.Put(x)
			}
			return len(b), nil
		}}, engine.Options{})
		p.Send([]byte("first and "))
		p.Send([]byte("second"))
		if calls != 2 {
			t.Errorf("%s: OnData was called %d times", name, calls)
		}
	}
}

// TestReadBuffer brings at most that many new bytes to one OnData, on a real
// socket.
func TestReadBuffer(t *testing.T) {
	t.Parallel()
	e := start(t, engine.Config{Loops: 1, ReadBuffer: 3000})
	most := make(chan int, 1)
	largest := 0
	ln := listen(t, e, "tcp", "127.0.0.1:0", &funcs{
		data:  func(_ *engine.Conn, p []byte) (int, error) { largest = max(largest, len(p)); return len(p), nil },
		close: func(*engine.Conn, error) { most <- largest },
	}, engine.ListenOptions{})
	nc := dial(t, ln.Addr())
	if _, err := nc.Write(make([]byte, 200_000)); err != nil {
		t.Fatal(err)
	}
	_ = nc.Close()
	if n := wait(t, most, "OnClose"); n > 4096 {
		t.Errorf("OnData was given %d bytes, want at most 4096", n)
	}
}
