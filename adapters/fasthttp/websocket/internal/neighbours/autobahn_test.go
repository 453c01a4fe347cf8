package neighbours_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	gorilla "github.com/gorilla/websocket"
)

// TestAutobahn talks to the server of the Autobahn suite, which echoes in five ways, one for each path.
func TestAutobahn(t *testing.T) {
	eachVariant(t, examples("autobahn", "server.go"), func(t *testing.T, x example) {
		server := x.start(t)
		for _, path := range []string{"/c", "/f", "/r", "/m", "/p"} {
			for name, deflate := range map[string]bool{"plain": false, "deflate": true} {
				t.Run(path[1:]+"/"+name, func(t *testing.T) {
					t.Parallel()
					d := &gorilla.Dialer{EnableCompression: deflate, WriteBufferSize: 300}
					c := gorillaConn(t, d, "ws://"+server.addr+path, nil)
					echoes(t, c)
					invalid(t, c)
				})
			}
		}
	})
}

// echoes sends messages in one frame and in many, with a ping in between.
func echoes(t *testing.T, c *gorilla.Conn) {
	t.Helper()
	pongs := 0
	c.SetPongHandler(func(text string) error {
		if text == "between" {
			pongs++
		}
		return nil
	})
	sent := 0
	for _, kind := range []int{gorilla.TextMessage, gorilla.BinaryMessage} {
		for _, n := range []int{0, 1, 125, 126, 127, 1000, 65535, 65536, 200_000} {
			body := []byte(strings.Repeat("ä ", n/3) + strings.Repeat("x", n%3))
			for _, pieces := range []int{1, 3} {
				w, err := c.NextWriter(kind)
				if err != nil {
					t.Fatal(err)
				}
				for i := range pieces {
					if _, err := w.Write(body[len(body)*i/pieces : len(body)*(i+1)/pieces]); err != nil {
						t.Fatal(err)
					}
					if i == 0 {
						// Goes out between two frames of the message, if the buffer has been full.
						if err := c.WriteControl(gorilla.PingMessage, []byte("between"), time.Now().Add(patience)); err != nil {
							t.Fatal(err)
						}
						sent++
					}
				}
				if err := w.Close(); err != nil {
					t.Fatal(err)
				}
				got, text, err := c.ReadMessage()
				if err != nil || got != kind || !bytes.Equal(text, body) {
					t.Fatalf("echo of %d bytes, type %d: %d bytes, type %d, %v", n, kind, len(text), got, err)
				}
			}
		}
	}
	if pongs != sent {
		t.Errorf("%d pongs for %d pings", pongs, sent)
	}
}

// invalid sends text that is not UTF-8, which must end the connection with 1007 (RFC 6455 section 8.1).
func invalid(t *testing.T, c *gorilla.Conn) {
	t.Helper()
	if err := c.WriteMessage(gorilla.TextMessage, []byte("ab\xffcd")); err != nil {
		t.Fatal(err)
	}
	for {
		_, _, err := c.ReadMessage()
		if err == nil {
			continue // what comes before the end is the program's affair
		}
		if !gorilla.IsCloseError(err, gorilla.CloseInvalidFramePayloadData) {
			t.Errorf("invalid UTF-8: %v", err)
		}
		return
	}
}
