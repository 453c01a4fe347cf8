package engine_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sockeye-io/sockeye/engine"
)

func init() { children["detach without descriptors"] = detachWithoutDescriptors }

// TestDetachNoDescriptors: a copy of the descriptor cannot be had, and the connection
// is served on.
func TestDetachNoDescriptors(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"=detach without descriptors")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func detachWithoutDescriptors() int {
	if err := tryDetachWithoutDescriptors(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func tryDetachWithoutDescriptors() error {
	e, err := engine.New(engine.Config{Loops: 1, Logger: silent})
	if err != nil {
		return err
	}
	defer e.Close()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	gone := make(chan given, 1)
	h := &funcs{data: func(c *engine.Conn, p []byte) (int, error) {
		_, err := c.Write(p)
		gone <- detach(c)
		return len(p), err
	}}
	if _, err := e.Dial(context.Background(), "tcp", ln.Addr().String(), h, engine.DialOptions{}); err != nil {
		return err
	}
	nc, err := ln.Accept()
	if err != nil {
		return err
	}
	echoed := func(msg string) (given, error) {
		if _, err := io.WriteString(nc, msg); err != nil {
			return given{}, err
		}
		got := make([]byte, len(msg))
		if _, err := io.ReadFull(nc, got); err != nil || string(got) != msg {
			return given{}, fmt.Errorf("echo of %q: %q, %w", msg, got, err)
		}
		return <-gone, nil
	}
	lim := unix.Rlimit{Cur: 64, Max: 64}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &lim); err != nil {
		return err
	}
	var hoard []*os.File
	for f, err := os.Open(os.DevNull); err == nil; f, err = os.Open(os.DevNull) {
		hoard = append(hoard, f)
	}
	for range 2 { // without any, and with one where two are needed
		g, err := echoed("here")
		if err != nil {
			return err
		}
		if !errors.Is(g.err, syscall.EMFILE) {
			return fmt.Errorf("detach: %w, want EMFILE", g.err)
		}
		_ = hoard[0].Close()
		hoard = hoard[1:]
	}
	g, err := echoed("gone") // two are free now
	if err != nil || g.err != nil || g.unread != "gone" {
		return errors.Join(err, g.err, fmt.Errorf("unread %q", g.unread))
	}
	_, err = io.WriteString(g.nc, "x")
	return err
}
