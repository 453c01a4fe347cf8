package websocket_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

func prepared(s string) *websocket.Prepared { return websocket.Prepare(websocket.Text, []byte(s)) }

// opener hands the handle of each new connection over.
type opener struct {
	echo
	handles chan websocket.Handle
}

func (o opener) OnOpen(c *websocket.Conn, _ *websocket.Request) error {
	o.handles <- c.Handle()
	return nil
}

// TestBroadcastOrder reaches 500 connections on two loops and two listeners, and
// keeps the order of what one goroutine broadcasts and sends to single ones.
func TestBroadcastOrder(t *testing.T) {
	t.Parallel()
	const peers, rounds = 500, 30
	e := start(t)
	o := opener{handles: make(chan websocket.Handle, peers)}
	srv := websocket.NewServer(o, websocket.Options{})
	var urls []string
	for range 2 {
		ln, err := e.Listen("tcp", "127.0.0.1:0", srv, engine.ListenOptions{})
		if err != nil {
			t.Fatal(err)
		}
		urls = append(urls, "ws://"+ln.Addr().String())
	}
	other, _ := serve(t, e, echo{}, websocket.Options{}) // hears nothing
	stranger := shake(t, other)
	var wires []*wire
	var handles []websocket.Handle
	for i := range peers {
		wires = append(wires, shake(t, urls[i%2]))
		handles = append(handles, wait(t, o.handles, "handle"))
	}
	want := make([]strings.Builder, peers)
	big := strings.Repeat("x", 20_000)
	for i := range rounds {
		for k := i % 7; k < peers; k += 50 {
			msg := fmt.Sprint("for you ", i)
			if err := handles[k].WriteMessage(websocket.Text, []byte(msg)); err != nil {
				t.Fatal(err)
			}
			want[k].WriteString(plain(fin|text, msg))
		}
		msg := fmt.Sprint("for all ", i)
		if i == rounds/2 {
			msg += big
		}
		if err := srv.Broadcast(prepared(msg)); err != nil {
			t.Fatal(err)
		}
		for k := range want {
			want[k].WriteString(plain(fin|text, msg))
		}
	}
	for k, w := range wires {
		w.expect(want[k].String())
	}
	stranger.send(masked(fin|text, "hi"))
	stranger.expect(plain(fin|text, "hi"))
	if s := srv.Stats(); s.MessagesOut < peers*rounds {
		t.Errorf("%d messages counted, want at least %d", s.MessagesOut, peers*rounds)
	}
	for _, w := range wires {
		_ = w.Close()
	}
}

// TestBroadcastChurn broadcasts while connections come and go. Whoever is there
// misses nothing in between.
func TestBroadcastChurn(t *testing.T) {
	t.Parallel()
	e := start(t)
	o := opener{handles: make(chan websocket.Handle, 1000)}
	url, srv := serve(t, e, o, websocket.Options{})
	member := shake(t, url)
	handle := wait(t, o.handles, "handle")
	stop := make(chan struct{})
	go func() {
		for i := 0; ; i++ {
			select {
			case <-stop:
				_ = srv.Broadcast(prepared("end"))
				return
			default:
			}
			if err := srv.Broadcast(prepared(strconv.Itoa(i))); err != nil {
				t.Errorf("Broadcast: %v", err)
			}
			done := make(chan struct{}) // no faster than a loop
			_ = handle.Post(func(*websocket.Conn) { close(done) })
			select {
			case <-done:
			case <-stop:
			}
		}
	}()
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for i := range 25 {
				w := shake(t, url)
				last := -1
				for range 1 + i%5 {
					_, payload, err := readFrame(w.r)
					n, bad := strconv.Atoi(payload)
					if err != nil || bad != nil || last >= 0 && n != last+1 {
						t.Errorf("after %d: %q, %v", last, payload, err)
						break
					}
					last = n
				}
				if (g+i)%2 == 0 {
					w.send(masked(fin|cls, ""))
				}
				_ = w.Close()
			}
		})
	}
	go func() {
		all.Wait()
		close(stop)
	}()
	for i := 0; ; i++ {
		_, payload, err := readFrame(member.r)
		if err != nil || payload != strconv.Itoa(i) {
			if err != nil || payload != "end" {
				t.Errorf("message %d is %q, %v", i, payload, err)
			}
			break
		}
	}
	all.Wait()
}

