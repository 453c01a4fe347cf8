package websocket_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/codec/wsproto"
	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// limiter sets the limit that a text names and echoes anything else.
func limiter() *app {
	h := &app{}
	h.message = func(c *websocket.Conn, t websocket.MessageType, p []byte) {
		var n int64
		if k, _ := fmt.Sscan(string(p), &n); k == 1 {
			c.SetReadLimit(n)
			return
		}
		_ = c.WriteMessage(t, p)
	}
	return h
}

func TestReadLimit(t *testing.T) {
	t.Parallel()
	of := func(n int) string { return strings.Repeat("a", n) }
	limit := func(n int) string { return masked(fin|text, fmt.Sprint(n)) }
	const own = 100 // of the options
	for _, c := range []struct {
		name   string
		send   string
		answer []any
		bad    bool
	}{
		{"smaller", limit(10) + masked(fin|text, of(10)) + masked(fin|text, of(11)), []any{text, of(10)}, true},
		{"larger", limit(1000) + masked(fin|text, of(1000)) + masked(fin|text, of(1001)), []any{text, of(1000)}, true},
		{"as it was", limit(10) + limit(0) + masked(fin|text, of(own)) + masked(fin|text, of(own+1)), []any{text, of(own)}, true},
		{"the same", limit(own) + masked(fin|text, of(own)) + masked(fin|text, of(own+1)), []any{text, of(own)}, true},
		{"none", limit(-1) + masked(fin|text, of(70_000)), []any{text, of(70_000)}, false},
		{"again", limit(-5) + limit(3) + masked(fin|text, of(3)) + masked(fin|text, of(4)), []any{text, of(3)}, true},
		{"over fragments", limit(10) + masked(text, of(6)) + masked(cont, of(4)) + masked(fin|cont, of(1)), nil, true},
	} {
		for _, how := range []struct {
			name     string
			segments []string
		}{{"whole", []string{c.send}}, {"bytewise", bytewise(c.send)}} {
			t.Run(c.name+", "+how.name, func(t *testing.T) {
				t.Parallel()
				h := limiter()
				srv := websocket.NewServer(h, websocket.Options{MaxMessage: own})
				p := join(t, memory(t), srv, engine.Options{})
				for _, s := range how.segments {
					p.Send([]byte(s))
				}
				answer := c.answer
				if c.bad {
					answer = append(answer, cls, closing(1009, wsproto.ErrMessageTooBig.Reason))
				}
				diff(t, "sent", want(answer...), show(p.Received()))
				if s := srv.Stats(); (s.TooBig == 1) != c.bad || p.SawFIN() != c.bad {
					t.Errorf("FIN %v, stats %+v", p.SawFIN(), s)
				}
			})
		}
	}
}

// TestReadLimitBegun changes the limit in the middle of a message: the frame that
// has begun is read, and the next one counts against the new limit.
func TestReadLimitBegun(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		limit int64
		next  string
		bad   bool
	}{
		{4, masked(fin|cont, "bb"), false}, {3, masked(fin|cont, "bb"), true}, {1, masked(cont, ""), true}, {-1, masked(fin|cont, "bb"), false},
	} {
		f := fix(t, engine.Options{}, websocket.Options{})
		begun := masked(text, "aa")
		f.p.Send([]byte(begun[:len(begun)-1]))
		f.post(func(c1 *websocket.Conn) { c1.SetReadLimit(c.limit) })
		f.p.Send([]byte(begun[len(begun)-1:]))
		if got := f.p.Received(); len(got) > 0 {
			t.Errorf("limit %d: the frame that had begun was answered with %q", c.limit, got)
		}
		f.p.Send([]byte(c.next))
		answer := want(text, "aabb")
		if c.bad {
			answer = want(cls, closing(1009, wsproto.ErrMessageTooBig.Reason))
		}
		diff(t, fmt.Sprint("limit ", c.limit), answer, show(f.p.Received()))
	}
}

