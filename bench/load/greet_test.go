package load_test

import (
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/bench/load"
)

// numberedEcho numbers the connections by their first message, and counts the messages of each.
func numberedEcho(t *testing.T) (addr netip.AddrPort, messages func() []int) {
	t.Helper()
	var mu sync.Mutex
	var all []int
	addr = tcpServer(t, func(c net.Conn) {
		number := -1
		for p := make([]byte, 20); ; {
			if _, err := io.ReadFull(c, p); err != nil {
				return
			}
			mu.Lock()
			if number < 0 {
				number = len(all)
				all = append(all, 0)
			}
			all[number]++
			mu.Unlock()
			if _, err := c.Write(p); err != nil {
				return
			}
		}
	})
	return addr, func() []int {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(all)
	}
}

func TestGreet(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]load.Order{
		"greet":      {Connections: 100, Greet: true},
		"one by one": {Connections: 100, OneByOne: true}, // also as the first order there is
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr, messages := numberedEcho(t)
			l := newLoad(t, load.Config{Address: addr, Protocol: load.TCP})
			if r, err := l.Do(o); err != nil || r.Connections != 100 {
				t.Fatalf("%+v, %v", r, err)
			}
			if diff := cmp.Diff(slices.Repeat([]int{1}, 100), messages()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestGreetWaits: a connection without an answer is not open.
func TestGreetWaits(t *testing.T) {
	t.Parallel()
	addr := tcpServer(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	l := newLoad(t, load.Config{Address: addr, Protocol: load.TCP, Stall: 50 * ms})
	if r, err := l.Do(load.Order{Connections: 1, Greet: true}); err == nil {
		t.Errorf("%+v", r)
	}
}

// TestOpenLoopSamples: fewer messages than connections go to connections that are far apart.
func TestOpenLoopSamples(t *testing.T) {
	t.Parallel()
	addr, messages := numberedEcho(t)
	l := newLoad(t, load.Config{Address: addr, Protocol: load.TCP})
	_, err := l.Do(load.Order{Connections: 105, Greet: true, Concurrency: 1, Work: load.Echo, Rate: 1000, Messages: 10})
	if err != nil {
		t.Fatal(err)
	}
	want := slices.Repeat([]int{1}, 105)
	for i := 0; i < 100; i += 10 {
		want[i]++
	}
	if diff := cmp.Diff(want, messages()); diff != "" {
		t.Error(diff)
	}
}

// TestGrace: answers that come later than usual are not lost when they are waited for.
func TestGrace(t *testing.T) {
	t.Parallel()
	var late atomic.Bool
	addr := tcpServer(t, func(c net.Conn) {
		p := make([]byte, 20)
		if _, err := io.ReadFull(c, p); err == nil {
			<-time.After(2500 * ms)
			late.Store(true)
			_, _ = c.Write(p)
			_, _ = c.Read(p)
		}
	})
	l := newLoad(t, load.Config{Address: addr, Protocol: load.TCP})
	r, err := l.Do(load.Order{Connections: 1, Work: load.Echo, Rate: 1000, Messages: 1, Grace: time.Minute})
	if err != nil || r.Messages != 1 || r.Lost != 0 || !late.Load() {
		t.Errorf("%+v, %v", counts(r), err)
	}
}
