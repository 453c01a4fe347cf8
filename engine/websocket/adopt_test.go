package websocket_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/codec/wsproto"
	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// hijacker answers the handshake of RFC 6455 section 1.3 by itself and hands the
// connection over.
func hijacker(t testing.TB, srv *websocket.Server, e *engine.Engine, u websocket.Upgraded, outcome chan<- error) *httptest.Server {
	t.Helper()
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var head bytes.Buffer
		if err := r.Write(&head); err != nil {
			t.Error(err)
		}
		nc, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		answer := strings.TrimSuffix(welcome, "\r\n") + "Sec-WebSocket-Protocol: b\r\n\r\n"
		if _, err := nc.Write([]byte(answer)); err != nil {
			t.Error(err)
		}
		early, _ := rw.Reader.Peek(rw.Reader.Buffered())
		u.Head, u.Subprotocol = head.Bytes(), "b"
		_, err = srv.Adopt(e, nc, early, u)
		outcome <- err
	}))
	t.Cleanup(site.Close)
	return site
}

// TestAdoptHijacked takes connections of net/http over, with frames that came
// together with the request.
func TestAdoptHijacked(t *testing.T) {
	t.Parallel()
	const adoptees = 3
	e := start(t)
	k := &told{talker: talker{closed: make(chan error, adoptees)}, seen: make(chan string, adoptees)}
	srv := websocket.NewServer(k, websocket.Options{
		Paths:     []string{"/chat", "/"}, // asked for Pattern alone
		Origins:   []string{"https://elsewhere.example"},
		Authorize: func(*websocket.Request) error { t.Error("Authorize was called"); return nil },
	})
	outcome := make(chan error, adoptees)
	site := hijacker(t, srv, e, websocket.Upgraded{}, outcome)
	var wires []*wire
	for range adoptees {
		w := knock(t, "ws"+strings.TrimPrefix(site.URL, "http"))
		w.send(helloWith("Origin: http://b", "Sec-WebSocket-Protocol: a, b") + masked(fin|text, "early") + masked(fin|text, "cut")[:3])
		w.expect(strings.TrimSuffix(welcome, "\r\n") + "Sec-WebSocket-Protocol: b\r\n\r\n" + plain(fin|text, "early"))
		w.send(masked(fin|text, "cut")[3:])
		w.expect(plain(fin|text, "cut"))
		if err := wait(t, outcome, "end of Adopt"); err != nil {
			t.Fatal(err)
		}
		diff(t, "OnOpen was told", "/chat a /chat 1 http://b b true", wait(t, k.seen, "OnOpen"))
		wires = append(wires, w)
	}
	if err := srv.Broadcast(websocket.Prepare(websocket.Text, []byte("to all"))); err != nil {
		t.Fatal(err)
	}
	for _, w := range wires {
		w.expect(plain(fin|text, "to all"))
		w.send(masked(fin|cls, closing(1000, "bye")))
		w.expect(plain(fin|cls, closing(1000, "")))
		_ = w.Close()
		closedWith(t, wait(t, k.closed, "OnClose"), 1000, nil)
	}
	want := websocket.Stats{Handshakes: adoptees, MessagesIn: 2 * adoptees, MessagesOut: 3 * adoptees, Pieces: srv.Stats().Pieces, ClosesIn: adoptees}
	diff(t, "stats", want, srv.Stats())
}

// told keeps what OnOpen can see.
type told struct {
	talker
	seen chan string
}

func (k *told) OnOpen(_ *websocket.Conn, r *websocket.Request) error {
	room, _ := r.QueryValue("room")
	k.seen <- fmt.Sprintf("%s %s %s %s %s %s %v", r.Path(), r.Host, r.Pattern, room, r.Origin, r.Subprotocol, r.AddHeader("A", "b") != nil)
	return nil
}

// TestAdoptUser: what Adopt was told of a connection is with it from OnOpen on.
func TestAdoptUser(t *testing.T) {
	t.Parallel()
	opened := make(chan any, 1)
	h := &app{open: func(c *websocket.Conn, _ *websocket.Request) error { opened <- c.User(); return nil }}
	srv := websocket.NewServer(h, websocket.Options{})
	for _, user := range []any{"somebody", nil} {
		ours, _ := piped(t)
		if _, err := srv.Adopt(start(t), ours, nil, websocket.Upgraded{User: user}); err != nil {
			t.Fatal(err)
		}
		diff(t, "user", user, wait(t, opened, "OnOpen"))
	}
}

