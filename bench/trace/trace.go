// Package trace counts the system calls of a running process with strace(1), apart for those on its connections. A
// traced process is many times slower: only counts are worth anything, never times.
package trace

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"

	"github.com/sockeye-io/sockeye/bench/probe"
)

// Calls is how often each system call was made, by name. One that was interrupted by the end of the trace counts.
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

// traced is what Calls looks at. The rest of a server's calls have nothing to do with messages.
const traced = "read,readv,recvfrom,recvmsg,write,writev,sendto,sendmsg," +
	"epoll_wait,epoll_pwait,epoll_pwait2,epoll_ctl,futex,nanosleep,sched_yield"

// Trace is strace attached to a process.
type Trace struct {
	cmd  *exec.Cmd
	file string
	said *strings.Builder
	read *sync.WaitGroup
}

// Start attaches to all threads of p and returns when the trace is on. The caller must call Stop, which lets p go.
// The file takes the raw trace and stays, for whoever wants to read it.
func Start(p probe.Process, file string) (*Trace, error) {
	// -yy shows what a descriptor is, which tells connections from eventfds and pipes.
	cmd := exec.Command("strace", "-f", "-yy", "-s", "0", "-e", "trace="+traced, "-e", "signal=none",
		"-o", file, "-p", fmt.Sprint(int(p)))
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

// Stop detaches and counts.
func (t *Trace) Stop() (Calls, error) {
	if err := t.cmd.Process.Signal(os.Interrupt); err != nil {
		return Calls{}, fmt.Errorf("trace: %w", err)
	}
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
// A call is counted where it begins; its second half repeats nothing.
func count(text []byte) Calls {
	c := Calls{TCP: map[string]int{}, Other: map[string]int{}}
	for line := range bytes.Lines(text) {
		_, call, _ := bytes.Cut(line, []byte(" "))
		name, args, ok := bytes.Cut(bytes.TrimLeft(call, " "), []byte("("))
		if !ok || len(name) == 0 || name[0] < 'a' || name[0] > 'z' {
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
