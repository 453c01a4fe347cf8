package nethttp_test

import (
	"bytes"
	"crypto/tls"
	"net/http"
	"testing"
	"time"

	gorilla "github.com/gorilla/websocket"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// TestGorilla is a client of another library, with and without TLS and
// compression.
func TestGorilla(t *testing.T) {
	t.Parallel()
	for _, m := range modes[:2] {
		s := m.serve(t, handler(t, &app{}, websocket.Options{
			Subprotocols: []string{"b"}, Compression: &websocket.Compression{Takeover: true},
		}))
		for _, deflate := range []bool{false, true} {
			d := gorilla.Dialer{
				TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, EnableCompression: deflate, Subprotocols: []string{"a", "b"},
			}
			c, resp, err := d.Dial(s.ws()+"/x", http.Header{"Origin": {s.URL}})
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			_ = c.SetReadDeadline(time.Now().Add(patience))
			diff(t, "subprotocol", "b", c.Subprotocol())
			diff(t, "compression", deflate, resp.Header.Get("Sec-WebSocket-Extensions") != "")
			for _, n := range []int{0, 1, 125, 126, 4096, 65536, 1 << 20} {
				msg := bytes.Repeat([]byte("é"), n/2)
				if err := c.WriteMessage(gorilla.TextMessage, msg); err != nil {
					t.Fatal(err)
				}
				if kind, got, err := c.ReadMessage(); err != nil || kind != gorilla.TextMessage || !bytes.Equal(got, msg) {
					t.Fatalf("echo of %d bytes: kind %d, %d bytes, %v", len(msg), kind, len(got), err)
				}
			}
			if err := c.WriteMessage(gorilla.CloseMessage, gorilla.FormatCloseMessage(4001, "bye")); err != nil {
				t.Fatal(err)
			}
			if _, _, err := c.ReadMessage(); !gorilla.IsCloseError(err, 4001) {
				t.Errorf("after close: %v, want the code echoed", err)
			}
			_ = c.Close()
		}
	}
}

// TestOwnClients are Dial and DialClient of this project.
func TestOwnClients(t *testing.T) {
	t.Parallel()
	for _, m := range modes[:2] {
		h := handler(t, &app{}, websocket.Options{Compression: &websocket.Compression{}})
		s := m.serve(t, h)
		o := websocket.DialOptions{TLS: &tls.Config{InsecureSkipVerify: true}}
		o.Compression = &websocket.Compression{}

		c, err := websocket.DialClient(t.Context(), s.ws(), o)
		if err != nil {
			t.Fatal(err)
		}
		msg := bytes.Repeat([]byte("again "), 100)
		if err := c.WriteMessage(t.Context(), websocket.Text, msg); err != nil {
			t.Error(err)
		}
		if _, got, err := c.ReadMessage(t.Context()); err != nil || !bytes.Equal(got, msg) || !c.Compressed() {
			t.Errorf("%s: echo %.20q, %v", m.name, got, err)
		}
		if err := c.Close(websocket.CodeNormal, ""); err != nil {
			t.Error(err)
		}

		got := make(chan string, 1)
		k := &app{
			open:    func(c *websocket.Conn, _ *websocket.Request) error { return c.WriteMessage(websocket.Text, msg) },
			message: func(_ *websocket.Conn, _ websocket.MessageType, p []byte) { got <- string(p) },
			closed:  make(chan error, 1),
		}
		handle, err := websocket.Dial(t.Context(), start(t, engine.Config{}), s.ws(), k, o)
		if err != nil {
			t.Fatal(err)
		}
		diff(t, "echo", string(msg), wait(t, got, "echo"))
		_ = handle.Close(websocket.CodeNormal, "")
		closedWith(t, wait(t, k.closed, "OnClose"), websocket.CodeNormal, nil)
	}
}
