package websocket_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
	gorilla "github.com/gorilla/websocket"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

func readRequest(t testing.TB, b []byte) *http.Request {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(b)))
	if err != nil {
		t.Fatalf("request %q: %v", b, err)
	}
	return r
}

// exchange talks to an echo server through a dialled connection and closes it.
func exchange(t testing.TB, h websocket.Handle, k *talk) {
	t.Helper()
	for _, n := range []int{0, 1, 125, 126, 5000, 70_000} {
		msg := strings.Repeat("é", n/2)
		for _, kind := range []websocket.MessageType{websocket.Text, websocket.Binary} {
			if err := h.WriteMessage(kind, []byte(msg)); err != nil {
				t.Error(err)
				return
			}
			if got := wait(t, k.messages, "echo"); got != msg {
				t.Errorf("echo of %d bytes is %q", n, brief(got))
			}
		}
	}
	if err := h.Close(websocket.CodeNormal, "done"); err != nil {
		t.Error(err)
	}
	closedWith(t, wait(t, k.closed, "OnClose"), websocket.CodeNormal, nil)
}

func TestDialGorillaServer(t *testing.T) {
	t.Parallel()
	up := gorilla.Upgrader{Subprotocols: []string{"b"}}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		for {
			kind, msg, err := c.ReadMessage()
			if err != nil || c.WriteMessage(kind, msg) != nil {
				return
			}
		}
	}))
	t.Cleanup(srv.Close)
	k := newTalk()
	o := websocket.DialOptions{Options: websocket.Options{Subprotocols: []string{"a", "b"}}}
	h, err := websocket.Dial(t.Context(), start(t), "ws"+strings.TrimPrefix(srv.URL, "http"), k, o)
	if err != nil {
		t.Fatal(err)
	}
	exchange(t, h, k)
}

func TestDialGobwasServer(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		done <- func() error {
			nc, err := ln.Accept()
			if err != nil {
				return err
			}
			defer nc.Close()
			if _, err := ws.Upgrade(nc); err != nil {
				return err
			}
			for {
				msg, op, err := wsutil.ReadClientData(nc)
				if err != nil {
					return nil // the close frame has been answered
				}
				if err := wsutil.WriteServerMessage(nc, op, msg); err != nil {
					return err
				}
			}
		}()
	}()
	t.Cleanup(func() { _ = ln.Close() })
	k := newTalk()
	h, err := websocket.Dial(t.Context(), start(t), "ws://"+ln.Addr().String(), k, websocket.DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	exchange(t, h, k)
	if err := wait(t, done, "end of the server"); err != nil {
		t.Error(err)
	}
}

func TestGobwasClient(t *testing.T) {
	t.Parallel()
	url, _ := serve(t, start(t), echo{}, websocket.Options{Subprotocols: []string{"b", "a"}})
	d := ws.Dialer{Protocols: []string{"a", "b"}}
	nc, br, hs, err := d.Dial(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	if hs.Protocol != "a" || br != nil {
		t.Errorf("subprotocol %q, early bytes %v", hs.Protocol, br != nil)
	}
	for _, n := range []int{0, 125, 126, 70_000} {
		msg := bytes.Repeat([]byte("é"), n/2)
		if err := wsutil.WriteClientText(nc, msg); err != nil {
			t.Fatal(err)
		}
		if got, err := wsutil.ReadServerText(nc); err != nil || !bytes.Equal(got, msg) {
			t.Fatalf("echo of %d bytes: %d bytes, %v", len(msg), len(got), err)
		}
	}
	if err := wsutil.WriteClientMessage(nc, ws.OpClose, ws.NewCloseFrameBody(4001, "bye")); err != nil {
		t.Fatal(err)
	}
	var ce wsutil.ClosedError
	if _, err := wsutil.ReadServerText(nc); !asClosed(err, &ce) || ce.Code != 4001 {
		t.Errorf("after close: %v", err)
	}
	if b, err := io.ReadAll(nc); len(b) > 0 || err != nil {
		t.Errorf("after the close frame: %q, %v", b, err)
	}
}

func asClosed(err error, ce *wsutil.ClosedError) (ok bool) {
	*ce, ok = err.(wsutil.ClosedError)
	return ok
}

func TestDialUnix(t *testing.T) {
	t.Parallel()
	e := start(t)
	for _, addr := range []string{t.TempDir() + "/s", "@sockeye-test-websocket"} {
		srv := websocket.NewServer(echo{}, websocket.Options{Paths: []string{"/p"}})
		if _, err := e.Listen("unix", addr, srv, engine.ListenOptions{}); err != nil {
			t.Fatal(err)
		}
		for _, url := range []string{"ws://localhost/p", "ws:///p?q"} {
			k := newTalk()
			h, err := websocket.Dial(t.Context(), e, url, k, websocket.DialOptions{Network: "unix", Addr: addr})
			if err != nil {
				t.Fatal(err)
			}
			exchange(t, h, k)
		}
	}
}

// TestDialMany dials 200 connections at once, on the engine that serves them.
func TestDialMany(t *testing.T) {
	t.Parallel()
	e := start(t)
	url, srv := serve(t, e, echo{}, websocket.Options{})
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			k := newTalk()
			h, err := websocket.Dial(t.Context(), e, url, k, websocket.DialOptions{})
			if err != nil {
				t.Error(err)
				return
			}
			for range 3 {
				if err := h.WriteMessage(websocket.Text, fmt.Append(nil, i)); err != nil {
					t.Error(err)
				}
				if got := wait(t, k.messages, "echo"); got != fmt.Sprint(i) {
					t.Errorf("connection %d received %q", i, got)
				}
			}
			if err := h.Close(websocket.CodeNormal, ""); err != nil {
				t.Error(err)
			}
			closedWith(t, wait(t, k.closed, "OnClose"), websocket.CodeNormal, nil)
		})
	}
	all.Wait()
	if s := srv.Stats(); s.Handshakes != 200 || s.MessagesIn != 600 || s.MessagesOut != 600 {
		t.Errorf("stats %+v", s)
	}
}
