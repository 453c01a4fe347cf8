package reactor

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// ErrShutdown refuses upgrades while Shutdown runs.
var ErrShutdown = errors.New("websocket: server is shutting down")

// Goer is a connection that a goroutine serves. Its methods may be called from
// any goroutine and do not wait.
type Goer interface {
	GoAway() // tells the peer to go: a close frame with 1001
	Cut()    // ends the connection at once
}

var (
	mu      sync.Mutex
	used    *engine.Engine        // what Use was given
	own     *engine.Engine        // started because nobody gave one
	ending  int                   // calls of Shutdown that run
	goers   = map[Goer]struct{}{} // served by goroutines
	loops   = map[place]int{}     // how many are on loops
	emptied chan struct{}         // closed when both are empty; nil when nobody waits
)

// place is where connections of loops are found again.
type place struct {
	e *engine.Engine
	s *websocket.Server
}

// Engine returns the engine behind the adapters: what Use was given, or one with
// defaults that starts with its first connection. Any goroutine may call it.
func Engine() (*engine.Engine, error) {
	mu.Lock()
	defer mu.Unlock()
	if used != nil {
		return used, nil
	}
	if own == nil {
		e, err := engine.New(engine.Config{})
		if err != nil {
			return nil, err
		}
		own = e
	}
	return own, nil
}

// Use makes e the engine of the connections that come from now on; nil means the
// default one again. e stays its owner's to end.
func Use(e *engine.Engine) {
	mu.Lock()
	defer mu.Unlock()
	used = e
}

// Ending reports whether Shutdown runs: nothing should begin.
func Ending() bool {
	mu.Lock()
	defer mu.Unlock()
	return ending > 0
}

// Enter makes g known to Shutdown, until Leave.
func Enter(g Goer) {
	mu.Lock()
	goers[g] = struct{}{}
	late := ending > 0
	mu.Unlock()
	if late {
		g.GoAway()
	}
}

// Leave forgets g.
func Leave(g Goer) {
	mu.Lock()
	defer mu.Unlock()
	delete(goers, g)
	settle()
}

// Settle counts a connection of s on a loop of e, until Unsettle.
func Settle(e *engine.Engine, s *websocket.Server) {
	mu.Lock()
	defer mu.Unlock()
	loops[place{e, s}]++
}

// Unsettle is the opposite of Settle.
func Unsettle(e *engine.Engine, s *websocket.Server) {
	mu.Lock()
	defer mu.Unlock()
	p := place{e, s}
	if loops[p]--; loops[p] <= 0 {
		delete(loops, p)
	}
	settle()
}

// settle tells those who wait that nothing is left.
func settle() {
	if emptied != nil && len(goers) == 0 && len(loops) == 0 {
		close(emptied)
		emptied = nil
	}
}

// Shutdown tells every peer to go away (close code 1001), waits until their
// connections have ended, and ends the engine that was started here. When ctx ends
// first the rest is cut, and the cause of ctx returned. Upgrades are refused while it
// runs; after it everything can begin anew.
func Shutdown(ctx context.Context) error {
	mu.Lock()
	ending++
	engine := own
	gone := emptied
	if gone == nil {
		gone = make(chan struct{})
		emptied = gone
	}
	away, where := slices.Collect(maps.Keys(goers)), slices.Collect(maps.Keys(loops))
	settle()
	mu.Unlock()
	defer func() {
		mu.Lock()
		ending--
		mu.Unlock()
	}()

	for _, g := range away {
		g.GoAway()
	}
	for _, p := range where {
		p.each(p.s.OnDrain)
	}
	var err error
	select {
	case <-gone:
	case <-ctx.Done():
		err = context.Cause(ctx)
		cutAll()
	}
	if engine != nil {
		err = errors.Join(err, end(ctx, engine))
	}
	return err
}

// each visits the connections of one place, on their loops.
func (p place) each(visit func(*engine.Conn)) {
	// ErrMailboxFull means a loop that is far behind; cutAll comes later.
	_ = p.e.Each(p.s, engine.VisitorFunc(visit))
}

// cutAll ends what is left when the time is up.
func cutAll() {
	mu.Lock()
	left, where := slices.Collect(maps.Keys(goers)), slices.Collect(maps.Keys(loops))
	mu.Unlock()
	for _, g := range left {
		g.Cut()
	}
	for _, p := range where {
		p.each(func(c *engine.Conn) { c.Abort(engine.ErrServerClosed) })
	}
}

// end ends the engine that was started here, so that the next upgrade starts another.
func end(ctx context.Context, e *engine.Engine) error {
	mu.Lock()
	if own == e {
		own = nil
	}
	mu.Unlock()
	err := e.Shutdown(ctx)
	if errors.Is(err, context.Cause(ctx)) {
		return nil // told already
	}
	return err
}
