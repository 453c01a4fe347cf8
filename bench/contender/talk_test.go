package contender_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/sockeye-io/sockeye/bench/rig"
)

var sizes = []int{20, 4 << 10, 64 << 10}

// body is text that no shift of it resembles.
func body(size int) []byte { return text[:size:size] }

var text = func() (p []byte) {
	for n := 0; len(p) < 64<<10; n++ {
		p = fmt.Appendf(p, "%d ", n)
	}
	return p
}()

func dial(t *testing.T, s *rig.Server) *websocket.Conn {
	t.Helper()
	c, resp, err := websocket.DefaultDialer.Dial("ws://"+s.Address.String()+"/", nil)
	if err != nil {
		t.Fatalf("%v, %v", err, resp)
	}
	if resp.Header.Get("Sec-WebSocket-Extensions") != "" {
		t.Errorf("extensions %q", resp.Header)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetReadDeadline(time.Now().Add(patience))
	_ = c.SetWriteDeadline(time.Now().Add(patience))
	return c
}

func read(t *testing.T, c *websocket.Conn, kind int, want []byte) {
	t.Helper()
	gotKind, got, err := c.ReadMessage()
	if err != nil || gotKind != kind || !bytes.Equal(got, want) {
		t.Fatalf("want %d bytes of type %d: got %d of type %d, %v", len(want), kind, len(got), gotKind, err)
	}
}

func testEcho(t *testing.T, s *rig.Server) {
	t.Helper()
	c := dial(t, s)
	for _, size := range sizes {
		for _, kind := range []int{websocket.TextMessage, websocket.BinaryMessage} {
			if err := c.WriteMessage(kind, body(size)); err != nil {
				t.Fatal(err)
			}
			read(t, c, kind, body(size))
		}
	}
	farewell(t, c)
}

// farewell wants the closing handshake answered.
func farewell(t *testing.T, c *websocket.Conn) {
	t.Helper()
	bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	if err := c.WriteMessage(websocket.CloseMessage, bye); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
		t.Errorf("after a close frame: %v", err)
	}
}

// testBroadcast lets three connections come one after the other, each sending until all have heard all.
func testBroadcast(t *testing.T, s *rig.Server) {
	t.Helper()
	var conns []*websocket.Conn
	for range 3 {
		c := dial(t, s)
		conns = append(conns, c)
		for _, size := range sizes {
			for _, kind := range []int{websocket.TextMessage, websocket.BinaryMessage} {
				if err := c.WriteMessage(kind, body(size)); err != nil {
					t.Fatal(err)
				}
				for _, to := range conns {
					read(t, to, kind, body(size))
				}
			}
		}
	}
	// One that has gone is in nobody's way, nor one that does not read 20 MB.
	farewell(t, conns[0])
	conns[0].Close()
	slow := dial(t, s)
	large := body(64 << 10)
	for range 320 {
		if err := conns[1].WriteMessage(websocket.TextMessage, large); err != nil {
			t.Fatal(err)
		}
		for _, to := range conns[1:] {
			read(t, to, websocket.TextMessage, large)
		}
	}
	slow.Close()
}

func testBytes(t *testing.T, s *rig.Server) {
	t.Helper()
	c, err := net.Dial("tcp", s.Address.String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	for _, size := range sizes {
		if _, err := c.Write(body(size)); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, size)
		if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, body(size)) {
			t.Fatalf("%d bytes: %v", size, err)
		}
	}
}
