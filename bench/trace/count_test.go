package trace_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/bench/rig"
	"github.com/sockeye-io/sockeye/bench/trace"
)

// TestMain makes this binary the server that is traced: an echo for one connection after the other.
func TestMain(m *testing.M) {
	if os.Getenv("TRACE_TEST_SERVER") == "" {
		os.Exit(m.Run())
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Fprintln(os.Stdout, "listening on", ln.Addr())
	for {
		c, err := ln.Accept()
		if err != nil {
			panic(err)
		}
		buf := make([]byte, 64)
		for {
			n, err := c.Read(buf)
			if err != nil {
				break
			}
			if _, err := c.Write(buf[:n]); err != nil {
				break
			}
		}
		_ = c.Close()
	}
}

// echo is a running server and a connection to it.
type echo struct {
	*rig.Server
	net.Conn
}

func start(t *testing.T) echo {
	t.Helper()
	if _, err := exec.LookPath("strace"); err != nil {
		if os.Getenv("SOCKEYE_CI") == "1" {
			t.Fatal("needs strace, which is not installed")
		}
		t.Skip("needs strace, which is not installed")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s, err := rig.Start(t.Context(), rig.Command{Path: self, Env: []string{"TRACE_TEST_SERVER=1"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Stop() }) // it ends by the signal
	c, err := net.Dial("tcp", s.Address.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return echo{s, c}
}

func (e echo) messages(n int) error {
	buf := make([]byte, 5)
	for range n {
		if _, err := e.Write([]byte("hello")); err != nil {
			return err
		}
		if _, err := io.ReadFull(e.Conn, buf); err != nil {
			return err
		}
	}
	return nil
}

// free fails unless nobody traces the server and it answers.
func (e echo) free(t *testing.T) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", e.Process))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(status), "\nTracerPid:\t0\n") {
		t.Error("it is still traced")
	}
	if err := e.messages(1); err != nil {
		t.Error(err)
	}
}

func TestCount(t *testing.T) {
	t.Parallel()
	e := start(t)
	if err := e.messages(1); err != nil {
		t.Fatal(err)
	}
	const n = 50
	for range 2 { // what was let go can be taken again
		calls, err := trace.Count(e.Process, func() error { return e.messages(n) })
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%+v", calls)
		// A read that found nothing, and waited for an event, comes before the one that did.
		if calls.Writes() != n || calls.Reads() < n || calls.Reads() > 2*n+2 || calls.Total() < calls.Reads()+calls.Writes() {
			t.Errorf("%d messages: %d reads, %d writes, %d calls", n, calls.Reads(), calls.Writes(), calls.Total())
		}
		e.free(t)
	}
}

func TestCountOfWorkThatFails(t *testing.T) {
	t.Parallel()
	e := start(t)
	_, err := trace.Count(e.Process, func() error { return context.Canceled })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	e.free(t)
}

func TestCountOfAProcessThatEnds(t *testing.T) {
	t.Parallel()
	e := start(t)
	calls, err := trace.Count(e.Process, func() error {
		if err := e.messages(3); err != nil {
			return err
		}
		_ = e.Stop()
		return nil
	})
	if err != nil || calls.Writes() != 3 {
		t.Errorf("%d writes, %v", calls.Writes(), err)
	}
}

func TestCountOfNothing(t *testing.T) {
	t.Parallel()
	_, err := trace.Count(1<<22, func() error { t.Error("it ran"); return nil })
	if err == nil || !strings.HasPrefix(err.Error(), "trace: ") {
		t.Errorf("error %v", err)
	}
}

func TestCountWithoutStrace(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	if _, err := trace.Count(1, nil); !errors.Is(err, trace.ErrNoStrace) {
		t.Errorf("error %v", err)
	}
}
