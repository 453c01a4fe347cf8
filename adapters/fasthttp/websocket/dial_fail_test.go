package websocket_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
)

// TestDialTraceInterim: the hook for interim responses is called, and may end the dial.
func TestDialTraceInterim(t *testing.T) {
	t.Parallel()
	enough := errors.New("enough")
	var seen []string
	ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
		Got1xxResponse: func(code int, header textproto.MIMEHeader) error {
			seen = append(seen, fmt.Sprint(code, header.Get("A")))
			if code == 104 {
				return enough
			}
			return nil
		},
	})
	at := answering(t, "HTTP/1.1 103 \r\nA: b\r\n\r\nHTTP/1.1 104 \r\n\r\n", switching())
	if _, _, err := new(websocket.Dialer).DialContext(ctx, at, nil); err != enough {
		t.Errorf("got %v", err)
	}
	if got := strings.Join(seen, ","); got != "103b,104" {
		t.Errorf("the hook saw %q", got)
	}
}

// TestDialFailsClosed: whatever fails, the connection is closed, with a deadline that
// cannot be set too.
func TestDialFailsClosed(t *testing.T) {
	t.Parallel()
	no := errors.New("no deadlines")
	closed := 0
	d := websocket.Dialer{NetDialContext: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			defer theirs.Close()
			if r, err := http.ReadRequest(bufio.NewReader(theirs)); err == nil {
				key := websocket.ComputeAcceptKey(r.Header.Get("Sec-Websocket-Key"))
				_, _ = io.WriteString(theirs, strings.ReplaceAll(switching(), "%ACCEPT%", key))
				_ = untilClosed(theirs)
			}
		}()
		return &stubborn{Conn: ours, no: no, closed: &closed}, nil
	}}
	if c, _, err := d.Dial("ws://a/", nil); c != nil || err != no || closed != 1 {
		t.Errorf("%v, %v, closed %d times", c, err, closed)
	}
	d.HandshakeTimeout = bearing
	if c, _, err := d.Dial("ws://a/", nil); c != nil || err != no || closed != 2 {
		t.Errorf("%v, %v, closed %d times", c, err, closed)
	}
	d.NetDialContext = nil
	d.NetDial = func(string, string) (net.Conn, error) { return nil, no }
	if c, _, err := d.Dial("ws://a/", nil); c != nil || err != no {
		t.Errorf("%v, %v", c, err)
	}
	d.Proxy = func(*http.Request) (*url.URL, error) { return nil, no }
	if c, _, err := d.Dial("ws://a/", nil); c != nil || err != no {
		t.Errorf("%v, %v", c, err)
	}
}

// stubborn has no deadlines, and counts its closes.
type stubborn struct {
	net.Conn
	no     error
	closed *int
}

func (c *stubborn) SetDeadline(time.Time) error { return c.no }

func (c *stubborn) Close() error {
	*c.closed++
	return c.Conn.Close()
}
