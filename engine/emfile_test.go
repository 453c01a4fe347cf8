package engine_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sockeye-io/sockeye/engine"
)

func init() { children["few descriptors"] = fewDescriptors }

// fewDescriptors is a child that echoes with 64 descriptors. It prints its
// address, and its Stats for every line of its input; it ends with its input.
// The line "fill" lets it use up its descriptors before, "free" gives them back.
func fewDescriptors() int {
	lim := unix.Rlimit{Cur: 64, Max: 64}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &lim); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	e, err := engine.New(engine.Config{Loops: 2, Logger: silent})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	ln, err := e.Listen("tcp", "127.0.0.1:0", echo{}, engine.ListenOptions{Options: abrupt})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(ln.Addr())
	done := make(chan error, 1)
	go func() { done <- e.Serve(context.Background()) }()
	var hoard []*os.File
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		switch in.Text() {
		case "fill":
			for f, err := os.Open(os.DevNull); err == nil; f, err = os.Open(os.DevNull) {
				hoard = append(hoard, f)
			}
		case "free":
			for _, f := range hoard {
				_ = f.Close()
			}
			hoard = nil
		}
		line, err := json.Marshal(e.Stats())
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		fmt.Println(string(line))
	}
	_ = e.Close()
	if err := <-done; !errors.Is(err, engine.ErrServerClosed) {
		return 1
	}
	return 0
}

// TestNoDescriptorsLeft connects more often than the server has descriptors.
// gnet would end, with Run returning nil. Here the old connections are served on,
// and those that wait are served when there is room: nobody is lost.
func TestNoDescriptorsLeft(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"=few descriptors")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	line := func() string {
		t.Helper()
		if !lines.Scan() {
			t.Fatalf("the server has ended: %v", lines.Err())
		}
		return lines.Text()
	}
	tell := func(what string) (st engine.Stats) {
		t.Helper()
		if _, err := io.WriteString(in, what+"\n"); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(line()), &st); err != nil {
			t.Fatal(err)
		}
		return st
	}
	stats := func() engine.Stats { t.Helper(); return tell("stats") }
	addr := line()

	// First somebody else in the process takes everything: accept itself fails.
	old := dialAddr(t, addr)
	roundTrip(t, old, "before")
	tell("fill")
	waiting := dialAddr(t, addr)
	if _, err := io.WriteString(waiting, "patient"); err != nil {
		t.Fatal(err)
	}
	for before := stats().AcceptErrors; stats().AcceptErrors < before+3; {
		roundTrip(t, old, "still here")
	}
	tell("free")
	got := make([]byte, 7)
	if _, err := io.ReadFull(waiting, got); err != nil || string(got) != "patient" {
		t.Fatalf("the one who waited received %q, %v", got, err)
	}
	_, _ = old.Close(), waiting.Close()
	base := stats()

	const conns = 100
	var ncs []net.Conn
	for i := range conns {
		nc := dialAddr(t, addr)
		if _, err := fmt.Fprintf(nc, "%04d", i); err != nil {
			t.Fatal(err)
		}
		ncs = append(ncs, nc)
	}
	st := stats()
	for st.AcceptErrors < base.AcceptErrors+3 {
		st = stats()
	}
	if st.Open < 20 || st.Open > 60 {
		t.Fatalf("%d connections are open with 64 descriptors", st.Open)
	}
	hello := func(i int) {
		t.Helper()
		got := make([]byte, 4)
		if _, err := io.ReadFull(ncs[i], got); err != nil || string(got) != fmt.Sprintf("%04d", i) {
			t.Fatalf("connection %d received %q, %v", i, got, err)
		}
	}
	served := 0
	for served < conns {
		st := stats()
		// The old connections echo while others wait.
		for i := served; i < served+20 && i < conns; i++ {
			hello(i)
			for range 3 {
				roundTrip(t, ncs[i], "still here")
			}
		}
		if st.Refused > 0 {
			t.Fatalf("%d connections were lost", st.Refused)
		}
		for i := served; i < served+20 && i < conns; i++ {
			_ = ncs[i].Close()
		}
		served += 20
	}
	st = stats()
	if st.Refused > 0 || st.Accepted != base.Accepted+conns {
		t.Errorf("Accepted %d, Refused %d, want all %d", st.Accepted, st.Refused, conns)
	}
	_ = in.Close()
	if err := cmd.Wait(); err != nil {
		t.Errorf("the server: %v", err)
	}
}

func dialAddr(t *testing.T, addr string) net.Conn {
	t.Helper()
	a, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	return dial(t, a)
}
