package websocket_test

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	gorilla "github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// gnet starts a pool for the whole process when it is imported.
		goleak.IgnoreTopFunction("github.com/panjf2000/ants/v2.(*poolCommon).purgeStaleWorkers"),
		goleak.IgnoreTopFunction("github.com/panjf2000/ants/v2.(*poolCommon).ticktock"))
}

// echo answers every message with itself.
type echo struct{}

func (echo) OnOpen(*websocket.Conn, *websocket.Request) error { return nil }
func (echo) OnMessage(c *websocket.Conn, t websocket.MessageType, p []byte) {
	_ = c.WriteMessage(t, p)
}
func (echo) OnClose(*websocket.Conn, error) {}

func start(t testing.TB) *engine.Engine {
	t.Helper()
	e, err := engine.New(engine.Config{Loops: 2})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- e.Serve(context.Background()) }()
	t.Cleanup(func() {
		_ = e.Close()
		if err := <-done; !errors.Is(err, engine.ErrServerClosed) {
			t.Errorf("Serve: %v, want ErrServerClosed", err)
		}
	})
	return e
}

// serve returns the URL of a server.
func serve(t testing.TB, e *engine.Engine, h websocket.Handler, o websocket.Options) (string, *websocket.Server) {
	t.Helper()
	srv := websocket.NewServer(h, o)
	ln, err := e.Listen("tcp", "127.0.0.1:0", srv, engine.ListenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return "ws://" + ln.Addr().String() + "/", srv
}

func TestGorillaClient(t *testing.T) {
	t.Parallel()
	url, _ := serve(t, start(t), echo{}, websocket.Options{})
	c, resp, err := gorilla.DefaultDialer.Dial(url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = resp.Body.Close()
	_ = c.SetReadDeadline(time.Now().Add(20 * time.Second))
	for _, n := range []int{0, 1, 20, 125, 126, 127, 1000, 4096, 16000, 16384, 65535, 65536, 1 << 20} {
		msg := bytes.Repeat([]byte("é"), n/2)
		if err := c.WriteMessage(gorilla.TextMessage, msg); err != nil {
			t.Fatal(err)
		}
		kind, got, err := c.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		if kind != gorilla.TextMessage || !bytes.Equal(got, msg) {
			t.Fatalf("echo of %d bytes: kind %d, %d bytes", len(msg), kind, len(got))
		}
	}
	if err := c.WriteMessage(gorilla.CloseMessage, gorilla.FormatCloseMessage(4001, "bye")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.ReadMessage(); !gorilla.IsCloseError(err, 4001) {
		t.Fatalf("after close: %v, want the code echoed", err)
	}
}

// talk is a client that collects what it receives.
type talk struct {
	opened   func(c *websocket.Conn)
	messages chan string
	closed   chan error
}

func newTalk() *talk { return &talk{messages: make(chan string, 100), closed: make(chan error, 1)} }

func (k *talk) OnOpen(c *websocket.Conn, _ *websocket.Request) error {
	if k.opened != nil {
		k.opened(c)
	}
	return nil
}

func (k *talk) OnMessage(_ *websocket.Conn, _ websocket.MessageType, p []byte) {
	k.messages <- string(p)
}
func (k *talk) OnClose(_ *websocket.Conn, err error) { k.closed <- err }

func TestOwnClient(t *testing.T) {
	t.Parallel()
	e := start(t)
	url, srv := serve(t, e, echo{}, websocket.Options{})
	k := newTalk()
	h, err := websocket.Dial(t.Context(), e, url, k, websocket.DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range []string{"one", "two"} {
		if err := h.WriteMessage(websocket.Text, []byte(m)); err != nil {
			t.Fatal(err)
		}
		if got := <-k.messages; got != m {
			t.Fatalf("got %q, want %q", got, m)
		}
	}
	if err := srv.Broadcast(websocket.Prepare(websocket.Text, []byte("all"))); err != nil {
		t.Fatal(err)
	}
	if got := <-k.messages; got != "all" {
		t.Fatalf("got %q from a broadcast", got)
	}
	if err := h.Close(websocket.CodeNormal, "done"); err != nil {
		t.Fatal(err)
	}
	var ce *websocket.CloseError
	if err := <-k.closed; !errors.As(err, &ce) || ce.Code != websocket.CodeNormal || ce.Err != nil {
		t.Fatalf("closed with %v, want 1000", err)
	}
	if err := h.WriteMessage(websocket.Text, nil); !errors.Is(err, engine.ErrClosed) {
		t.Fatalf("write after close: %v, want ErrClosed", err)
	}
}
