// Package rig puts a measurement together from processes: it builds the commands, starts the server on one processor
// and the load on another, finds the server's address, and stops both.
package rig

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"syscall"
	"time"

	"github.com/sockeye-io/sockeye/bench/probe"
)

// Build compiles the command pkg ("./cmd/sockeye") of the module in dir to the file out. When ctx ends, so do the
// compilers.
func Build(ctx context.Context, dir, pkg, out string) error {
	out, err := filepath.Abs(out)
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-o", out, pkg)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("rig: go build %s: %w\n%s", pkg, err, text)
	}
	return nil
}

// Command is a program to start.
type Command struct {
	Path string
	Args []string
	Env  []string // besides the environment of this process
	// Pin is the list of processors it may run on, as taskset(1) takes it: "0", "0-3,8". Empty is all. A Go program
	// takes its GOMAXPROCS from that.
	Pin string
}

// exec gives the command as it is started. taskset replaces itself by the program, so that the process id is right.
func (c Command) exec() *exec.Cmd {
	args := append([]string{c.Path}, c.Args...)
	if c.Pin != "" {
		args = append([]string{"taskset", "-c", c.Pin}, args...)
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), c.Env...)
	// A child must not outlive a harness that is killed. The signal comes when the thread that started it ends, which
	// in Go is the process's end unless a goroutine locked to its thread returns. A group of its own keeps Ctrl-C at the
	// terminal for the harness, which knows what to do about it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	return cmd
}

// Server is a running server. Its methods may be called from any goroutine; Stop once, by whoever started it.
type Server struct {
	Process probe.Process
	Address netip.AddrPort
	name    string // of the program, which is not taskset
	cmd     *exec.Cmd
	said    *said
	output  sync.WaitGroup
	asking  asking
}

// Start starts a server and waits until it has printed, on either output, a line with the address it listens at: a URL
// as in "ws://127.0.0.1:9001/", or "listening on 127.0.0.1:9001".
func Start(ctx context.Context, c Command) (*Server, error) {
	cmd := c.exec()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("rig: %w", err)
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return nil, fmt.Errorf("rig: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("rig: %w", err)
	}
	found := make(chan netip.AddrPort, 1)
	s := &Server{Process: probe.Process(cmd.Process.Pid), name: filepath.Base(c.Path), cmd: cmd, said: new(said), asking: newAsking()}
	for _, r := range []io.Reader{stdout, stderr} {
		s.output.Go(func() { s.watch(r, found) })
	}
	go func() { s.output.Wait(); close(s.asking.ended) }()

	select {
	case s.Address = <-found:
		return s, nil
	case <-s.asking.ended:
		err = errors.New("it ended")
	case <-ctx.Done():
		err = ctx.Err()
	}
	_ = s.Stop()
	return nil, fmt.Errorf("rig: %s gave no address: %w%s", c.Path, err, s.said.last())
}

// Attach gives a server that somebody else has started, and that Stop leaves alone. p is its process on this machine, 0
// if there is none, or none to be known.
func Attach(address netip.AddrPort, p probe.Process) *Server {
	return &Server{Process: p, Address: address}
}

// Stop asks the server to end (SIGTERM) and insists after 30 s. It fails, with the last that the server
// has printed, when that did not end by itself with 0, or with 143, which tells that it was asked to.
func (s *Server) Stop() error {
	if s.cmd == nil {
		return nil
	}
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	insist := time.AfterFunc(30*time.Second, func() { _ = s.cmd.Process.Kill() })
	defer insist.Stop()
	s.output.Wait() // Wait closes the pipes, so they are read to their end first
	if err := s.cmd.Wait(); err != nil && s.cmd.ProcessState.ExitCode() != 128+int(syscall.SIGTERM) {
		return fmt.Errorf("rig: %s: %w%s", s.name, err, s.said.last())
	}
	return nil
}

var addressIn = regexp.MustCompile(`(?:\b(?:ws|wss|tcp)://|listening on )(127\.0\.0\.1:[1-9][0-9]*)`)

// watch reads r to its end, so that the server never waits for us, reports the first address and passes answers on.
func (s *Server) watch(r io.Reader, found chan<- netip.AddrPort) {
	lines := bufio.NewReader(r)
	for {
		line, err := lines.ReadString('\n')
		if s.asking.heard(line) {
			continue
		}
		s.said.add(line)
		if m := addressIn.FindStringSubmatch(line); m != nil {
			if a, err := netip.ParseAddrPort(m[1]); err == nil {
				select {
				case found <- a:
				default:
				}
			}
		}
		if err != nil {
			return
		}
	}
}
