package fasthttp_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	gorilla "github.com/gorilla/websocket"
	fast "github.com/valyala/fasthttp"

	"github.com/sockeye-io/sockeye/adapters/fasthttp"
	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
	"github.com/sockeye-io/sockeye/engine"
)

// TestServeWebSocket upgrades on an engine that serves HTTP too, in both modes.
func TestServeWebSocket(t *testing.T) {
	t.Parallel()
	modes := map[string]func(c *websocket.Conn){
		"blocking": func(c *websocket.Conn) {
			for {
				mt, p, err := c.ReadMessage()
				if err != nil || c.WriteMessage(mt, p) != nil {
					return
				}
			}
		},
		"callback": func(c *websocket.Conn) {
			_ = c.OnMessage(func(c *websocket.Conn, mt int, p []byte) { _ = c.WriteMessage(mt, p) })
		},
		"welcome, then blocking": func(c *websocket.Conn) {
			_ = c.WriteMessage(websocket.TextMessage, []byte("welcome"))
			for {
				mt, p, err := c.ReadMessage()
				if err != nil || c.WriteMessage(mt, p) != nil {
					return
				}
			}
		},
	}
	for name, handler := range modes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, err := engine.New(engine.Config{Loops: 1})
			if err != nil {
				t.Fatal(err)
			}
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			u := &websocket.FastHTTPUpgrader{EnableCompression: true}
			if _, err := fasthttp.Serve(e, ln, func(ctx *fast.RequestCtx) {
				if websocket.FastHTTPIsWebSocketUpgrade(ctx) {
					_ = u.Upgrade(ctx, handler)
					return
				}
				_, _ = ctx.WriteString("plain")
			}, fasthttp.ServeOptions{}); err != nil {
				t.Fatal(err)
			}
			served := make(chan error, 1)
			go func() { served <- e.Serve(context.Background()) }()
			t.Cleanup(func() {
				_ = e.Close()
				if err := <-served; !errors.Is(err, engine.ErrServerClosed) {
					t.Error(err)
				}
			})
			addr := ln.Addr().String()
			for _, compress := range []bool{false, true} {
				d := gorilla.Dialer{EnableCompression: compress}
				c, _, err := d.Dial("ws://"+addr, nil)
				if err != nil {
					t.Fatal(err)
				}
				defer c.Close()
				_ = c.SetReadDeadline(time.Now().Add(time.Minute))
				if strings.HasPrefix(name, "welcome") {
					if _, p, err := c.ReadMessage(); err != nil || string(p) != "welcome" {
						t.Fatalf("%q, %v", p, err)
					}
				}
				for _, n := range []int{0, 1, 125, 126, 65535, 65536, 300_000} {
					want := bytes.Repeat([]byte("z"), n)
					if err := c.WriteMessage(gorilla.TextMessage, want); err != nil {
						t.Fatal(err)
					}
					if _, got, err := c.ReadMessage(); err != nil || !bytes.Equal(got, want) {
						t.Fatalf("%d bytes: %d, %v", n, len(got), err)
					}
				}
				_ = c.WriteControl(gorilla.CloseMessage, gorilla.FormatCloseMessage(4001, ""), time.Time{})
				if _, _, err := c.ReadMessage(); !gorilla.IsCloseError(err, 4001) {
					t.Error(err)
				}
			}
			nc, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			_, _ = io.WriteString(nc, "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
			if got, err := io.ReadAll(nc); err != nil || !strings.HasSuffix(string(got), "\r\n\r\nplain") {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}
