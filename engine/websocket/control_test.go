package websocket_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// controller hears of control frames and does with them what its functions say.
type controller struct {
	app
	heard []string
	ping  func(c *websocket.Conn, p []byte)
	cls   func(c *websocket.Conn, code int, reason string)
}

func (h *controller) OnPing(c *websocket.Conn, p []byte) {
	h.heard = append(h.heard, "ping "+string(p))
	if h.ping != nil {
		h.ping(c, p)
	}
}

func (h *controller) OnCloseFrame(c *websocket.Conn, code int, reason string) {
	h.heard = append(h.heard, fmt.Sprintf("close %d %s", code, reason))
	if h.cls != nil {
		h.cls(c, code, reason)
	}
}

// TestPingHandler: who is given the pings answers them, or nobody does.
func TestPingHandler(t *testing.T) {
	t.Parallel()
	h := &controller{}
	srv := websocket.NewServer(h, websocket.Options{})
	p := join(t, memory(t), srv, engine.Options{})
	p.Send([]byte(masked(fin|ping, "one") + masked(text, "a") + masked(fin|ping, "") + masked(fin|cont, "b")))
	diff(t, "sent", want(text, "ab"), show(p.Received()))
	h.ping = func(c *websocket.Conn, p []byte) {
		if err := c.Pong(append([]byte("re: "), p...)); err != nil {
			t.Error(err)
		}
	}
	p.Send([]byte(masked(fin|ping, "two")))
	diff(t, "sent", want(pong, "re: two"), show(p.Received()))
	h.ping = func(c *websocket.Conn, _ []byte) { c.Close(4000, "") }
	p.Send([]byte(masked(fin|ping, "three") + masked(fin|ping, "four")))
	diff(t, "sent", want(cls, closing(4000, "")), show(p.Received()))
	diff(t, "heard", []string{"ping one", "ping ", "ping two", "ping three", "ping four"}, h.heard)
	if n := srv.Stats().PingsIn; n != 5 {
		t.Errorf("%d pings are counted", n)
	}
}

func TestPong(t *testing.T) {
	t.Parallel()
	f := fix(t, engine.Options{}, websocket.Options{})
	most := strings.Repeat("p", 125)
	f.post(func(c *websocket.Conn) {
		for p, want := range map[string]error{most: nil, most + "p": websocket.ErrControlTooLong} {
			if err := c.Pong([]byte(p)); !errors.Is(err, want) {
				t.Errorf("%d bytes: %v, want %v", len(p), err, want)
			}
			if err := f.handle.Pong([]byte(p)); !errors.Is(err, want) {
				t.Errorf("%d bytes by handle: %v, want %v", len(p), err, want)
			}
		}
	})
	diff(t, "sent", want(pong, most, pong, most), show(f.p.Received()))
	f.post(func(c *websocket.Conn) {
		c.Close(websocket.CodeNormal, "")
		if err := c.Pong(nil); !errors.Is(err, engine.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	})
	_ = f.handle.Pong(nil)
	f.l.Drain()
	if n := f.srv.Stats().Dropped; n != 1 {
		t.Errorf("%d were dropped, want the pong after Close", n)
	}
}

func TestCloseHandler(t *testing.T) {
	t.Parallel()
	write := func(c *websocket.Conn, _ int, reason string) {
		_ = c.WriteMessage(websocket.Text, []byte("last: "+reason))
	}
	for _, tt := range []struct {
		name   string
		do     func(c *websocket.Conn, code int, reason string)
		send   string
		heard  []string
		answer []any
		code   int
		cause  error
	}{
		{"nothing", nil, closing(4000, "bye"), []string{"close 4000 bye"}, []any{cls, closing(4000, "")}, 4000, nil},
		{"empty", nil, "", []string{"close 1005 "}, []any{cls, ""}, 1005, nil},
		{"write", write, closing(1000, "bye"), []string{"close 1000 bye"}, []any{text, "last: bye", cls, closing(1000, "")}, 1000, nil},
		{
			"Close", func(c *websocket.Conn, _ int, _ string) { c.Close(4001, "mine") },
			closing(4000, "bye"),
			[]string{"close 4000 bye"},
			[]any{cls, closing(4001, "mine")},
			4000, nil,
		},
		{
			"Abort", func(c *websocket.Conn, _ int, _ string) { c.Abort(errApp) },
			closing(4000, "bye"),
			[]string{"close 4000 bye"},
			nil, 1006, errApp,
		},
		{"a bad frame", write, "\x03", nil, []any{cls, closing(1002, "close payload of one byte")}, 1002, errAny},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			h := &controller{cls: tt.do}
			srv := websocket.NewServer(h, websocket.Options{})
			p := join(t, memory(t), srv, engine.Options{})
			p.Send([]byte(masked(fin|cls, tt.send) + masked(fin|text, "late") + masked(fin|cls, "")))
			diff(t, "sent", want(tt.answer...), show(p.Received()))
			diff(t, "heard", tt.heard, h.heard)
			if !p.Closed() {
				p.CloseWrite()
			}
			switch {
			case tt.cause == errAny:
				if len(h.closed) != 1 {
					t.Errorf("OnClose was told %v", h.closed)
				}
			default:
				h.endedWith(t, tt.code, tt.cause)
			}
			if n := srv.Stats().ClosesIn; n != 1 {
				t.Errorf("%d close frames are counted", n)
			}
		})
	}
}

