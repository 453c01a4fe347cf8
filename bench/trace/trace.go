// Package trace counts the system calls of a running process. Total tells how many; Count tells which, apart for those on
// connections, by strace(1). A process under strace is many times slower: only counts are worth anything, never times.
package trace

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/sockeye-io/sockeye/bench/probe"
)

// Calls is how often each system call was made, by name. One that was interrupted by the end of the trace counts, one
// that was under way at its beginning does not.
type Calls struct {
	TCP   map[string]int // on a connected TCP socket
	Other map[string]int // on any other descriptor, or on none
}

// Reads and Writes count whichever call was used for it on connections.
func (c Calls) Reads() int {
	return c.TCP["read"] + c.TCP["readv"] + c.TCP["recvfrom"] + c.TCP["recvmsg"]
}

func (c Calls) Writes() int {
	return c.TCP["write"] + c.TCP["writev"] + c.TCP["sendto"] + c.TCP["sendmsg"]
}

// Waits counts waiting for events, whether there were any or not.
func (c Calls) Waits() int {
	return c.Other["epoll_wait"] + c.Other["epoll_pwait"] + c.Other["epoll_pwait2"]
}

// Total is all of them but sleeping: a runtime's watchman sleeps by the clock, in Go every 20 µs while there is work,
// and the trace makes a message last many times longer.
func (c Calls) Total() int {
	n := -c.Other["nanosleep"] - c.Other["clock_nanosleep"]
	for _, calls := range []map[string]int{c.TCP, c.Other} {
		for _, count := range calls {
			n += count
		}
	}
	return n
}

// ErrNoStrace is when the program is not installed. A run goes on without the figure.
var ErrNoStrace = errors.New("trace: needs strace, which is not installed")

// Count counts the calls that p makes while work runs, all threads together, and lets p go before it returns, whatever
// work returned. Give work a bounded number of messages, 1,000 or so: a call takes about 50 µs more under the trace. What
// p does by itself meanwhile is counted too, so it should be at rest when work begins and ends.
func Count(p probe.Process, work func() error) (Calls, error) {
	dir, err := os.MkdirTemp("", "sockeye-trace-")
	if err != nil {
		return Calls{}, fmt.Errorf("trace: %w", err)
	}
	defer os.RemoveAll(dir)
	t, err := Start(p, filepath.Join(dir, "calls"))
	if err != nil {
		return Calls{}, err
	}
	failed := work()
	calls, err := t.Stop()
	if failed != nil {
		return Calls{}, failed
	}
	return calls, err
}

// Trace is strace attached to a process.
type Trace struct {
	cmd  *exec.Cmd
	file string
	said *strings.Builder
	read *sync.WaitGroup
}

// Start attaches to all threads of p and returns when the trace is on. The caller must call Stop, which lets p go; so
// does the end of this process. The file takes the raw trace and stays, for whoever wants to read it.
func Start(p probe.Process, file string) (*Trace, error) {
	path, err := exec.LookPath("strace")
	if err != nil {
		return nil, ErrNoStrace
	}
	// -yy shows what a descriptor is, which tells connections from eventfds and pipes.
	cmd := exec.Command(path, "-f", "-yy", "-s", "0", "-e", "signal=none", "-o", file, "-p", strconv.Itoa(int(p)))
	// strace lets go on SIGTERM. A group of its own keeps Ctrl-C at the terminal from it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM, Setpgid: true}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return nil, fmt.Errorf("trace: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("trace: %w", err)
	}
	t := &Trace{cmd: cmd, file: file, said: new(strings.Builder), read: new(sync.WaitGroup)}
	lines := bufio.NewReader(stderr)
	for {
		line, err := lines.ReadString('\n')
		t.said.WriteString(line)
		if strings.Contains(line, " attached") {
			break
		}
		if err != nil {
			_ = cmd.Wait()
			return nil, fmt.Errorf("trace: strace: %s", strings.TrimSpace(t.said.String()))
		}
	}
	t.read.Go(func() { _, _ = io.Copy(io.Discard, lines) })
	return t, nil
}

// Stop detaches and counts. It works after the process has ended, too.
func (t *Trace) Stop() (Calls, error) {
	_ = t.cmd.Process.Signal(os.Interrupt) // fails if strace has ended, as it does when the process has
	t.read.Wait()
	// strace passes the signal that ended it on as its own end, which is no failure here.
	if err := t.cmd.Wait(); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			return Calls{}, fmt.Errorf("trace: %w", err)
		}
	}
	text, err := os.ReadFile(t.file)
	if err != nil {
		return Calls{}, fmt.Errorf("trace: %w", err)
	}
	return count(text), nil
}

// count reads lines like
//
//	4711  read(7<TCP:[127.0.0.1:80->127.0.0.1:4242]>, ""..., 65536) = 26
//	4711  epoll_pwait(4<anon_inode:[eventpoll]>,  <unfinished ...>
//	4711  <... epoll_pwait resumed>[...], 64, -1, NULL, 0) = 1
//
// A call is counted where it begins; its second half repeats nothing. One in which the process was when the trace began
// comes as restart_syscall(<... resuming interrupted epoll_pwait ...>.
func count(text []byte) Calls {
	c := Calls{TCP: map[string]int{}, Other: map[string]int{}}
	for line := range bytes.Lines(text) {
		_, call, _ := bytes.Cut(line, []byte(" "))
		name, args, ok := bytes.Cut(bytes.TrimLeft(call, " "), []byte("("))
		if !ok || len(name) == 0 || name[0] < 'a' || name[0] > 'z' || bytes.HasPrefix(args, []byte("<... resuming ")) {
			continue
		}
		if first, _, _ := bytes.Cut(args, []byte(",")); bytes.Contains(first, []byte("<TCP")) &&
			bytes.Contains(first, []byte("->")) {
			c.TCP[string(name)]++
		} else {
			c.Other[string(name)]++
		}
	}
	return c
}
