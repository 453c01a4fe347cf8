package websocket_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/gobwas/ws"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
)

// TestUpgradeWindow: a window that was agreed is kept to, however a message is written. What
// repeats itself beyond the window is sent twice.
func TestUpgradeWindow(t *testing.T) {
	t.Parallel()
	const period = 5000
	noise := make([]byte, period, 2*period)
	for i := range noise {
		noise[i] = byte(rand.Uint32())
	}
	say := append(noise, noise...)
	prepared, err := websocket.NewPreparedMessage(websocket.BinaryMessage, say)
	if err != nil {
		t.Fatal(err)
	}
	ways := map[string]func(c *websocket.Conn) error{
		"WriteMessage":         func(c *websocket.Conn) error { return c.WriteMessage(websocket.BinaryMessage, say) },
		"WritePreparedMessage": func(c *websocket.Conn) error { return c.WritePreparedMessage(prepared) },
		"NextWriter": func(c *websocket.Conn) error {
			w, err := c.NextWriter(websocket.BinaryMessage)
			if err != nil {
				return err
			}
			for p := say; len(p) > 0 && err == nil; p = p[100:] {
				_, err = w.Write(p[:100])
			}
			if err != nil {
				return err
			}
			return w.Close()
		},
	}
	for bits := 8; bits <= 16; bits++ {
		offer := fmt.Sprint("permessage-deflate; server_max_window_bits=", bits)
		if bits == 16 {
			offer = "permessage-deflate"
		}
		for name, write := range ways {
			say := func(c *websocket.Conn) {
				if err := write(c); err != nil {
					t.Error(err)
				}
				_, _, _ = c.ReadMessage()
			}
			at := strings.Trim(served(t, false, func(w http.ResponseWriter, r *http.Request) {
				u := websocket.Upgrader{EnableCompression: true}
				c, err := u.Upgrade(w, r, nil)
				if err != nil {
					t.Error(err)
					return
				}
				defer c.Close()
				say(c)
			}), "ws:/")
			if bits%2 == 0 {
				at = serve(t, &websocket.FastHTTPUpgrader{EnableCompression: true}, say)
			}
			nc, err := net.Dial("tcp", at)
			if err != nil {
				t.Fatal(err)
			}
			if err := upgradeRequest("Sec-WebSocket-Extensions: " + offer).Write(nc); err != nil {
				t.Fatal(err)
			}
			br := bufio.NewReader(nc)
			if _, err := http.ReadResponse(br, nil); err != nil {
				t.Fatal(err)
			}
			sent := 0
			for fin := false; !fin; {
				h, err := ws.ReadHeader(br)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := br.Discard(int(h.Length)); err != nil {
					t.Fatal(err)
				}
				sent, fin = sent+int(h.Length), h.Fin
			}
			_ = nc.Close()
			if once := sent < period+period/2; once != (bits >= 13) {
				t.Errorf("%s with a window of %d bits sends %d bytes", name, bits, sent)
			}
		}
	}
}
