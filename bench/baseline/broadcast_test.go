package baseline_test

import (
	"bytes"
	"errors"
	"io"
	"syscall"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// TestBroadcast is that all see all messages, in one order, the sender too.
func TestBroadcast(t *testing.T) {
	t.Parallel()
	_, addr := serve(t, "broadcast")
	const peers, each = 5, 40
	conns := make([]*websocket.Conn, peers)
	for i := range conns {
		conns[i] = dial(t, addr)
		// An answer to a ping is that the server has counted the connection in.
		pong := false
		conns[i].SetPongHandler(func(string) error { pong = true; return nil })
		for _, kind := range []int{websocket.PingMessage, websocket.TextMessage} {
			if err := conns[i].WriteMessage(kind, []byte{'a' + byte(i)}); err != nil {
				t.Fatal(err)
			}
		}
		for _, c := range conns[:i+1] {
			if _, p, err := c.ReadMessage(); err != nil || string(p) != string('a'+rune(i)) {
				t.Fatalf("%q, %v", p, err)
			}
		}
		if !pong {
			t.Error("no pong before the message that came later")
		}
	}
	for i, c := range conns {
		go func() {
			for n := range each {
				_ = c.WriteMessage(websocket.BinaryMessage, []byte{byte(i), byte(n)})
			}
		}()
	}
	var first []byte
	for i, c := range conns {
		var seen []byte
		for range peers * each {
			_, p, err := c.ReadMessage()
			if err != nil {
				t.Fatal(err)
			}
			seen = append(seen, p...)
		}
		if i == 0 {
			first = seen
		} else if !bytes.Equal(seen, first) {
			t.Errorf("connection %d saw another order than connection 0", i)
		}
	}
}

// TestSlowConsumer is that a peer that does not read is cut off and counted, and that the others miss nothing.
func TestSlowConsumer(t *testing.T) {
	t.Parallel()
	s, addr := serve(t, "broadcast")
	slow, _ := raw(t, addr, masked(true, wsproto.OpText, "here"))
	_ = slow.SetReadBuffer(4 << 10)
	c := dial(t, addr)
	body := bytes.Repeat([]byte("x"), 256<<10)
	for n := 0; s.Stats().Dropped == 0; n++ {
		if n == 1000 {
			t.Fatalf("256 MB behind a peer that does not read: %+v", s.Stats())
		}
		if err := c.WriteMessage(websocket.BinaryMessage, body); err != nil {
			t.Fatal(err)
		}
		if _, p, err := c.ReadMessage(); err != nil || len(p) != len(body) {
			t.Fatalf("%d bytes, %v", len(p), err)
		}
	}
	if got := s.Stats(); got.Dropped != 1 || got.Accepted != 2 {
		t.Errorf("%+v", got)
	}
	if _, err := io.Copy(io.Discard, slow); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the slow one was told %v", err)
	}
}