// TestAdoptDeflated goes on with the permessage-deflate that was agreed elsewhere.
func TestAdoptDeflated(t *testing.T) {
	t.Parallel()
	e := start(t)
	zip := &websocket.Compression{Takeover: true, WindowBudget: 3 << 15}
	k := talker{closed: make(chan error, 1)}
	srv := websocket.NewServer(k, websocket.Options{Compression: zip})
	ours, w := piped(t)
	if _, err := srv.Adopt(e, ours, nil, websocket.Upgraded{Deflate: &wsproto.Deflate{}}); err != nil {
		t.Fatal(err)
	}
	z := &zipper{t: t, keep: true}
	msg := strings.Repeat("the same again and again, ", 20)
	for range 3 {
		w.send(masked(fin|rsv1|text, z.zip(msg)))
		h, payload, err := readFrame(w.r)
		if err != nil || h.Rsv != 4 || z.unzip(payload) != msg {
			t.Fatalf("received %+v, %v", h, err)
		}
	}
	if s := srv.Stats(); s.Inflated != 3 || s.WindowsPromised != 2<<15 {
		t.Errorf("stats %+v", s)
	}
	// The third window is the client's of the next; the one after that has none.
	second, _ := piped(t)
	if _, err := srv.Adopt(e, second, nil, websocket.Upgraded{Deflate: &wsproto.Deflate{}}); err != nil {
		t.Error(err)
	}
	third, other := piped(t)
	if _, err := srv.Adopt(e, third, nil, websocket.Upgraded{Deflate: &wsproto.Deflate{}}); err == nil || len(other.rest()) > 0 {
		t.Errorf("adopted without a window: %v", err)
	}
	_ = w.Close()
	closedWith(t, wait(t, k.closed, "OnClose"), websocket.CodeAbnormal, io.EOF)
}

// TestAdoptOwnWindow: whatever was agreed on elsewhere, our own window is no larger
// than the options have it. The client's is owed.
func TestAdoptOwnWindow(t *testing.T) {
	t.Parallel()
	for want, zip := range map[int64]*websocket.Compression{
		1 << 15:       {},
		1<<15 + 1<<10: {Takeover: true, WindowBits: 10},
		1<<15 + 1<<15: {Takeover: true},
	} {
		e := start(t)
		srv := websocket.NewServer(&app{}, websocket.Options{Compression: zip})
		ours, _ := piped(t)
		if _, err := srv.Adopt(e, ours, nil, websocket.Upgraded{Deflate: &wsproto.Deflate{}}); err != nil {
			t.Fatal(err)
		}
		if got := srv.Stats().WindowsPromised; got != want {
			t.Errorf("%d bytes were promised, want %d", got, want)
		}
	}
}

// TestAdoptCannot is all that keeps Adopt from taking over; the connection is
// closed in every case.
func TestAdoptCannot(t *testing.T) {
	t.Parallel()
	no := errors.New("no")
	refuse := &app{open: func(*websocket.Conn, *websocket.Request) error { return no }}
	fall := &app{open: func(*websocket.Conn, *websocket.Request) error { panic("fallen") }}
	zip := &websocket.Compression{Takeover: true}
	for _, tt := range []struct {
		name string
		h    *app
		o    websocket.Options
		u    websocket.Upgraded
		want string
		sent string
	}{
		{name: "half a head", u: websocket.Upgraded{Head: []byte(hello[:20])}, want: "websocket: Upgraded.Head is not the head of one request"},
		{name: "more than a head", u: websocket.Upgraded{Head: []byte(hello + "x")}, want: "websocket: Upgraded.Head is not the head of one request"},
		{name: "no head", u: websocket.Upgraded{Head: []byte("\x81\x80")}, want: "wsproto: bad handshake: not an HTTP request"},
		{name: "no compression", u: websocket.Upgraded{Deflate: &wsproto.Deflate{}}, want: "websocket: Upgraded.Deflate is not"},
		{name: "window bits", o: websocket.Options{Compression: zip}, u: websocket.Upgraded{Deflate: &wsproto.Deflate{ClientBits: 7}}, want: "websocket: Upgraded.Deflate is not"},
		{name: "limits", u: websocket.Upgraded{Engine: engine.Options{LowWater: -1}}, want: "engine: Options.LowWater"},
		{name: "OnOpen", h: refuse, want: "no", sent: plain(fin|cls, closing(1011, ""))},
		{name: "panic", h: fall, o: websocket.Options{Compression: zip}, u: websocket.Upgraded{Deflate: &wsproto.Deflate{}}, want: "fallen"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			e := start(t)
			h := tt.h
			if h == nil {
				h = &app{open: func(*websocket.Conn, *websocket.Request) error { t.Error("OnOpen was called"); return nil }}
			}
			srv := websocket.NewServer(h, tt.o)
			ours, w := piped(t)
			handle, err := srv.Adopt(e, ours, nil, tt.u)
			if err == nil || !strings.Contains(err.Error(), tt.want) || handle != (websocket.Handle{}) {
				t.Errorf("Adopt: %v, %v", handle, err)
			}
			if got := string(w.rest()); got != tt.sent {
				t.Errorf("the peer received %q, want %q", got, tt.sent)
			}
			if s := srv.Stats(); s.WindowsPromised != 0 {
				t.Errorf("windows are left: %+v", s)
			}
		})
	}
}

// piped is a connection to be adopted and its other end.
func piped(t testing.TB) (net.Conn, *wire) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	theirs, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = theirs.Close() })
	ours, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	_ = theirs.SetDeadline(time.Now().Add(patience))
	return ours, &wire{theirs, t, bufio.NewReader(theirs)}
}
