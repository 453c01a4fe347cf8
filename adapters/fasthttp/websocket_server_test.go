package fasthttp_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"testing"
	"time"

	gorilla "github.com/gorilla/websocket"
	fast "github.com/valyala/fasthttp"

	"github.com/sockeye-io/sockeye/adapters/fasthttp"
	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
	"github.com/sockeye-io/sockeye/engine"
)

// listen serves h with fasthttp's own server until the test ends.
func listen(t *testing.T, h fast.RequestHandler) (addr string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &fast.Server{Handler: h}
	served := make(chan error, 1)
	go func() { served <- s.Serve(ln) }()
	t.Cleanup(func() {
		if err := errors.Join(s.Shutdown(), <-served); err != nil {
			t.Error(err)
		}
	})
	return ln.Addr().String()
}

// TestNotes is the class diagram of the course notes, member by member.
func TestNotes(t *testing.T) {
	t.Parallel()
	var defaults fasthttp.WebSocketServer // echoes
	addr := listen(t, defaults.Handler)
	c, err := (&fasthttp.WebSocketClient{}).Dial("ws://"+addr, http.Header{"X-Mine": {"1"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.WriteMessage(websocket.BinaryMessage, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if mt, p, err := c.ReadMessage(); mt != websocket.BinaryMessage || string(p) != "x" || err != nil {
		t.Errorf("%d %q %v", mt, p, err)
	}
	if c.Conn.Subprotocol() != "" || c.Close() != nil {
		t.Error("the connection below is not there")
	}
	if err := c.WriteMessage(websocket.BinaryMessage, nil); err == nil {
		t.Error("a write after Close has no error")
	}
	if _, err := fasthttp.Dial("ws://" + addr + "\x00"); err == nil {
		t.Error("dialled what is no URL")
	}
}

// TestNotesAlone lets a program that has no WebSocketServer upgrade and go on elsewhere.
func TestNotesAlone(t *testing.T) {
	t.Parallel()
	done := make(chan error, 1)
	addr := listen(t, func(ctx *fast.RequestCtx) {
		var conn fasthttp.WebSocketConnection
		if err := conn.Upgrade(ctx); err != nil {
			if _, _, err := conn.ReadMessage(); !errors.Is(err, websocket.ErrNilConn) {
				t.Errorf("reading what was refused: %v", err)
			}
			return
		}
		go func() {
			defer conn.Close()
			mt, p, err := conn.ReadMessage()
			if err == nil {
				err = conn.WriteMessage(mt, p)
			}
			done <- err
		}()
	})
	c, err := fasthttp.Dial("ws://" + addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.WriteMessage(websocket.TextMessage, []byte("alone"))
	if _, p, err := c.ReadMessage(); string(p) != "alone" || err != nil {
		t.Errorf("%q %v", p, err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if _, _, err := c.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseAbnormalClosure) {
		t.Errorf("after the server's Close: %v", err)
	}
	if resp, err := http.Get("http://" + addr); err != nil || resp.StatusCode != 400 {
		t.Errorf("%v, %v", resp, err)
	} else {
		_ = resp.Body.Close()
	}
	http.DefaultClient.CloseIdleConnections()
}

// TestShutdown ends connections in both modes, on an engine of ours and on the default
// one, and lets everything begin anew.
func TestShutdown(t *testing.T) { // not parallel: it ends everybody's connections
	for _, own := range []bool{false, true, false} {
		var used *engine.Engine
		if own {
			e, err := engine.New(engine.Config{Loops: 1})
			if err != nil {
				t.Fatal(err)
			}
			used = e
			fasthttp.UseEngine(e)
		}
		blocking := &fasthttp.WebSocketServer{HandleWebSocket: func(c *fasthttp.WebSocketConnection) {
			for {
				mt, p, err := c.ReadMessage()
				if err != nil || c.WriteMessage(mt, p) != nil {
					return
				}
			}
		}}
		var callback fasthttp.WebSocketServer
		var peers []*gorilla.Conn
		for _, s := range []*fasthttp.WebSocketServer{blocking, &callback, blocking, &callback} {
			c, _, err := gorilla.DefaultDialer.Dial("ws://"+listen(t, s.Handler), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			_ = c.SetReadDeadline(time.Now().Add(time.Minute))
			_ = c.WriteMessage(gorilla.TextMessage, []byte("x"))
			if _, _, err := c.ReadMessage(); err != nil {
				t.Fatal(err)
			}
			peers = append(peers, c)
		}
		if s := fasthttp.ReadStats(); s.Blocking != 2 || s.Callback != 2 {
			t.Errorf("%+v", s)
		}
		told := make(chan error, len(peers))
		for _, c := range peers {
			go func() {
				_, _, err := c.ReadMessage() // answers the close frame
				_ = c.Close()
				told <- err
			}()
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := fasthttp.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		for range peers {
			if err := <-told; !gorilla.IsCloseError(err, gorilla.CloseGoingAway) {
				t.Errorf("a peer was told %v", err)
			}
		}
		if s := fasthttp.ReadStats(); s.Blocking != 0 || s.Callback != 0 {
			t.Errorf("after Shutdown: %+v", s)
		}
		if used != nil {
			fasthttp.UseEngine(nil)
			if err := used.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestShutdownCut ends a connection whose peer does not answer.
func TestShutdownCut(t *testing.T) { // not parallel, as TestShutdown
	var s fasthttp.WebSocketServer
	blocked := &fasthttp.WebSocketServer{HandleWebSocket: func(c *fasthttp.WebSocketConnection) {
		_, _, _ = c.ReadMessage()
	}}
	for _, h := range []fast.RequestHandler{s.Handler, blocked.Handler} {
		c, _, err := gorilla.DefaultDialer.Dial("ws://"+listen(t, h), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := fasthttp.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Shutdown told %v", err)
	}
}
