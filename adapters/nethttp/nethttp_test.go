package nethttp_test

import (
	"context"
	"errors"
	"io"
	"log"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/sockeye-io/sockeye/adapters/nethttp"
	_ "github.com/sockeye-io/sockeye/adapters/nethttp/xconnect"
	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// gnet starts a pool for the whole process when it is imported.
		goleak.IgnoreTopFunction("github.com/panjf2000/ants/v2.(*poolCommon).purgeStaleWorkers"),
		goleak.IgnoreTopFunction("github.com/panjf2000/ants/v2.(*poolCommon).ticktock"))
}

// patience bounds every wait; it only passes when a test fails.
const patience = 30 * time.Second

// quiet and silent are for handlers that panic on purpose.
var (
	quiet  = log.New(io.Discard, "", 0)
	silent = slog.New(slog.DiscardHandler)
)

func start(t testing.TB, cfg engine.Config) *engine.Engine {
	t.Helper()
	cfg.Loops = 2
	e, err := engine.New(cfg)
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

// app is a Handler made of functions; without message it echoes. What OnClose
// was told goes to closed, if that is there.
type app struct {
	open    func(c *websocket.Conn, r *websocket.Request) error
	message func(c *websocket.Conn, t websocket.MessageType, p []byte)
	closed  chan error
}

func (a *app) OnOpen(c *websocket.Conn, r *websocket.Request) error {
	if a.open == nil {
		return nil
	}
	return a.open(c, r)
}

func (a *app) OnMessage(c *websocket.Conn, t websocket.MessageType, p []byte) {
	if a.message == nil {
		_ = c.WriteMessage(t, p)
		return
	}
	a.message(c, t, p)
}

func (a *app) OnClose(_ *websocket.Conn, err error) {
	if a.closed != nil {
		a.closed <- err
	}
}

// handler is a Handler with an engine of its own.
func handler(t testing.TB, a *app, o websocket.Options) *nethttp.Handler {
	t.Helper()
	return &nethttp.Handler{Engine: start(t, engine.Config{}), Server: websocket.NewServer(a, o)}
}

func wait[T any](t testing.TB, ch <-chan T, what string) T {
	t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case v := <-ch:
		return v
	case <-timer.C:
		t.Fatalf("no %s within %v", what, patience)
		panic("not reached")
	}
}

func diff(t testing.TB, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func closedWith(t testing.TB, err error, code int, cause error) {
	t.Helper()
	var ce *websocket.CloseError
	switch {
	case !errors.As(err, &ce):
		t.Errorf("OnClose was told %v, want a *CloseError", err)
	case ce.Code != code || cause != nil && !errors.Is(ce.Err, cause):
		t.Errorf("OnClose was told %v, want code %d and cause %v", err, code, cause)
	}
}

// returned tells what Upgrade returned, and that it did.
func returned(h *nethttp.Handler, user any) (http.Handler, <-chan error) {
	errs := make(chan error, 100)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		errs <- h.Upgrade(w, r, user)
	}), errs
}
