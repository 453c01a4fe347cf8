package main_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	gorilla "github.com/gorilla/websocket"
)

// deflateSizes are echoSizes, but for 1 MiB, which takes the race detector long.
var deflateSizes = []int{0, 1, 125, 126, 127, 65535, 65536, 200 << 10}

// A gorilla client knows no takeover. It sends some messages compressed and some
// not, in fragments.
func TestGorillaDeflate(t *testing.T) {
	t.Parallel()
	for _, flags := range []string{"--compress", "--compress --compress-takeover --compress-threshold 0 --compress-level 9"} {
		t.Run(flags, func(t *testing.T) {
			t.Parallel()
			args := append([]string{"-l", "ws://127.0.0.1:0/"}, strings.Fields(flags)...)
			var wire countedConn
			dialer := gorilla.Dialer{
				HandshakeTimeout: patience, WriteBufferSize: 1000, EnableCompression: true, NetDialContext: wire.dial,
			}
			conn, resp, err := dialer.DialContext(t.Context(), servePeers(t, args...).urls[0], nil)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			_ = resp.Body.Close()
			if got := resp.Header.Get("Sec-WebSocket-Extensions"); got != deflated+noServer+noClient {
				t.Errorf("extensions %q were agreed on", got)
			}
			gorillaDeflates(t, conn, &wire)
		})
	}
}

func gorillaDeflates(t *testing.T, conn *gorilla.Conn, wire *countedConn) {
	t.Helper()
	deadline := time.Now().Add(patience)
	_ = conn.SetReadDeadline(deadline)
	_ = conn.SetWriteDeadline(deadline)
	echo := func(kind int, message string) {
		t.Helper()
		if err := gorillaFragments(conn, kind, message); err != nil {
			t.Fatal(err)
		}
		got, p, err := conn.ReadMessage()
		if err != nil || got != kind || string(p) != message {
			t.Fatalf("echo of %d bytes, type %d: %d bytes, type %d, %v", len(message), kind, len(p), got, err)
		}
	}
	var seed [32]byte
	random := rand.NewChaCha8(seed)
	for _, compress := range []bool{true, false, true} {
		conn.EnableWriteCompression(compress)
		for _, n := range deflateSizes {
			p := make([]byte, n)
			_, _ = random.Read(p)
			echo(gorilla.BinaryMessage, string(p)) // many frames: it does not compress
			echo(gorilla.BinaryMessage, string(bytes.Repeat(p[:n/7], 7)))
			echo(gorilla.TextMessage, strings.Repeat("世界", n/6)+strings.Repeat("x", n%6))
		}
	}

	echo(gorilla.TextMessage, strings.Repeat("x", 1<<20))
	in, out := wire.read.Load(), wire.written.Load()
	echo(gorilla.TextMessage, strings.Repeat("All work and no play. ", 5000))
	if in, out = wire.read.Load()-in, wire.written.Load()-out; in > 10_000 || out > 10_000 {
		t.Errorf("110,000 bytes of prose took %d bytes to come and %d to go", in, out)
	}

	if err := conn.WriteControl(gorilla.PingMessage, nil, deadline); err != nil {
		t.Fatal(err)
	}
	ponged := false
	conn.SetPongHandler(func(string) error { ponged = true; return nil })
	for i := range 500 {
		if err := conn.WriteJSON(map[string]int{"answer": i}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 500 {
		_, p, err := conn.ReadMessage()
		if want := fmt.Sprintf("{\"answer\":%d}\n", i); err != nil || string(p) != want {
			t.Fatalf("message %d is %q, %v", i, p, err)
		}
	}
	if !ponged {
		t.Error("no pong")
	}
	if err := conn.WriteControl(gorilla.CloseMessage, gorilla.FormatCloseMessage(4003, ""), deadline); err != nil {
		t.Fatal(err)
	}
	if _, _, err := conn.ReadMessage(); !gorilla.IsCloseError(err, 4003) {
		t.Errorf("after close: %v, want 4003 back", err)
	}
}

// countedConn counts the bytes of the connection that it dials.
type countedConn struct {
	net.Conn
	read, written atomic.Int64
}

func (c *countedConn) dial(ctx context.Context, network, addr string) (_ net.Conn, err error) {
	var d net.Dialer
	c.Conn, err = d.DialContext(ctx, network, addr)
	return c, err
}

func (c *countedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.read.Add(int64(n))
	return n, err
}

func (c *countedConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.written.Add(int64(n))
	return n, err
}
