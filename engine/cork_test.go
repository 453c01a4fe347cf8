package engine_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/enginetest"
)

// pieces writes some small messages, one Write each, in every way there is.
func pieces(c *engine.Conn) {
	_, _ = c.Write([]byte("a"))
	_ = c.WriteShared([]byte("b"))
	_, _ = c.Write(append(c.AvailableBuffer(), 'c'))
	_, _ = c.Write(nil)
	_, _ = c.Write([]byte("de"))
}

// TestCork wants one system call for everything that one callback writes.
func TestCork(t *testing.T) {
	t.Parallel()
	h := &every{do: map[string]func(*engine.Conn){}}
	l := enginetest.NewLoop(t, engine.Config{})
	var p *enginetest.Peer
	check := func(where string, bring func()) {
		t.Helper()
		clear(h.do)
		h.do[where] = pieces
		before := 0
		if p != nil {
			before = p.Writes()
		}
		bring()
		if got := string(p.Received()); got != "abcde" {
			t.Errorf("On%s: received %q, want abcde", where, got)
		}
		if n := p.Writes() - before; n != 1 {
			t.Errorf("On%s: %d system calls, want 1", where, n)
		}
	}
	check("open", func() { p = l.Connect(h, engine.Options{LowWater: 1}) })
	check("data", func() { p.Send([]byte("x")) })
	check("mail", func() {
		if err := p.Handle().Mail(1, nil); err != nil {
			t.Fatal(err)
		}
		l.Drain()
	})
	check("timer", func() {
		p.Conn().SetTimer(1)
		l.Advance(2 * tick)
	})
	check("drain", l.Shutdown)
	check("data", func() {
		if err := p.Handle().Post(pieces); err != nil {
			t.Fatal(err)
		}
		l.Drain()
	})
	check("eof", p.CloseWrite)
}

// TestCorkOthers lets a callback write to other connections: one system call
// for each of them too, in the order of the writes.
func TestCorkOthers(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{})
	var others []*enginetest.Peer
	for range 3 {
		others = append(others, l.Connect(echo{}, engine.Options{}))
	}
	p := l.Connect(&funcs{data: func(c *engine.Conn, b []byte) (int, error) {
		for range 10 {
			for _, o := range others {
				pieces(o.Conn())
			}
			pieces(c)
		}
		return len(b), nil
	}}, engine.Options{})
	p.Send([]byte("x"))
	want := strings.Repeat("abcde", 10)
	for i, o := range append(others, p) {
		if got := string(o.Received()); got != want {
			t.Errorf("peer %d received %q", i, got)
		}
	}
	for i, o := range others {
		// WriteShared to another leaves at once while nothing waits there,
		// which is never here: pieces begins with a Write.
		if n := o.Writes(); n != 1 {
			t.Errorf("other %d: %d system calls, want 1", i, n)
		}
	}
	if n := p.Writes(); n != 1 {
		t.Errorf("own: %d system calls, want 1", n)
	}
}

// TestCorkLarge writes more than is worth copying.
func TestCorkLarge(t *testing.T) {
	t.Parallel()
	large := bytes.Repeat([]byte("L"), 1<<20)
	for _, tt := range []struct {
		name   string
		writes [][]byte
		calls  int
	}{
		{"alone", [][]byte{large}, 1},
		{"behind small ones", [][]byte{[]byte("a"), []byte("b"), large}, 1},
		{"before a small one", [][]byte{large, []byte("a")}, 2},
		{"between", [][]byte{[]byte("a"), large, []byte("b"), []byte("c")}, 2},
		{"two", [][]byte{large, large}, 2},
		{"many small over the limit", bytes.SplitAfter(bytes.Repeat([]byte("0123456789abcde\n"), 1500), []byte("\n")), 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := enginetest.NewLoop(t, engine.Config{})
			p := l.Connect(&funcs{data: func(c *engine.Conn, b []byte) (int, error) {
				for _, w := range tt.writes {
					if n, err := c.Write(w); n != len(w) || err != nil {
						t.Errorf("Write = %d, %v", n, err)
					}
				}
				if n := c.Buffered(); n != 0 {
					t.Errorf("Buffered = %d while the peer takes everything", n)
				}
				return len(b), nil
			}}, engine.Options{})
			p.Send([]byte("x"))
			if !bytes.Equal(p.Received(), bytes.Join(tt.writes, nil)) {
				t.Error("received something else")
			}
			if p.Writes() != tt.calls {
				t.Errorf("%d system calls, want %d", p.Writes(), tt.calls)
			}
		})
	}
}

// TestAvailableBuffer appends to the buffer with and without room, and where
// nothing is corked.
func TestAvailableBuffer(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{})
	var want []byte
	put := func(c *engine.Conn, n int) {
		b := c.AvailableBuffer()
		if len(b) != 0 {
			t.Errorf("AvailableBuffer has %d bytes in it", len(b))
		}
		for i := range n {
			b = append(b, byte(len(want)+i))
		}
		if _, err := c.Write(b); err != nil {
			t.Error(err)
		}
		want = append(want, b...)
	}
	sizes := []int{0, 1, 100, 5000, 10_000, 1500, 1, 1, 40_000, 3, 16 << 10, 7}
	p := l.Connect(&funcs{data: func(c *engine.Conn, b []byte) (int, error) {
		for _, n := range sizes {
			put(c, n)
		}
		return len(b), nil
	}}, engine.Options{})
	p.Send([]byte("x"))
	p.Window(1000) // the kernel is full in the middle
	p.Send([]byte("x"))
	p.Window(-1)
	if err := p.Handle().Post(func(c *engine.Conn) {
		for _, n := range sizes {
			put(c, n)
		}
	}); err != nil {
		t.Fatal(err)
	}
	l.Drain()
	if got := p.Received(); !bytes.Equal(got, want) {
		t.Errorf("received %d bytes that differ from the %d written", len(got), len(want))
	}
}
