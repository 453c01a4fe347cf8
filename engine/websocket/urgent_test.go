package websocket_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// TestLargeThenControl: a message larger than HighWater is on its way when a
// control frame has to follow it. Neither is lost.
func TestLargeThenControl(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("x", 2<<20)
	mine := errors.New("mine")
	for name, tt := range map[string]struct {
		do    func(f *fixture)
		after []any
		code  int
		cause error
	}{
		"pong":     {func(f *fixture) { f.p.Send([]byte(masked(fin|ping, "p"))) }, []any{pong, "p"}, websocket.CodeAbnormal, io.EOF},
		"ping":     {func(f *fixture) { f.post(func(c *websocket.Conn) { _ = c.Ping(nil) }) }, []any{ping, ""}, websocket.CodeAbnormal, io.EOF},
		"close":    {func(f *fixture) { f.post(func(c *websocket.Conn) { c.Close(1000, "") }) }, []any{cls, closing(1000, "")}, websocket.CodeAbnormal, io.EOF},
		"shutdown": {func(f *fixture) { f.l.Shutdown() }, []any{cls, closing(1001, "")}, websocket.CodeAbnormal, io.EOF},
		"answer":   {func(f *fixture) { f.p.Send([]byte(masked(fin|cls, ""))) }, []any{cls, ""}, websocket.CodeNoStatus, nil},
		"abort":    {func(f *fixture) { f.post(func(c *websocket.Conn) { c.Abort(mine) }) }, nil, websocket.CodeAbnormal, mine},
	} {
		f := fix(t, engine.Options{}, websocket.Options{})
		f.p.Window(1000)
		f.p.Send([]byte(masked(fin|text, big)))
		tt.do(f)
		f.p.Window(-1)
		if name != "abort" {
			diff(t, name, want(append([]any{text, big}, tt.after...)...), show(f.p.Received()))
			f.p.CloseWrite()
		}
		f.h.endedWith(t, tt.code, tt.cause)
	}
}
