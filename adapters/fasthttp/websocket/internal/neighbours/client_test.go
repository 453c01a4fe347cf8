package neighbours_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	gorilla "github.com/gorilla/websocket"

	"github.com/sockeye-io/sockeye/engine/websocket"
)

// peer is a client connection, of one of two implementations, neither of which is under test. Its methods fail the
// test and so belong to its goroutine.
type peer interface {
	send(text string)
	receive() string
	// end sends a close frame and gives the code of the answer.
	end(code int) int
	// ended reads the end of the connection and gives its code, 1006 if there was no close frame.
	ended() int
}

// peers are the clients that the programs are tried with.
var peers = map[string]func(t *testing.T, url string) peer{"gorilla": dialGorilla, "sockeye": dialSockeye}

// eachPeer runs test with each client.
func eachPeer(t *testing.T, test func(t *testing.T, dial func(t *testing.T, url string) peer)) {
	t.Helper()
	for name, dial := range peers {
		t.Run(name, func(t *testing.T) { test(t, dial) })
	}
}

type gorillaPeer struct {
	t *testing.T
	c *gorilla.Conn
}

func dialGorilla(t *testing.T, url string) peer {
	t.Helper()
	return gorillaPeer{t, gorillaConn(t, &gorilla.Dialer{}, url, nil)}
}

// gorillaConn is gorilla's own connection, for what peer does not do.
func gorillaConn(t *testing.T, d *gorilla.Dialer, url string, h http.Header) *gorilla.Conn {
	t.Helper()
	c, resp, err := d.DialContext(t.Context(), url, h)
	if err != nil {
		status := ""
		if resp != nil {
			status = resp.Status
		}
		t.Fatalf("%s: %v %s", url, err, status)
	}
	t.Cleanup(func() { c.Close() })
	deadline := time.Now().Add(patience)
	_ = c.SetReadDeadline(deadline)
	_ = c.SetWriteDeadline(deadline)
	return c
}

func (p gorillaPeer) send(text string) {
	p.t.Helper()
	if err := p.c.WriteMessage(gorilla.TextMessage, []byte(text)); err != nil {
		p.t.Fatal(err)
	}
}

func (p gorillaPeer) receive() string {
	p.t.Helper()
	kind, text, err := p.c.ReadMessage()
	if err != nil || kind != gorilla.TextMessage {
		p.t.Fatalf("received a message of type %d: %v", kind, err)
	}
	return string(text)
}

func (p gorillaPeer) end(code int) int {
	p.t.Helper()
	if err := p.c.WriteMessage(gorilla.CloseMessage, gorilla.FormatCloseMessage(code, "")); err != nil {
		p.t.Fatal(err)
	}
	return p.ended()
}

func (p gorillaPeer) ended() int {
	p.t.Helper()
	_, text, err := p.c.ReadMessage()
	if e := (*gorilla.CloseError)(nil); errors.As(err, &e) {
		return e.Code
	}
	if err == nil {
		p.t.Fatalf("received %q, not the end", text)
	}
	return gorilla.CloseAbnormalClosure
}

type sockeyePeer struct {
	t   *testing.T
	ctx context.Context
	c   *websocket.Client
}

func dialSockeye(t *testing.T, url string) peer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	c, err := websocket.DialClient(ctx, url, websocket.DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.CloseNow(); cancel() })
	return sockeyePeer{t, ctx, c}
}

func (p sockeyePeer) send(text string) {
	p.t.Helper()
	if err := p.c.WriteMessage(p.ctx, websocket.Text, []byte(text)); err != nil {
		p.t.Fatal(err)
	}
}

func (p sockeyePeer) receive() string {
	p.t.Helper()
	kind, text, err := p.c.ReadMessage(p.ctx)
	if err != nil || kind != websocket.Text {
		p.t.Fatalf("received a message of type %v: %v", kind, err)
	}
	return string(text)
}

func (p sockeyePeer) end(code int) int {
	p.t.Helper()
	// Close waits for the answer, and says what it was to whoever reads.
	if err := p.c.Close(code, ""); err != nil {
		p.t.Fatal(err)
	}
	return p.ended()
}

func (p sockeyePeer) ended() int {
	p.t.Helper()
	_, text, err := p.c.ReadMessage(p.ctx)
	if e := (*websocket.CloseError)(nil); errors.As(err, &e) {
		return e.Code
	}
	if err == nil {
		p.t.Fatalf("received %q, not the end", text)
	}
	return gorilla.CloseAbnormalClosure
}

// fetch is a GET without an upgrade.
func fetch(t *testing.T, url string) (status int, body string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Close = true // leaves nothing behind
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}