// relay passes on what it hears to all but the sender.
type relay struct {
	echo
	srv atomic.Pointer[websocket.Server]
}

func (r *relay) OnMessage(c *websocket.Conn, t websocket.MessageType, p []byte) {
	_ = r.srv.Load().BroadcastOthers(websocket.Prepare(t, p), c)
	_ = c.WriteMessage(t, []byte("sent"))
}

func TestBroadcastOthers(t *testing.T) {
	t.Parallel()
	r := &relay{}
	url, srv := serve(t, start(t), r, websocket.Options{})
	r.srv.Store(srv)
	a, b, c := shake(t, url), shake(t, url), shake(t, url)
	a.send(masked(fin|text, "hi"))
	a.expect(plain(fin|text, "sent"))
	b.expect(plain(fin|text, "hi"))
	b.send(masked(fin|text, "yes"))
	b.expect(plain(fin|text, "sent"))
	a.expect(plain(fin|text, "yes"))
	c.expect(plain(fin|text, "hi") + plain(fin|text, "yes"))
}

// TestBroadcastEngines is one server on several engines, of which one ends.
func TestBroadcastEngines(t *testing.T) {
	t.Parallel()
	srv := websocket.NewServer(echo{}, websocket.Options{})
	if err := srv.Broadcast(prepared("to nobody")); err != nil {
		t.Errorf("before the first connection: %v", err)
	}
	var wires []*wire
	var engines []*engine.Engine
	for range 2 {
		e := start(t)
		ln, err := e.Listen("tcp", "127.0.0.1:0", srv, engine.ListenOptions{})
		if err != nil {
			t.Fatal(err)
		}
		engines = append(engines, e)
		wires = append(wires, shake(t, "ws://"+ln.Addr().String()))
	}
	for range 3 {
		if err := srv.Broadcast(prepared("all")); err != nil {
			t.Error(err)
		}
	}
	for _, w := range wires {
		w.expect(strings.Repeat(plain(fin|text, "all"), 3))
	}
	_ = engines[0].Close()
	for range 3 {
		if err := srv.Broadcast(prepared("the rest")); err != nil {
			t.Errorf("after one engine has ended: %v", err)
		}
	}
	wires[1].expect(strings.Repeat(plain(fin|text, "the rest"), 3))
}

// TestBroadcastFull: broadcasts that nobody delivers do not pile up for ever.
func TestBroadcastFull(t *testing.T) {
	t.Parallel()
	e, err := engine.New(engine.Config{Loops: 1, MailboxBytes: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- e.Serve(context.Background()) }()
	o := opener{handles: make(chan websocket.Handle, 1)}
	url, srv := serve(t, e, o, websocket.Options{})
	w := shake(t, url)
	block, blocked := make(chan struct{}), make(chan struct{})
	if err := wait(t, o.handles, "handle").Post(func(*websocket.Conn) { close(blocked); <-block }); err != nil {
		t.Fatal(err)
	}
	<-blocked
	m, n := prepared(strings.Repeat("x", 10_000)), 0
	for ; n < 1000 && err == nil; n++ {
		err = srv.Broadcast(m)
	}
	close(block)
	if n--; !errors.Is(err, engine.ErrMailboxFull) || n < 5 || n > 10 {
		t.Errorf("%d broadcasts were taken, then %v", n, err)
	}
	for range n {
		w.expect(plain(fin|text, strings.Repeat("x", 10_000)))
	}
	_ = w.Close()
	_ = e.Close()
	_ = wait(t, served, "end of Serve")
}
