package main_test

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long anything that must happen may take on a busy machine.
const patience = 30 * time.Second

// server is a running sockeye serve.
type server struct {
	cmd   *exec.Cmd
	urls  []string    // of its start lines, in order
	lines chan string // of its log, after the start
	done  chan struct{}

	log transcript
}

// transcript is what a program has written, readable while it runs.
type transcript struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (x *transcript) Write(p []byte) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.b.Write(p)
}

func (x *transcript) String() string {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.b.String()
}

// startServer starts sockeye serve and waits for its start lines. kill must
// follow.
func startServer(fatalf func(format string, args ...any), dir string, env []string, args ...string) *server {
	s := &server{
		cmd:   exec.Command("sockeye", append([]string{"serve"}, args...)...),
		lines: make(chan string, 1000),
		done:  make(chan struct{}),
	}
	s.cmd.Dir, s.cmd.Env = dir, env
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		fatalf("%v", err)
	}
	if err := s.cmd.Start(); err != nil {
		fatalf("%v", err)
	}
	go s.read(stderr)
	for {
		line, ok := s.next()
		if !ok {
			s.kill()
			fatalf("sockeye serve %q did not start:\n%s", args, s.text())
		}
		if m := startLine.FindStringSubmatch(line); m != nil {
			s.urls = append(s.urls, m[1])
		}
		if strings.Contains(line, "msg=serving ") || strings.Contains(line, `"msg":"serving"`) {
			return s
		}
	}
}

// startLine is the contract with whoever waits for the server.
var startLine = regexp.MustCompile(`msg"?[=:]"?listening"?[ ,]"?url"?[=:]"?([^ ",]+)`)

func serve(t *testing.T, args ...string) *server {
	t.Helper()
	s := startServer(t.Fatalf, t.TempDir(), os.Environ(), args...)
	t.Cleanup(s.kill)
	return s
}

func (s *server) read(r io.Reader) {
	defer close(s.done)
	defer close(s.lines)
	for sc := bufio.NewScanner(r); sc.Scan(); {
		_, _ = io.WriteString(&s.log, sc.Text()+"\n")
		s.lines <- sc.Text()
	}
	_ = s.cmd.Wait()
}

func (s *server) next() (line string, ok bool) {
	select {
	case line, ok = <-s.lines:
	case <-time.After(patience):
	}
	return line, ok
}

// waitFor waits for a line of the log.
func (s *server) waitFor(t *testing.T, part string) string {
	t.Helper()
	for {
		line, ok := s.next()
		if !ok {
			t.Fatalf("no line with %q in the log:\n%s", part, s.text())
		}
		if strings.Contains(line, part) {
			return line
		}
	}
}

func (s *server) text() string { return s.log.String() }

func (s *server) signal(sig os.Signal) { _ = s.cmd.Process.Signal(sig) }

// code waits for the end and answers the exit code; -1 means that it was killed.
func (s *server) code() int {
	select {
	case <-s.done:
		return s.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		return -1
	}
}

func (s *server) kill() {
	_ = s.cmd.Process.Kill()
	<-s.done
}

// client is a running sockeye connect, or another program like it.
type client struct {
	t    *testing.T
	cmd  *exec.Cmd
	in   io.WriteCloser
	out  *bufio.Reader
	errs transcript
}

func talk(t *testing.T, name string, args ...string) *client {
	t.Helper()
	c := &client{t: t, cmd: exec.Command(name, args...)}
	c.cmd.Stderr = &c.errs
	var err error
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.out = bufio.NewReader(out)
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	bomb := time.AfterFunc(patience, func() { _ = c.cmd.Process.Kill() })
	t.Cleanup(func() {
		bomb.Stop()
		_ = c.cmd.Process.Kill()
		_ = c.cmd.Wait()
	})
	return c
}

func connect(t *testing.T, args ...string) *client {
	t.Helper()
	return talk(t, "sockeye", append([]string{"connect"}, args...)...)
}

func (c *client) send(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c.in, text); err != nil {
		c.t.Fatalf("%v: %v\n%s", c.cmd.Args, err, c.errs.String())
	}
}

// want reads one line of output.
func (c *client) want(line string) {
	c.t.Helper()
	got, err := c.out.ReadString('\n')
	if err != nil || got != line+"\n" {
		c.t.Fatalf("%v printed %q (%v), want %q\n%s", c.cmd.Args, got, err, line, c.errs.String())
	}
}

// end waits for the end and answers the rest of the output and the exit code.
func (c *client) end() (rest string, code int) {
	c.t.Helper()
	b, err := io.ReadAll(c.out)
	if err != nil {
		c.t.Fatal(err)
	}
	_ = c.cmd.Wait()
	if ws, ok := c.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		c.t.Fatalf("%v was killed by %v\n%s", c.cmd.Args, ws.Signal(), c.errs.String())
	}
	return string(b), c.cmd.ProcessState.ExitCode()
}