// TestReadLimitInflated: the limit is that of what a message inflates to, and the
// windows are given back whatever the limit was.
func TestReadLimitInflated(t *testing.T) {
	t.Parallel()
	for _, pieces := range []bool{false, true} {
		zip := &websocket.Compression{Takeover: true, Threshold: -1}
		var c *websocket.Conn
		h := &app{open: func(conn *websocket.Conn, _ *websocket.Request) error {
			c = conn
			c.SetReadLimit(1000)
			return nil
		}}
		var handler websocket.Handler = h
		if pieces {
			handler = &piecewise{app: h}
		}
		srv := websocket.NewServer(handler, websocket.Options{Compression: zip, MaxMessage: 500})
		p := joinZipped(t, memory(t), srv, plainOffer, plainOffer)
		z := &zipper{t: t, keep: true}
		short, long := strings.Repeat("b", 1000), strings.Repeat("c", 1001)
		p.Send([]byte(masked(fin|rsv1|text, z.zip(short))))
		diff(t, "echo", []string{"zipped " + brief("text "+short)}, z.messages(p.Received()))
		c.SetReadLimit(-1)
		p.Send([]byte(masked(fin|rsv1|text, z.zip(long))))
		diff(t, "echo", []string{"zipped " + brief("text "+long)}, z.messages(p.Received()))
		c.SetReadLimit(1000)
		p.Send([]byte(masked(fin|rsv1|text, z.zip(long))))
		answers := z.messages(p.Received())
		diff(t, "answer", "close "+closing(1009, wsproto.ErrMessageTooBig.Reason), answers[len(answers)-1])
		p.CloseWrite()
		if s := srv.Stats(); s.Bombs != 1 || s.Inflated != 2 {
			t.Errorf("stats %+v", s)
		}
		if promised, held := websocket.Windows(zip); promised != 0 || held != 0 {
			t.Errorf("%d bytes are still promised, %d held", promised, held)
		}
	}
}

// piecewise echoes messages that it is given in pieces.
type piecewise struct {
	*app
	msg []byte
}

func (h *piecewise) OnFragment(c *websocket.Conn, t websocket.MessageType, p []byte, last bool) {
	if h.msg = append(h.msg, p...); last {
		_ = c.WriteMessage(t, h.msg)
		h.msg = nil
	}
}

// TestReadLimitCost: connections with one limit share what is made for it, and
// nobody fills the server with limits.
func TestReadLimitCost(t *testing.T) {
	var c *websocket.Conn
	srv := websocket.NewServer(&app{open: func(conn *websocket.Conn, _ *websocket.Request) error {
		c = conn
		return nil
	}}, websocket.Options{})
	l := memory(t)
	for range 2 {
		p := join(t, l, srv, engine.Options{})
		for n := range int64(1000) {
			c.SetReadLimit(n)
		}
		p.Send([]byte(masked(fin|bin, strings.Repeat("a", 999))))
		diff(t, "echo", want(bin, strings.Repeat("a", 999)), show(p.Received()))
		p.Send([]byte(masked(fin|bin, strings.Repeat("a", 1000))))
		diff(t, "answer", want(cls, closing(1009, wsproto.ErrMessageTooBig.Reason)), show(p.Received()))
	}
	if !raceEnabled {
		set := func() { c.SetReadLimit(1); c.SetReadLimit(0) }
		if n := testing.AllocsPerRun(100, set); n != 0 {
			t.Errorf("a limit that is known takes %v allocations", n)
		}
	}
	if n := websocket.Variants(srv); n != 32 {
		t.Errorf("%d variants are kept, want 32", n)
	}
	if s := srv.Stats(); s.TooBig != 2 || s.Handshakes != 2 {
		t.Errorf("stats are not shared: %+v", s)
	}
}

// TestReadLimitDialed limits what a server may send.
func TestReadLimitDialed(t *testing.T) {
	t.Parallel()
	for _, zip := range []*websocket.Compression{nil, {Threshold: -1}} {
		e := start(t)
		url, _ := serve(t, e, echo{}, websocket.Options{Compression: zip})
		k := newTalk()
		k.opened = func(c *websocket.Conn) { c.SetReadLimit(3) }
		h, err := websocket.Dial(t.Context(), e, url, k, websocket.DialOptions{Options: websocket.Options{Compression: zip}})
		if err != nil {
			t.Fatal(err)
		}
		for _, msg := range []string{"abc", "abcd"} {
			if err := h.WriteMessage(websocket.Text, []byte(msg)); err != nil {
				t.Fatal(err)
			}
		}
		if got := wait(t, k.messages, "echo"); got != "abc" {
			t.Errorf("got %q", got)
		}
		closedWith(t, wait(t, k.closed, "OnClose"), 1009, wsproto.ErrMessageTooBig)
	}
}
