package websocket_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/engine/websocket"
)

// fits counts the frames of n bytes that a Unix socket takes from who writes
// without being read.
func fits(t testing.TB, ln net.Listener, n int) (count int) {
	t.Helper()
	nc, err := net.Dial("unix", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	other, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	_ = nc.SetWriteDeadline(time.Now().Add(patience))
	rc, err := nc.(*net.UnixConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	_ = rc.Write(func(fd uintptr) bool {
		for b := make([]byte, n); err == nil; count++ {
			_, err = syscall.Write(int(fd), b)
		}
		return true
	})
	return count - 1
}

// TestClientPongFull: when a ping comes that cannot be answered, since the server
// has left no room, what the server sends is read all the same: it may well wait
// for that before it reads.
func TestClientPongFull(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("unix", t.TempDir()+"/s")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	const size = 4000
	n := fits(t, ln, size+8) // its header is 8 bytes long
	accepted := make(chan *wire, 1)
	go func() {
		nc, err := ln.Accept()
		if err != nil {
			return
		}
		_ = nc.SetDeadline(time.Now().Add(patience))
		br := bufio.NewReader(nc)
		if r, err := http.ReadRequest(br); err == nil {
			_, _ = io.WriteString(nc, accept(r))
		}
		accepted <- &wire{nc, t, br}
	}()
	c, err := websocket.DialClient(t.Context(), "ws:///", websocket.DialOptions{Network: "unix", Addr: ln.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseNow)
	w := <-accepted
	t.Cleanup(func() { _ = w.Close() })
	msg := strings.Repeat("x", size)
	for range n {
		if err := c.WriteMessage(t.Context(), websocket.Text, []byte(msg)); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	go w.send(plain(fin|ping, "1") + strings.Repeat(plain(fin|text, "waits for nobody"), 50_000))
	for range 50_000 {
		if _, p, err := c.ReadMessage(ctx); err != nil || string(p) != "waits for nobody" {
			t.Fatalf("read %q, %v", p, err)
		}
	}
	for range n {
		w.frame(text, msg)
	}
	w.frame(pong, "1")
	if err := c.WriteMessage(t.Context(), websocket.Text, []byte("still there")); err != nil {
		t.Error(err)
	}
	w.frame(text, "still there")
}
