package websocket_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// TestWaysIn has one conversation over each transport and each way in.
func TestWaysIn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, connect := range map[string]func(t *testing.T, e *engine.Engine, srv *websocket.Server) net.Conn{
		"tcp": func(t *testing.T, e *engine.Engine, srv *websocket.Server) net.Conn {
			return listenAndDial(t, e, srv, "tcp", "localhost:0")
		},
		"unix": func(t *testing.T, e *engine.Engine, srv *websocket.Server) net.Conn {
			return listenAndDial(t, e, srv, "unix", dir+"/s")
		},
		"adopted": func(t *testing.T, e *engine.Engine, srv *websocket.Server) net.Conn {
			ln, err := net.Listen("tcp", "localhost:0")
			if err != nil {
				t.Fatal(err)
			}
			defer ln.Close()
			nc, err := net.Dial("tcp", ln.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			accepted, err := ln.Accept()
			if err != nil {
				t.Fatal(err)
			}
			adopt(t, e, srv, accepted)
			return nc
		},
		"pipe": func(t *testing.T, e *engine.Engine, srv *websocket.Server) net.Conn {
			ours, theirs := net.Pipe()
			go adopt(t, e, srv, theirs)
			return ours
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := talker{closed: make(chan error, 1)}
			nc := connect(t, start(t), websocket.NewServer(k, websocket.Options{}))
			defer nc.Close()
			_ = nc.SetDeadline(time.Now().Add(patience))
			w := &wire{nc, t, bufio.NewReader(nc)}
			if name == "adopted" || name == "pipe" { // the rest of what adopt has brought
				w.send(hello[20:])
			} else {
				w.send(hello)
			}
			w.expect(welcome)
			for _, n := range []int{0, 20, 4096, 70_000} {
				msg := strings.Repeat("x", n)
				w.send(masked(fin|text, msg))
				w.expect(plain(fin|text, msg))
			}
			w.send(masked(fin|ping, "p") + masked(fin|cls, closing(4000, "bye")))
			w.expect(plain(fin|pong, "p") + plain(fin|cls, closing(4000, "")))
			_ = nc.Close()
			closedWith(t, wait(t, k.closed, "OnClose"), 4000, nil)
		})
	}
}

func listenAndDial(t *testing.T, e *engine.Engine, srv *websocket.Server, network, addr string) net.Conn {
	t.Helper()
	ln, err := e.Listen(network, addr, srv, engine.ListenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	nc, err := net.Dial(network, ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return nc
}

// adopt hands nc over as if somebody had read the first bytes of the handshake.
func adopt(t *testing.T, e *engine.Engine, srv *websocket.Server, nc net.Conn) {
	t.Helper()
	if _, err := e.Adopt(nc, []byte(hello[:20]), srv); err != nil {
		t.Errorf("Adopt: %v", err)
	}
}

// TestHandleOrder writes from several goroutines; the order of each is kept.
func TestHandleOrder(t *testing.T) {
	t.Parallel()
	const writers, each = 4, 500
	o := opener{handles: make(chan websocket.Handle, 1)}
	url, _ := serve(t, start(t), o, websocket.Options{})
	w := shake(t, url)
	handle := wait(t, o.handles, "handle")
	var all sync.WaitGroup
	for g := range writers {
		all.Go(func() {
			for i := range each {
				if err := handle.WriteMessage(websocket.Text, fmt.Append(nil, g, " ", i)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	next := [writers]int{}
	for range writers * each {
		_, payload, err := readFrame(w.r)
		var g, i int
		if n, bad := fmt.Sscan(payload, &g, &i); err != nil || n != 2 || next[g] != i {
			t.Fatalf("got %q, %v, %v; goroutine %d was at %d", payload, err, bad, g, next[g])
		}
		next[g]++
	}
	all.Wait()
	if err := handle.Close(websocket.CodeNormal, "done"); err != nil {
		t.Error(err)
	}
	w.expect(plain(fin|cls, closing(1000, "done")))
}
