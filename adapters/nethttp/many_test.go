package nethttp_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/gobwas/ws"

	"github.com/sockeye-io/sockeye/engine/websocket"
)

// TestGoroutines: a thousand connections cost none, and each receives what it has
// sent, its early frame first.
func TestGoroutines(t *testing.T) {
	if testing.Short() {
		t.Skip("needs two thousand descriptors")
	}
	h := handler(t, &app{}, websocket.Options{})
	up, errs := returned(h, nil)
	s := one.serve(t, up)
	const conns = 1000
	wires := make([]*wire, conns)
	w := s.open(t, "/", text("warm"))
	w.expect(ws.OpText, "warm")
	before := runtime.NumGoroutine()
	for i := range wires {
		wires[i] = s.open(t, "/", text(fmt.Sprint("early ", i)))
		if err := wait(t, errs, "end of Upgrade"); err != nil {
			t.Fatal(err)
		}
	}
	// The goroutine of a request ends a moment after its handler has returned.
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for n := conns; n > before+5; n = runtime.NumGoroutine() {
		if ctx.Err() != nil {
			t.Fatalf("%d goroutines, before there were %d", n, before)
		}
		runtime.Gosched()
	}
	var all sync.WaitGroup
	for part := range 4 {
		all.Go(func() {
			for i := part; i < conns; i += 4 {
				for j := range 3 {
					wires[i].send(text(fmt.Sprint(i, j)))
				}
			}
			for i := part; i < conns; i += 4 {
				wires[i].expect(ws.OpText, fmt.Sprint("early ", i))
				for j := range 3 {
					wires[i].expect(ws.OpText, fmt.Sprint(i, j))
				}
			}
		})
	}
	all.Wait()
	diff(t, "connections", conns+1, h.Engine.Stats().Open)
}
