package engine_test

import (
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/enginetest"
)

// byMail answers what it receives through its own mailbox, each byte by the call
// that it names.
func byMail(t testing.TB) *mailFuncs {
	h := &mailFuncs{mail: func(c *engine.Conn, _ int, p []byte) { _, _ = c.Write(p) }}
	answer := []byte("p")
	post := func(c *engine.Conn) { _, _ = c.Write(answer) }
	h.data = func(c *engine.Conn, p []byte) (int, error) {
		for i, what := range p {
			var err error
			switch what {
			case 'd':
				_, err = c.Write(p[i : i+1])
			case 'w':
				err = c.Handle().Write(p[i : i+1])
			case 'm':
				err = c.Handle().Mail(1, p[i:i+1])
			case 'p':
				err = c.Handle().Post(post)
			}
			if err != nil {
				t.Error(err)
			}
		}
		return len(p), nil
	}
	return h
}

// TestTurn: what a callback posts is done when it ends, without a call to wake the
// loop up and in one write with what the callback wrote.
func TestTurn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		send, want string
		writes     int
		rings      int
	}{
		{"d", "d", 1, 0},
		{"w", "w", 1, 0},
		{"m", "m", 1, 0},
		{"p", "p", 1, 0},
		{"wdmpd", "ddwmp", 1, 0},
		{strings.Repeat("w", 64), strings.Repeat("w", 64), 1, 0},
		{strings.Repeat("m", 65), strings.Repeat("m", 65), 2, 1},
		{strings.Repeat("m", 2000), strings.Repeat("m", 2000), 3, 2},
	} {
		t.Run(fmt.Sprint(len(tt.send), tt.send[:1]), func(t *testing.T) {
			t.Parallel()
			l := enginetest.NewLoop(t, engine.Config{})
			h := byMail(t)
			p := l.Connect(h, engine.Options{})
			p.Send([]byte(tt.send))
			l.Drain()
			if diff := cmp.Diff(tt.want, string(p.Received())); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if p.Writes() != tt.writes || l.Rings() != tt.rings || int(l.Stats().Rings) != tt.rings {
				t.Errorf("%d writes, want %d; %d rings, want %d; stats %+v", p.Writes(), tt.writes, l.Rings(), tt.rings, l.Stats())
			}
			if rest := l.Step(); rest {
				t.Error("something was left")
			}
		})
	}
}

// TestTurnCallbacks: every callback may post; what OnWritable and OnClose post from
// within the end of a turn is done as well.
func TestTurnCallbacks(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{})
	listener := l.Connect(byMail(t), engine.Options{})
	tell := func(string) func(*engine.Conn) {
		return func(*engine.Conn) { _ = listener.Handle().Write([]byte("x")) }
	}
	h := &every{do: map[string]func(*engine.Conn){}}
	for _, name := range []string{"open", "data", "writable", "timer", "eof", "mail", "drain"} {
		h.do[name] = tell(name)
	}
	h.do["close"] = tell("close")
	expect := func(what string, n int) {
		t.Helper()
		if got := len(listener.Received()); got != n || l.Rings() != 0 {
			t.Errorf("after %s: %d were told and %d rings, want %d without a ring", what, got, l.Rings(), n)
		}
	}
	p := l.Connect(h, engine.Options{LowWater: 1, Linger: -1})
	expect("OnOpen", 1)
	p.Send([]byte("x"))
	expect("OnData", 1)
	h.do["data"] = func(c *engine.Conn) { _, _ = c.Write([]byte("more than LowWater")) }
	p.Window(0)
	p.Send([]byte("x"))
	expect("a write", 0)
	p.Window(-1)
	expect("OnWritable", 1)
	p.Conn().SetTimer(tick)
	l.Advance(3 * tick)
	expect("OnTimer", 1)
	p.CloseWrite()
	expect("OnEOF", 1)
	h.do["data"] = nil
	other := l.Connect(&funcs{data: func(_ *engine.Conn, b []byte) (int, error) {
		p.Conn().Close()
		return len(b), nil
	}}, engine.Options{})
	other.Send([]byte("x"))
	expect("OnClose", 1)
}

// TestTurnOthers: what is posted in a callback of one connection, for others and to
// be done by callbacks of them, does not leave by the wrong one.
func TestTurnOthers(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{})
	other := l.Connect(&writableFuncs{
		funcs:    funcs{data: func(c *engine.Conn, b []byte) (int, error) { _, err := c.Write(b); return len(b), err }},
		writable: func(c *engine.Conn) { _, _ = c.Write([]byte("W")) },
	}, engine.Options{LowWater: 1})
	third := l.Connect(echo{}, engine.Options{})
	other.Window(0)
	other.Send([]byte("abc"))
	p := l.Connect(&funcs{data: func(c *engine.Conn, b []byte) (int, error) {
		_, _ = c.Write([]byte("1"))
		_ = third.Handle().Write([]byte("3"))
		_ = other.Handle().Write([]byte("d"))
		_ = c.Handle().Write([]byte("2"))
		_ = third.Handle().Close()
		return len(b), nil
	}}, engine.Options{})
	p.Send([]byte("x"))
	other.Window(-1)
	diff := cmp.Diff([]string{"12", "abcdW", "3"}, []string{string(p.Received()), string(other.Received()), string(third.Received())})
	if diff != "" || p.Writes() != 1 || !third.SawFIN() {
		t.Errorf("(-want +got):\n%s%d writes, FIN %v", diff, p.Writes(), third.SawFIN())
	}
}

