package websocket_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
)

// endless says so again and again, until nobody listens.
func endless(nc net.Conn, head, more string) error {
	_, _ = nc.Read(make([]byte, 4096))
	_, err := io.WriteString(nc, head)
	for chunk := strings.Repeat(more, 1000); err == nil; {
		_, err = io.WriteString(nc, chunk)
	}
	return nil
}

// TestDialEndlessHead: nothing that a server sends before the end of a head is kept
// without a bound.
func TestDialEndlessHead(t *testing.T) {
	t.Parallel()
	const ok = "HTTP/1.1 101 OK\r\n"
	for name, tt := range map[string]struct{ head, more string }{
		"line":    {"", "HTTP/1.1 "},
		"reason":  {"HTTP/1.1 101 ", "a"},
		"name":    {ok, "a"},
		"value":   {ok + "A: ", "a"},
		"fields":  {ok, "A: b\r\n"},
		"folds":   {ok + "A: b\r\n", " c\r\n"},
		"interim": {"", "HTTP/1.1 103 \r\n\r\n"},
	} {
		at := scripted(t, func(nc net.Conn) error { return endless(nc, tt.head, tt.more) })
		c, resp, err := new(websocket.Dialer).Dial("ws://"+at, nil)
		if c != nil || resp != nil || !errors.Is(err, websocket.ErrHeadTooLong) {
			t.Errorf("%s: %v, %v", name, resp, err)
		}
		d := websocket.Dialer{Proxy: through("http://" + at)}
		if _, _, err := d.Dial("ws://a/", nil); !errors.Is(err, websocket.ErrHeadTooLong) {
			t.Errorf("%s of a proxy: %v", name, err)
		}
	}
	// The head of a refusal has an end, its body has not.
	for name, tt := range map[string]struct{ head, more string }{
		"body":            {"HTTP/1.1 403 \r\n\r\n", "a"},
		"chunk extension": {"HTTP/1.1 403 \r\nTransfer-Encoding: chunked\r\n\r\n1;", "a"},
		"trailer":         {"HTTP/1.1 403 \r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "A: b\r\n"},
	} {
		at := scripted(t, func(nc net.Conn) error { return endless(nc, tt.head, tt.more) })
		if _, resp, err := new(websocket.Dialer).Dial("ws://"+at, nil); err != websocket.ErrBadHandshake || resp.StatusCode != 403 {
			t.Errorf("%s: %v, %v", name, resp, err)
		}
	}
}

// TestDialEarly: frames that come in one piece with the answer are not lost, more of
// them than a reader takes at once.
func TestDialEarly(t *testing.T) {
	t.Parallel()
	var frames strings.Builder
	for i := range 200 {
		fmt.Fprintf(&frames, "\x82\x7e\x00\xc8%-200d", i)
	}
	for name, tt := range map[string]struct{ first, then string }{
		"together":        {frames.String(), ""},
		"half of a frame": {frames.String()[:333], frames.String()[333:]},
		"half a header":   {frames.String()[:1], frames.String()[1:]},
	} {
		d := websocket.Dialer{ReadBufferSize: 1}
		u := "ws://" + scripted(t, func(nc net.Conn) error {
			accept(t, nc, switching(), tt.first)
			_, _ = io.WriteString(nc, tt.then)
			return untilClosed(nc)
		})
		c, _, err := d.Dial(u, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 200 {
			_, p, err := c.ReadMessage()
			if got := strings.TrimSpace(string(p)); err != nil || got != fmt.Sprint(i) {
				t.Fatalf("%s: message %d is %q, %v", name, i, got, err)
			}
		}
		_ = c.Close()
	}
}
