package stream_test

import (
	"bufio"
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sockeye-io/sockeye/codec"
	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/stream"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// gnet starts a pool for the whole process when it is imported.
		goleak.IgnoreTopFunction("github.com/panjf2000/ants/v2.(*poolCommon).purgeStaleWorkers"),
		goleak.IgnoreTopFunction("github.com/panjf2000/ants/v2.(*poolCommon).ticktock"))
}

// shout answers in upper case and tells how connections end.
type shout struct{ closed chan error }

func (shout) OnOpen(*stream.Conn) error { return nil }
func (shout) OnMessage(c *stream.Conn, p []byte) {
	_ = c.WriteMessage([]byte(strings.ToUpper(string(p))))
}
func (s shout) OnClose(_ *stream.Conn, err error) { s.closed <- err }

func start(t *testing.T) *engine.Engine {
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

func serve(t *testing.T, e *engine.Engine, f codec.Framing) (net.Conn, *stream.Server, chan error) {
	t.Helper()
	h := shout{closed: make(chan error, 10)}
	srv, err := stream.NewServer(h, f)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := e.Listen("tcp", "127.0.0.1:0", srv, engine.ListenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	nc, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(20 * time.Second))
	return nc, srv, h.closed
}

func TestLines(t *testing.T) {
	t.Parallel()
	e := start(t)
	nc, srv, closed := serve(t, e, codec.Line{Max: 10})
	r := bufio.NewReader(nc)
	for _, part := range []string{"on", "e\ntw", "o\r\n", "\n"} {
		if _, err := nc.Write([]byte(part)); err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"ONE\n", "TWO\n", "\n"} {
		if got, err := r.ReadString('\n'); err != nil || got != want {
			t.Fatalf("got %q, %v, want %q", got, err, want)
		}
	}
	if err := srv.Broadcast(e, []byte("all")); err != nil {
		t.Fatal(err)
	}
	if got, err := r.ReadString('\n'); err != nil || got != "all\n" {
		t.Fatalf("got %q, %v from a broadcast", got, err)
	}
	if _, err := nc.Write([]byte("far too long a line")); err != nil {
		t.Fatal(err)
	}
	if err := <-closed; !errors.Is(err, codec.ErrTooLong) {
		t.Fatalf("closed with %v, want ErrTooLong", err)
	}
	if s := srv.Stats(); s.MessagesIn != 3 || s.Malformed != 1 {
		t.Fatalf("stats %+v", s)
	}
}

// collect keeps what a dialled connection receives.
type collect struct{ got chan string }

func (collect) OnOpen(*stream.Conn) error            { return nil }
func (c collect) OnMessage(_ *stream.Conn, p []byte) { c.got <- string(p) }
func (collect) OnClose(*stream.Conn, error)          {}

func TestDial(t *testing.T) {
	t.Parallel()
	e := start(t)
	f := codec.LengthPrefix{Width: 2}
	nc, _, _ := serve(t, e, f)
	c := collect{got: make(chan string, 10)}
	h, err := stream.Dial(t.Context(), e, "tcp", nc.RemoteAddr().String(), c, f, engine.DialOptions{})
	if err != nil {
		t.Fatal(err)
	}
	big := strings.Repeat("x", 60000)
	for _, m := range []string{"hello", "", big} {
		if err := h.WriteMessage([]byte(m)); err != nil {
			t.Fatal(err)
		}
		if got := <-c.got; got != strings.ToUpper(m) {
			t.Fatalf("got %d bytes, want %d in upper case", len(got), len(m))
		}
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestInvalidFraming(t *testing.T) {
	t.Parallel()
	if _, err := stream.NewServer(shout{}, codec.Fixed{}); !errors.Is(err, codec.ErrInvalidFraming) {
		t.Fatalf("got %v, want ErrInvalidFraming", err)
	}
}
