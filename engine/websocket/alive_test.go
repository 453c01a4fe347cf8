package websocket_test

import (
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// TestPing walks a connection through silence.
func TestPing(t *testing.T) {
	t.Parallel()
	o := websocket.Options{PingInterval: 10 * time.Second, PongTimeout: 3 * time.Second}
	aPing := plain(fin|ping, "")
	for _, c := range []struct {
		name  string
		steps []any // a duration goes by; bytes come from the peer
		want  string
		dead  bool
	}{
		{"before the interval", []any{9 * time.Second}, "", false},
		{"after the interval", []any{11 * time.Second}, aPing, false},
		{"not yet dead", []any{12 * time.Second}, aPing, false},
		{"dead", []any{14 * time.Second}, aPing, true},
		{"a pong", []any{11 * time.Second, masked(fin|pong, ""), 5 * time.Second}, aPing, false},
		{"half a frame", []any{11 * time.Second, masked(fin|bin, "a")[:3], 5 * time.Second}, aPing, false},
		{"a message in time", []any{9 * time.Second, masked(fin|pong, ""), 9 * time.Second}, "", false},
		{"silence after a message", []any{9 * time.Second, masked(fin|pong, ""), 12 * time.Second}, aPing, false},
		{"a pong, then silence", []any{11 * time.Second, masked(fin|pong, ""), 13 * time.Second}, aPing + aPing, false},
		{"a pong, then death", []any{11 * time.Second, masked(fin|pong, ""), 20 * time.Second}, aPing + aPing, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := fix(t, engine.Options{}, o)
			for _, step := range c.steps {
				switch step := step.(type) {
				case time.Duration:
					f.l.Advance(step)
				case string:
					f.p.Send([]byte(step))
				}
			}
			diff(t, "sent", show([]byte(c.want)), show(f.p.Received()))
			if f.p.Closed() != c.dead {
				t.Errorf("closed %v, want %v", f.p.Closed(), c.dead)
			}
			if c.dead {
				f.h.endedWith(t, websocket.CodeAbnormal, websocket.ErrPongTimeout)
				if n := f.srv.Stats().PongTimeouts; n != 1 {
					t.Errorf("%d pong timeouts were counted", n)
				}
			}
		})
	}
}

// TestPingWithoutEnd: with a negative PongTimeout a silent peer is pinged again
// and again.
func TestPingWithoutEnd(t *testing.T) {
	t.Parallel()
	f := fix(t, engine.Options{}, websocket.Options{PingInterval: 10 * time.Second, PongTimeout: -1})
	f.l.Advance(31 * time.Second)
	diff(t, "sent", want(ping, "", ping, "", ping, ""), show(f.p.Received()))
	if f.p.Closed() {
		t.Error("the peer was given up")
	}
}

// TestPingTimerGivesWay: the closing handshake has its own time.
func TestPingTimerGivesWay(t *testing.T) {
	t.Parallel()
	f := fix(t, engine.Options{}, websocket.Options{PingInterval: time.Second, CloseTimeout: 5 * time.Second})
	f.post(func(c *websocket.Conn) { c.Close(websocket.CodeNormal, "") })
	f.l.Advance(4 * time.Second)
	diff(t, "sent", want(cls, closing(1000, "")), show(f.p.Received()))
	f.l.Advance(2 * time.Second)
	f.h.endedWith(t, websocket.CodeAbnormal, websocket.ErrCloseTimeout)
}

// TestNoPing: silence is no fault unless it is asked for.
func TestNoPing(t *testing.T) {
	t.Parallel()
	f := fix(t, engine.Options{}, websocket.Options{})
	f.l.Advance(time.Hour)
	if got := f.p.Received(); len(got) > 0 || f.p.Closed() {
		t.Errorf("sent %q, closed %v", got, f.p.Closed())
	}
}
