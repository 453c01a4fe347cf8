package websocket_test

import (
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// TestHandleEcho: who knows handles alone, as behind the API of another library, pays
// nothing for it when he answers from within a callback.
func TestHandleEcho(t *testing.T) {
	l := memory(t)
	h := &app{message: func(c *websocket.Conn, kind websocket.MessageType, p []byte) {
		if err := c.Handle().WriteMessage(kind, p); err != nil {
			t.Error(err)
		}
	}}
	p := join(t, l, websocket.NewServer(h, websocket.Options{}), engine.Options{})
	before := p.Writes()
	p.Send([]byte(strings.Repeat(masked(fin|text, "echo"), 10)))
	diff(t, "sent", strings.Repeat(plain(fin|text, "echo"), 10), string(p.Received()))
	if writes := p.Writes() - before; writes != 1 || l.Rings() != 0 {
		t.Errorf("%d writes and %d rings, want one and none", writes, l.Rings())
	}
	if raceEnabled {
		return // pools drop what they are given
	}
	p.Discard()
	send := []byte(masked(fin|text, "echo"))
	if n := testing.AllocsPerRun(1000, func() { p.Send(send) }); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}
