package engine_test

import (
	"bufio"
	"fmt"
	"io"
	"testing"

	"github.com/sockeye-io/sockeye/engine"
)

// namer says its name.
type namer struct {
	echo
	name string
}

func (n *namer) OnOpen(c *engine.Conn) error {
	_, err := fmt.Fprintf(c, "%s\n", n.name)
	return err
}

// TestAdoptInTurn adopts for several handlers and limits in turn: each connection
// is had by its own.
func TestAdoptInTurn(t *testing.T) {
	t.Parallel()
	e := start(t, engine.Config{})
	a, b := &namer{name: "a"}, &namer{name: "b"}
	for i, h := range []engine.Handler{a, a, b, a, namerValue{"c", nil}, a} {
		ours, theirs := pair(t)
		if _, err := e.AdoptWith(ours, nil, h, engine.Options{HighWater: 1 << (20 + i%2)}); err != nil {
			t.Fatal(err)
		}
		want := "c\n"
		if n, ok := h.(*namer); ok {
			want = n.name + "\n"
		}
		if got, err := bufio.NewReader(theirs).ReadString('\n'); got != want {
			t.Errorf("connection %d is had by %q, want %q: %v", i, got, want, err)
		}
	}
	ours, theirs := pair(t)
	if _, err := e.AdoptWith(ours, nil, a, engine.Options{LowWater: -1}); err == nil {
		t.Error("adopted with limits that cannot be")
	}
	if n, err := io.Copy(io.Discard, theirs); n > 0 || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// namerValue cannot be compared.
type namerValue struct {
	name string
	_    []int
}

func (n namerValue) OnOpen(c *engine.Conn) error {
	_, err := fmt.Fprintf(c, "%s\n", n.name)
	return err
}
func (namerValue) OnData(_ *engine.Conn, p []byte) (int, error) { return len(p), nil }
func (namerValue) OnClose(*engine.Conn, error)                  {}
