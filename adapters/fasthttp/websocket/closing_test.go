package websocket_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	gorilla "github.com/gorilla/websocket"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/internal/reactor"
	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
	"github.com/sockeye-io/sockeye/engine"
)

// raw connects without a client that knows frames.
func raw(t *testing.T, addr string) (net.Conn, *bufio.Reader) {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(nc, fastRequest+"\r\n"); err != nil {
		t.Fatal(err)
	}
	br := bufio.NewReader(nc)
	resp, err := http.ReadResponse(br, nil)
	if err != nil || resp.StatusCode != 101 {
		t.Fatalf("%v, %v", resp, err)
	}
	_ = resp.Body.Close()
	return nc, br
}

// TestCloseBeforeHandOver sends the close frame before the loop has the connection, which then sends none.
func TestCloseBeforeHandOver(t *testing.T) {
	t.Parallel()
	g := give(t)
	nc, br := raw(t, serve(t, &websocket.FastHTTPUpgrader{}, func(c *websocket.Conn) {
		_ = c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(4000, "us"), time.Now().Add(patience))
		g.onLoop(c)
	}))
	const frame = "\x88\x04\x0f\xa0us"
	got := make([]byte, len(frame))
	if _, err := io.ReadFull(br, got); err != nil || string(got) != frame {
		t.Fatalf("%q, %v", got, err)
	}
	_, _ = io.WriteString(nc, "\x88\x82\x00\x00\x00\x00\x0f\xa1")
	if rest, err := io.ReadAll(br); err != nil || len(rest) > 0 {
		t.Errorf("behind the close frame: %q, %v", rest, err)
	}
	_ = nc.Close()
	if err := within(t, "OnClose", g.closed); !websocket.IsCloseError(err, 4001) {
		t.Errorf("OnClose was told %v", err)
	}
}

// TestWritersWhileDraining lets the engine tell the peer to go while others write.
func TestWritersWhileDraining(t *testing.T) { // not parallel: it changes the engine
	for name, shutdown := range map[string]func(*engine.Engine, context.Context) error{
		"engine":  (*engine.Engine).Shutdown,
		"adapter": func(_ *engine.Engine, ctx context.Context) error { return reactor.Shutdown(ctx) },
	} {
		t.Run(name, func(t *testing.T) {
			e, err := engine.New(engine.Config{Loops: 1})
			if err != nil {
				t.Fatal(err)
			}
			reactor.Use(e)
			t.Cleanup(func() {
				reactor.Use(nil)
				_ = e.Close()
			})
			ended := make(chan error, 1)
			nc, br := raw(t, serve(t, &websocket.FastHTTPUpgrader{}, func(c *websocket.Conn) {
				_ = c.OnMessage(func(c *websocket.Conn, mt int, p []byte) { _ = c.WriteMessage(mt, p) })
				go func() {
					for {
						if err := c.WriteMessage(websocket.TextMessage, nil); err != nil {
							ended <- err
							return
						}
					}
				}()
			}))
			until := func(first byte) {
				frame := make([]byte, 2)
				for frame[0] != first {
					if _, err := io.ReadFull(br, frame); err != nil {
						t.Fatal(err)
					}
				}
				_, _ = io.CopyN(io.Discard, br, int64(frame[1]))
			}
			_, _ = io.WriteString(nc, "\x82\x81\x00\x00\x00\x00x")
			until(0x82) // the loop has it
			done := make(chan error, 1)
			go func() {
				ctx, cancel := context.WithTimeout(context.Background(), patience)
				defer cancel()
				done <- shutdown(e, ctx)
			}()
			until(0x88)
			_, _ = io.WriteString(nc, "\x82\x80\x00\x00\x00\x00") // is not echoed
			if err := within(t, "the writer", ended); !errors.Is(err, websocket.ErrCloseSent) {
				t.Errorf("the writer had %v", err)
			}
			_, _ = io.WriteString(nc, "\x88\x82\x00\x00\x00\x00\x03\xe9")
			if rest, err := io.ReadAll(br); err != nil || len(rest) > 0 {
				t.Errorf("behind the close frame: %q, %v", rest[:min(len(rest), 20)], err)
			}
			_ = nc.Close()
			if err := within(t, "the end", done); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestHandlerFails lets a handler write and then end the connection with an error.
func TestHandlerFails(t *testing.T) {
	t.Parallel()
	g := give(t)
	mine := errors.New("mine")
	p := dial(t, serve(t, &websocket.FastHTTPUpgrader{}, func(c *websocket.Conn) {
		c.SetPingHandler(func(string) error {
			_ = c.WriteMessage(websocket.TextMessage, []byte("first"))
			_ = c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(4000, ""), time.Now().Add(patience))
			return mine
		})
		g.onLoop(c)
	}))
	_ = p.WriteControl(gorilla.PingMessage, nil, time.Now().Add(patience))
	if _, got, err := p.ReadMessage(); err != nil || string(got) != "first" {
		t.Errorf("%q, %v", got, err)
	}
	if _, _, err := p.ReadMessage(); !gorilla.IsCloseError(err, 4000) {
		t.Errorf("the peer read %v", err)
	}
	_ = p.Close()
	if err := within(t, "OnClose", g.closed); !errors.Is(err, mine) {
		t.Errorf("OnClose was told %v", err)
	}
}
