package websocket_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	gorilla "github.com/gorilla/websocket"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// TestLastWordsArrive: what was echoed before a violation, and the close frame,
// reach a peer that has sent much more. A reset would destroy them; rest fails
// on one.
func TestLastWordsArrive(t *testing.T) {
	t.Parallel()
	url, _ := serve(t, start(t), echo{}, websocket.Options{})
	good, echoed := masked(fin|text, "good"), plain(fin|text, "good")
	more := strings.Repeat(masked(fin|text, "in vain"), 50_000)
	for _, v := range violations {
		if v.o.MaxMessage != 0 || v.o.MaxFrame != 0 {
			continue
		}
		for name, steps := range map[string][][2]string{ // what is sent, what must come
			"with the handshake": {{hello + good + v.send + more, welcome + echoed}},
			"one segment":        {{hello, welcome}, {good + v.send + more, echoed}},
			"separate segments":  {{hello, welcome}, {good, echoed}, {v.send, ""}, {more, ""}},
		} {
			w := knock(t, url)
			for _, step := range steps {
				w.send(step[0])
				w.expect(step[1])
			}
			end := plain(fin|cls, closing(int(v.err.Code), v.err.Reason))
			if got := string(w.rest()); got != end {
				t.Errorf("%s, %s: the last words are %q, want %q", v.name, name, got, end)
			}
			_ = w.Close()
		}
	}
	w := knock(t, url)
	w.send(strings.Replace(hello, "GET", "POST", 1) + more)
	if resp, _ := answer(t, w.rest()); resp.StatusCode != 405 {
		t.Errorf("status %d, want 405", resp.StatusCode)
	}
}

// TestShutdown: everybody gets what was written for them, and 1001.
func TestShutdown(t *testing.T) {
	t.Parallel()
	e, err := engine.New(engine.Config{Loops: 2})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- e.Serve(context.Background()) }()
	var mu sync.Mutex
	h := &app{}
	closed := make(chan error, 100)
	h.close = func(_ *websocket.Conn, err error) { closed <- err }
	big := strings.Repeat("x", 300_000)
	asked := make(chan struct{}, 100)
	h.message = func(c *websocket.Conn, kind websocket.MessageType, p []byte) {
		_ = c.WriteMessage(kind, p)
		asked <- struct{}{}
	}
	url, _ := serve(t, e, locked{&mu, h}, websocket.Options{})
	const peers = 20
	var peersOf []*wire
	for range peers {
		w := shake(t, url)
		w.send(masked(fin|bin, big))
		peersOf = append(peersOf, w)
		wait(t, asked, "message")
	}
	early := knock(t, url)
	early.send(hello[:20])
	late := shake(t, url) // so that the one before is surely there

	shut := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		shut <- e.Shutdown(ctx)
	}()
	if got := early.rest(); len(got) > 0 {
		t.Errorf("a handshake on its way was answered %q", got)
	}
	_ = early.Close()
	for i, w := range append(peersOf, late) {
		if i < peers {
			w.expect(plain(fin|bin, big))
		}
		w.expect(plain(fin|cls, closing(1001, "")))
		w.send(masked(fin|cls, closing(1001, "")))
		if got := w.rest(); len(got) > 0 {
			t.Errorf("%q after the close frame", got)
		}
		_ = w.Close()
		closedWith(t, wait(t, closed, "OnClose"), websocket.CodeGoingAway, nil)
	}
	if err := wait(t, shut, "end of Shutdown"); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	if err := wait(t, served, "end of Serve"); !errors.Is(err, engine.ErrServerClosed) {
		t.Errorf("Serve: %v", err)
	}
}

// locked lets the loops share an app.
type locked struct {
	mu *sync.Mutex
	h  *app
}

func (k locked) OnOpen(c *websocket.Conn, r *websocket.Request) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.h.OnOpen(c, r)
}

func (k locked) OnMessage(c *websocket.Conn, t websocket.MessageType, p []byte) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.h.OnMessage(c, t, p)
}

func (k locked) OnClose(c *websocket.Conn, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.h.OnClose(c, err)
}

// TestDrain is what Shutdown does to connections in each of their states.
func TestDrain(t *testing.T) {
	t.Parallel()
	f := fix(t, engine.Options{}, websocket.Options{})
	closer := &app{message: func(c *websocket.Conn, _ websocket.MessageType, _ []byte) { c.Close(4000, "") }}
	leaving := join(t, f.l, websocket.NewServer(closer, websocket.Options{}), engine.Options{})
	leaving.Send([]byte(masked(fin|text, "")))
	leaving.Received()
	shaking := f.l.Connect(f.srv, engine.Options{})
	shaking.Send([]byte(hello[:20]))
	f.p.Window(10)
	f.p.Send([]byte(masked(fin|text, "not read yet")))

	f.l.Shutdown()
	f.p.Window(-1)
	diff(t, "open", want(text, "not read yet", cls, closing(1001, "")), show(f.p.Received()))
	if got := shaking.Received(); !shaking.SawFIN() || len(got) > 0 {
		t.Errorf("in the handshake: FIN %v, answer %q", shaking.SawFIN(), got)
	}
	if got := leaving.Received(); leaving.SawFIN() || len(got) > 0 {
		t.Errorf("in the close handshake: FIN %v, %q", leaving.SawFIN(), got)
	}
	f.p.Send([]byte(masked(fin|cls, closing(1001, ""))))
	f.l.Advance(10 * time.Second) // nobody else answers
	f.h.endedWith(t, websocket.CodeGoingAway, nil)
	closer.endedWith(t, websocket.CodeAbnormal, websocket.ErrCloseTimeout)
	if s := f.l.Stats(); s.Open != 0 {
		t.Errorf("%d connections are left", s.Open)
	}
}

// TestCloseWithGorilla is the close handshake with somebody else's idea of it.
func TestCloseWithGorilla(t *testing.T) {
	t.Parallel()
	for _, first := range []string{"client", "server"} {
		k := talker{closed: make(chan error, 1)}
		e := start(t)
		url, _ := serve(t, e, k, websocket.Options{})
		c, resp, err := gorilla.DefaultDialer.Dial(url, nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		_ = c.SetReadDeadline(time.Now().Add(patience))
		code := 4001
		if first == "client" {
			err = c.WriteControl(gorilla.CloseMessage, gorilla.FormatCloseMessage(code, "bye"), time.Now().Add(patience))
			if err != nil {
				t.Fatal(err)
			}
		} else {
			code = websocket.CodeGoingAway
			go e.Shutdown(context.Background()) //nolint:errcheck // the end of the test waits for it
		}
		if _, _, err := c.ReadMessage(); !gorilla.IsCloseError(err, code) {
			t.Errorf("%s first: gorilla was told %v, want %d", first, err, code)
		}
		_ = c.Close()
		closedWith(t, wait(t, k.closed, "OnClose"), code, nil)
	}
}
