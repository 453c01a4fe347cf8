package websocket_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"net"
	"testing"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
)

// Pongs come whole and in order, also when the socket has no room for some, or for the whole of one.
func TestConnPongs(t *testing.T) {
	t.Parallel()
	const pings = 5_000
	for name, transport := range transports {
		server, client := transport(t)
		if tcp, ok := server.(*net.TCPConn); ok {
			_ = tcp.SetWriteBuffer(4096)
		}
		c := websocket.NewConn(server, true, 0, 0, nil, nil, nil)
		done := make(chan error, 1)
		go func() {
			_, _, err := c.ReadMessage()
			done <- err
		}()
		go func() {
			p := make([]byte, 119)
			for i := range pings {
				binary.BigEndian.PutUint32(p, uint32(i))
				if _, err := io.WriteString(client, clientFrame(0x89, string(p))); err != nil {
					t.Error(err)
					return
				}
			}
			if _, err := io.WriteString(client, clientFrame(0x88, "\x0f\xa0")); err != nil {
				t.Error(err)
			}
		}()
		want := append([]byte{0x8a, 119}, make([]byte, 119)...)
		got := make([]byte, len(want))
		for i := range pings {
			binary.BigEndian.PutUint32(want[2:], uint32(i))
			if _, err := io.ReadFull(client, got); err != nil || !bytes.Equal(got, want) {
				t.Fatalf("%s: pong %d: %x, %v", name, i, got, err)
			}
		}
		if _, err := io.ReadFull(client, got[:4]); err != nil || string(got[:4]) != "\x88\x02\x0f\xa0" {
			t.Errorf("%s: %x, %v", name, got[:4], err)
		}
		if err := <-done; !websocket.IsCloseError(err, 4000) {
			t.Errorf("%s: %v", name, err)
		}
		if err := c.WriteMessage(websocket.TextMessage, nil); err != websocket.ErrCloseSent {
			t.Errorf("%s: a message behind the close frame: %v", name, err)
		}
		_ = client.Close()
		_ = server.Close()
	}
}
