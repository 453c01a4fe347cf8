package neighbours_test

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// program is a running one. It is ended with the test, by its own process id.
type program struct {
	cmd  *exec.Cmd
	addr string // of a server, HOST:PORT
	log  transcript
	done chan struct{} // closed when it has ended
}

// run starts bin in dir. Unless the test has waited for its end, it must still be there when the test ends.
func run(t *testing.T, bin, dir string, args ...string) *program {
	t.Helper()
	p := &program{cmd: exec.Command(bin, args...), done: make(chan struct{})}
	p.cmd.Dir = dir
	p.cmd.Stdout, p.cmd.Stderr = &p.log, &p.log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	// A command that the program has started may hold the pipes open; its output is of no use then.
	p.cmd.WaitDelay = time.Second
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.done)
		_ = p.cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-p.done:
		case <-time.After(patience):
			t.Error("the program did not end when it was asked to")
			_ = p.cmd.Process.Kill()
			<-p.done
		}
		if text := p.log.String(); t.Failed() || strings.Contains(text, "DATA RACE") || p.crashed() {
			t.Errorf("%s ended with %v and had written:\n%s", p.cmd.Args, p.cmd.ProcessState, text)
		}
	})
	return p
}

// crashed tells whether the program, which has ended, did so in another way than by itself or by our signal.
func (p *program) crashed() bool {
	status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return !ok || status.ExitStatus() > 0 || status.Signaled() && status.Signal() != syscall.SIGTERM
}

// serve starts a server that takes its address by the flag -addr, and waits until it listens.
func serve(t *testing.T, bin, dir string, args ...string) *program {
	t.Helper()
	addr := freeAddress(t)
	p := run(t, bin, dir, append([]string{"-addr", addr}, args...)...)
	p.addr = addr
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for {
		// The servers do not tell when they listen.
		if c, err := net.Dial("tcp", addr); err == nil {
			c.Close()
			return p
		}
		select {
		case <-tick.C:
		case <-p.done:
			t.Fatalf("%v ended", p.cmd.Args)
		case <-deadline:
			t.Fatalf("%v does not listen", p.cmd.Args)
		}
	}
}

// freeAddress is one of a process of this machine's choice: between its being free and its being used there is a gap,
// in which nobody else takes a port of just that address of 127.0.0.0/8.
func freeAddress(t *testing.T) string {
	t.Helper()
	pid := os.Getpid()
	ip := net.IPv4(127, 77, byte(pid>>8), byte(pid)|1)
	ln, err := net.Listen("tcp", net.JoinHostPort(ip.String(), "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// waitFor waits until the program has written text.
func (p *program) waitFor(t *testing.T, text string) {
	t.Helper()
	deadline := time.After(patience)
	for {
		s, more := p.log.read()
		if strings.Contains(s, text) {
			return
		}
		select {
		case <-more:
		case <-p.done:
			if !strings.Contains(p.log.String(), text) {
				t.Fatalf("%v ended without writing %q", p.cmd.Args, text)
			}
		case <-deadline:
			t.Fatalf("%v has not written %q", p.cmd.Args, text)
		}
	}
}

// waitEnd waits until the program has ended by itself and gives its exit code.
func (p *program) waitEnd(t *testing.T) int {
	t.Helper()
	select {
	case <-p.done:
	case <-time.After(patience):
		t.Fatalf("%v has not ended", p.cmd.Args)
	}
	return p.cmd.ProcessState.ExitCode()
}

// transcript is what a program has written, readable while it runs.
type transcript struct {
	mu   sync.Mutex
	b    bytes.Buffer
	more chan struct{} // closed by the next Write; nil if nobody waits
}

func (x *transcript) Write(p []byte) (int, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.more != nil {
		close(x.more)
		x.more = nil
	}
	return x.b.Write(p)
}

func (x *transcript) String() string {
	s, _ := x.read()
	return s
}

// read gives what there is, and a channel that is closed when there is more.
func (x *transcript) read() (string, <-chan struct{}) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.more == nil {
		x.more = make(chan struct{})
	}
	return x.b.String(), x.more
}