var (
	errApp = errors.New("the application's")
	errAny = errors.New("any")
)

// TestCloseHandlerAnswer: the peer's answer to our close frame is heard of, too.
func TestCloseHandlerAnswer(t *testing.T) {
	t.Parallel()
	h := &controller{cls: func(c *websocket.Conn, _ int, _ string) { writesFail(t, c) }}
	h.message = func(c *websocket.Conn, _ websocket.MessageType, _ []byte) { c.Close(4000, "") }
	p := join(t, memory(t), websocket.NewServer(h, websocket.Options{}), engine.Options{})
	p.Send([]byte(masked(fin|text, "close") + masked(fin|cls, closing(4000, "yes"))))
	diff(t, "sent", want(cls, closing(4000, "")), show(p.Received()))
	diff(t, "heard", []string{"close 4000 yes"}, h.heard)
	p.CloseWrite()
	h.endedWith(t, 4000, nil)
}

// heeder hears of control frames on a loop.
type heeder struct {
	*talk
	heard chan string
}

func (h *heeder) OnPing(c *websocket.Conn, p []byte) {
	_ = c.Pong(append(p, '!'))
	h.heard <- "ping " + string(p)
}
func (h *heeder) OnPong(_ *websocket.Conn, p []byte) { h.heard <- "pong " + string(p) }
func (h *heeder) OnCloseFrame(_ *websocket.Conn, code int, reason string) {
	h.heard <- fmt.Sprint("close ", code, reason)
}

// TestControlDialed has both sides hear of control frames.
func TestControlDialed(t *testing.T) {
	t.Parallel()
	e := start(t)
	server := &heeder{newTalk(), make(chan string, 10)}
	url, _ := serve(t, e, server, websocket.Options{})
	client := &heeder{newTalk(), make(chan string, 10)}
	h, err := websocket.Dial(t.Context(), e, url, client, websocket.DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{h.Ping([]byte("a")), h.Pong([]byte("b")), h.Close(4000, "bye")} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"ping a", "pong b", "close 4000bye"} {
		diff(t, "the server heard", want, wait(t, server.heard, want))
	}
	for _, want := range []string{"pong a!", "close 4000"} {
		diff(t, "the client heard", want, wait(t, client.heard, want))
	}
	closedWith(t, wait(t, client.closed, "OnClose"), 4000, nil)
	closedWith(t, wait(t, server.closed, "OnClose"), 4000, nil)
}