// TestTurnFair: a callback that always posts does not keep the loop from its sockets.
func TestTurnFair(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{})
	var again func(c *engine.Conn)
	times := 0
	again = func(c *engine.Conn) {
		times++
		_ = c.Handle().Post(again)
	}
	p := l.Connect(&funcs{data: func(c *engine.Conn, b []byte) (int, error) { again(c); return len(b), nil }}, engine.Options{Linger: -1})
	p.Send([]byte("x")) // it returns
	if times != 65 || l.Rings() != 1 {
		t.Errorf("%d calls and %d rings in one turn", times, l.Rings())
	}
	q := l.Connect(echo{}, engine.Options{})
	q.Send([]byte("x")) // what waits for the doorbell waits
	if times != 65 || l.Rings() != 1 || string(q.Received()) != "x" {
		t.Errorf("%d calls and %d rings after the turn of another", times, l.Rings())
	}
	l.Step()
	if times != 65+1024 || l.Rings() != 2 {
		t.Errorf("%d calls and %d rings after the doorbell", times, l.Rings())
	}
	_ = p.Handle().Close() // its turn comes
	l.Drain()
	if !p.Closed() {
		t.Error("Close was not done")
	}
}

// TestTurnOrder: the calls of one goroutine keep their order, whether they find the
// loop awake or not.
func TestTurnOrder(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{})
	var got []int
	note := func(i int) func(*engine.Conn) { return func(*engine.Conn) { got = append(got, i) } }
	p := l.Connect(&funcs{}, engine.Options{})
	h := p.Handle()
	q := l.Connect(&funcs{data: func(_ *engine.Conn, b []byte) (int, error) {
		for range 100 {
			_ = h.Post(note(len(got)))
		}
		for i := range 100 {
			_ = h.Post(note(1000 + i))
		}
		return len(b), nil
	}}, engine.Options{})
	for i := range 10 {
		_ = h.Post(note(i))
	}
	q.Send([]byte("x"))
	for i := range 10 {
		_ = h.Post(note(2000 + i))
	}
	l.Drain()
	var want []int
	for i := range 10 {
		want = append(want, i)
	}
	for range 100 {
		want = append(want, 0)
	}
	for i := range 100 {
		want = append(want, 1000+i)
	}
	for i := range 10 {
		want = append(want, 2000+i)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestTurnWakes has goroutines post to a loop that wakes up and falls asleep all the
// time, without a clock that would make up for it: nothing is left lying.
func TestTurnWakes(t *testing.T) {
	t.Parallel()
	const senders, each = 4, 20_000
	l := enginetest.NewLoop(t, engine.Config{MailboxBytes: 1 << 30})
	p := l.Connect(echo{}, engine.Options{})
	p.Discard()
	h := p.Handle()
	var done atomic.Int64
	var wg sync.WaitGroup
	for range senders {
		wg.Go(func() {
			for i := range each {
				ran := make(chan struct{})
				if h.Post(func(*engine.Conn) { done.Add(1); close(ran) }) != nil {
					t.Error("Post")
				}
				if i%8 == 0 {
					<-ran // so that the mailbox is empty now and then
				}
			}
		})
	}
	for done.Load() < senders*each {
		p.Send([]byte("x"))
		l.Step()
	}
	wg.Wait()
	if l.Step(); done.Load() != senders*each {
		t.Errorf("%d of %d were done", done.Load(), senders*each)
	}
}

// TestTurnSocket counts the system calls of an echo that goes through the mailbox,
// over a socket.
func TestTurnSocket(t *testing.T) {
	t.Parallel()
	const times = 1000
	e := start(t, engine.Config{Loops: 1})
	nc := dial(t, listen(t, e, "tcp", "127.0.0.1:0", byMail(t), engine.ListenOptions{}).Addr())
	stats := func() engine.Stats { // after what the loop has counted by now
		t.Helper()
		all := make(chan engine.Stats, 1)
		if err := e.Each(nil, engine.VisitorFunc(func(*engine.Conn) { all <- e.Stats() })); err != nil {
			t.Fatal(err)
		}
		return wait(t, all, "visit")
	}
	for _, what := range []string{"d", "w", "m", "p"} {
		roundTrip(t, nc, what)
		before := stats()
		for range times {
			roundTrip(t, nc, what)
		}
		after := stats() // which may have rung
		reads, writes, rings := after.ReadCalls-before.ReadCalls, after.WriteCalls-before.WriteCalls, after.Rings-before.Rings
		if reads != times || writes != times || rings > 1 {
			t.Errorf("%s: %d reads, %d writes, %d rings for %d echoes", what, reads, writes, rings, times)
		}
	}
}

// TestTurnAllocates: nothing.
func TestTurnAllocates(t *testing.T) {
	l := enginetest.NewLoop(t, engine.Config{})
	p := l.Connect(byMail(t), engine.Options{})
	p.Discard()
	send := []byte("dwmpwmp")
	p.Send(send)
	wantAllocs(t, 0, func() { p.Send(send) })
}
