package engine_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/enginetest"
)

// TestCloseWriteScripted half-closes from our side, with output waiting and
// without, goes on receiving, and ends in every way. A handler with OnEOF is not
// asked any more: both directions have ended.
func TestCloseWriteScripted(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		end   func(l *enginetest.Loop, p *enginetest.Peer)
		cause string
	}{
		"fin":       {func(_ *enginetest.Loop, p *enginetest.Peer) { p.CloseWrite() }, "EOF"},
		"reset":     {func(_ *enginetest.Loop, p *enginetest.Peer) { p.Reset(errOwn) }, errOwn.Error()},
		"our close": {func(l *enginetest.Loop, p *enginetest.Peer) { _ = p.Handle().Close(); l.Drain() }, "<nil>"},
		"idle":      {func(l *enginetest.Loop, _ *enginetest.Peer) { l.Advance(150 * tick) }, engine.ErrIdleTimeout.Error()},
	} {
		for _, waits := range []bool{false, true} {
			l := enginetest.NewLoop(t, engine.Config{})
			h := &every{do: map[string]func(*engine.Conn){"data": func(c *engine.Conn) {
				if c.Closing() || c.Buffered() > 0 {
					return
				}
				_, _ = c.Write([]byte("all I have"))
				c.CloseWrite()
				c.CloseWrite()
				if _, err := c.Write([]byte("more")); !errors.Is(err, engine.ErrClosed) {
					t.Errorf("Write after CloseWrite: %v, want ErrClosed", err)
				}
			}}}
			p := l.Connect(h, engine.Options{IdleTimeout: 100 * tick})
			if waits {
				p.Window(3)
			}
			p.Send([]byte("x"))
			if p.SawFIN() == waits {
				t.Errorf("%s: FIN %v while output waits: %v", name, p.SawFIN(), waits)
			}
			p.Send([]byte("still heard"))
			p.Window(-1)
			if got := string(p.Received()); got != "all I have" || !p.SawFIN() {
				t.Errorf("%s: received %q, FIN %v", name, got, p.SawFIN())
			}
			p.Send([]byte("and again"))
			tt.end(l, p)
			l.Advance(20 * tick) // Linger
			if diff := cmp.Diff([]string{"open", "data", "data", "data", "close: " + tt.cause}, h.log()); diff != "" || !p.Closed() {
				t.Errorf("%s: closed %v, callbacks (-want +got):\n%s", name, p.Closed(), diff)
			}
		}
	}
}
