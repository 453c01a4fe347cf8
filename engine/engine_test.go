package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/sockeye-io/sockeye/engine"
)

// TestMain finds goroutines and descriptors that outlive the tests. It is also
// the main function of the children that some tests start.
func TestMain(m *testing.M) {
	if child := children[os.Getenv(childEnv)]; child != nil {
		os.Exit(child())
	}
	warmUp()
	before := descriptors()
	goleak.VerifyTestMain(m,
		goleak.Cleanup(func(code int) {
			for fd, what := range descriptors() {
				if before[fd] == "" {
					fmt.Fprintln(os.Stderr, "descriptor leaked:", fd, what)
					code = max(code, 1)
				}
			}
			os.Exit(code)
		}),
		// gnet starts a pool for the whole process when it is imported.
		goleak.IgnoreTopFunction("github.com/panjf2000/ants/v2.(*poolCommon).purgeStaleWorkers"),
		goleak.IgnoreTopFunction("github.com/panjf2000/ants/v2.(*poolCommon).ticktock"))
}

// warmUp opens what the Go runtime keeps open once it has been used.
func warmUp() {
	if ln, err := net.Listen("tcp", "127.0.0.1:0"); err == nil {
		_ = ln.Close()
	}
}

const childEnv = "SOCKEYE_TEST_CHILD"

// children are what the test binary does when childEnv names one.
var children = map[string]func() int{}

// echo answers every byte.
type echo struct{}

func (echo) OnOpen(*engine.Conn) error { return nil }
func (echo) OnData(c *engine.Conn, p []byte) (int, error) {
	_, err := c.Write(p)
	return len(p), err
}
func (echo) OnClose(*engine.Conn, error) {}

// start serves h and ends the engine with the test.
func start(t testing.TB, cfg engine.Config) *engine.Engine {
	t.Helper()
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

func listen(t testing.TB, e *engine.Engine, network, addr string, h engine.Handler, o engine.ListenOptions) *engine.Listener {
	t.Helper()
	ln, err := e.Listen(network, addr, h, o)
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

func dial(t testing.TB, a net.Addr) net.Conn {
	t.Helper()
	nc, err := net.Dial(a.Network(), a.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	if err := nc.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return nc
}

func TestEcho(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, tt := range []struct{ network, addr string }{
		{"tcp", "localhost:0"},
		{"tcp4", "127.0.0.1:0"},
		{"tcp6", "[::1]:0"},
		{"unix", dir + "/s"},
		{"unix", "@sockeye-test-echo"},
		{"unixpacket", dir + "/p"},
	} {
		t.Run(tt.network+" "+tt.addr, func(t *testing.T) {
			t.Parallel()
			e := start(t, engine.Config{Loops: 2})
			ln := listen(t, e, tt.network, tt.addr, echo{}, engine.ListenOptions{})
			nc := dial(t, ln.Addr())
			for _, n := range []int{1, 20, 4096, 60000} {
				msg := bytes.Repeat([]byte("x"), n)
				if _, err := nc.Write(msg); err != nil {
					t.Fatal(err)
				}
				got := make([]byte, n)
				if _, err := io.ReadFull(nc, got); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, msg) {
					t.Fatalf("echo of %d bytes differs", n)
				}
			}
		})
	}
}
