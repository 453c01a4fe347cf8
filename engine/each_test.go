package engine_test

import (
	"net"
	"testing"

	"github.com/sockeye-io/sockeye/engine"
)

// incomparable is a Handler that cannot be told from another of its type.
type incomparable struct {
	echo
	_ []int
}

// TestEach visits the connections of one handler, or all, on every loop.
func TestEach(t *testing.T) {
	t.Parallel()
	e := start(t, engine.Config{Loops: 2})
	if err := e.Each(nil, engine.VisitorFunc(func(*engine.Conn) { t.Error("visited nobody") })); err != nil {
		t.Error(err)
	}
	a, b := &funcs{data: echo{}.OnData}, &funcs{data: echo{}.OnData}
	var ncs []net.Conn
	for h, n := range map[*funcs]int{a: 300, b: 5} {
		ln := listen(t, e, "unix", t.TempDir()+"/s", h, engine.ListenOptions{})
		for range n {
			nc := dial(t, ln.Addr())
			roundTrip(t, nc, "x")
			ncs = append(ncs, nc)
		}
	}
	for name, tt := range map[string]struct {
		h    engine.Handler
		want int
	}{"a": {a, 300}, "b": {b, 5}, "all": {nil, 305}, "nobody": {&funcs{}, 0}} {
		seen := make(chan *engine.Conn, 1000)
		if err := e.Each(tt.h, engine.VisitorFunc(func(c *engine.Conn) { seen <- c })); err != nil {
			t.Fatal(err)
		}
		different := make(map[*engine.Conn]bool)
		for range tt.want {
			different[wait(t, seen, "visit")] = true
		}
		// What comes behind it on both loops tells that it is over.
		over := make(chan struct{}, 1000)
		if err := e.Each(nil, engine.VisitorFunc(func(*engine.Conn) { over <- struct{}{} })); err != nil {
			t.Fatal(err)
		}
		for range len(ncs) {
			wait(t, over, "end")
		}
		if len(seen) > 0 || len(different) != tt.want {
			t.Errorf("%s: %d connections were visited, and %d visits too many", name, len(different), len(seen))
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("Each took a handler that cannot be compared")
		}
	}()
	_ = e.Each(incomparable{}, engine.VisitorFunc(func(*engine.Conn) {}))
}

// TestEachWhileTheyCome visits while connections open and close: a visit meets
// only what is open, and whoever stays is met.
func TestEachWhileTheyCome(t *testing.T) {
	t.Parallel()
	e := start(t, engine.Config{Loops: 2})
	h := &funcs{data: echo{}.OnData}
	ln := listen(t, e, "unix", t.TempDir()+"/s", h, engine.ListenOptions{Options: abrupt})
	stays := dial(t, ln.Addr())
	roundTrip(t, stays, "x")
	const rounds = 100
	for range rounds {
		nc := dial(t, ln.Addr())
		if err := e.Each(h, engine.VisitorFunc(func(c *engine.Conn) {
			if c.Closing() {
				t.Error("visited a connection that has ended")
			}
			_, _ = c.Write([]byte("!"))
		})); err != nil {
			t.Fatal(err)
		}
		_ = nc.Close()
	}
	got := make([]byte, rounds)
	for n := 0; n < rounds; {
		k, err := stays.Read(got[n:])
		if err != nil {
			t.Fatalf("met %d of %d times: %v", n, rounds, err)
		}
		n += k
	}
}
