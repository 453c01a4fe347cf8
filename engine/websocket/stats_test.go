package websocket_test

import (
	"testing"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// TestPartial counts messages that have begun and are not whole, on every way
// that they come to an end.
func TestPartial(t *testing.T) {
	t.Parallel()
	begun := masked(text, "a") + masked(cont, "") + masked(cont, "b")
	for _, end := range []struct {
		name string
		end  func(f *fixture)
		want websocket.Stats
	}{
		{
			"whole", func(f *fixture) { f.p.Send([]byte(masked(cont|fin, "c"))) },
			websocket.Stats{Handshakes: 1, MessagesIn: 1, MessagesOut: 1, Pieces: 4},
		},
		{
			"closed", func(f *fixture) { f.p.Send([]byte(masked(cls|fin, ""))) },
			websocket.Stats{Handshakes: 1, Pieces: 3, ClosesIn: 1},
		},
		{
			"violated", func(f *fixture) { f.p.Send([]byte(masked(text, "c"))) },
			websocket.Stats{Handshakes: 1, Pieces: 3, ProtocolErrors: 1},
		},
		{
			"left", func(f *fixture) { f.p.CloseWrite() },
			websocket.Stats{Handshakes: 1, Pieces: 3},
		},
		{
			"aborted", func(f *fixture) { f.post(func(c *websocket.Conn) { c.Abort(nil) }) },
			websocket.Stats{Handshakes: 1, Pieces: 3},
		},
	} {
		t.Run(end.name, func(t *testing.T) {
			t.Parallel()
			f := fix(t, engine.Options{}, websocket.Options{})
			f.p.Send([]byte(begun))
			diff(t, "stats", websocket.Stats{Handshakes: 1, Pieces: 3, Partial: 1}, f.srv.Stats())
			end.end(f)
			// At once: a connection that lingers or cannot be flushed holds none.
			diff(t, "stats", end.want, f.srv.Stats())
		})
	}
}
