package engine_test

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/enginetest"
)

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
