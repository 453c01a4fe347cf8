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
	"syscall"

	"github.com/sockeye-io/sockeye/bench/probe"
)

// Total is how many calls p makes while work runs, those of Calls.Total. It asks perf(1), which lets p run at its full
// speed, so that p waits and wakes as often as it does untraced; where perf is missing or may not count, Count. An error
// that wraps ErrNoStrace means that neither is there.
func Total(p probe.Process, work func() error) (int, error) {
	n, err := perfTotal(p, work)
	if !errors.Is(err, errNoPerf) {
		return n, err
	}
	calls, err := Count(p, work)
	if err != nil {
		return 0, err
	}
	return calls.Total(), nil
}

// errNoPerf is when perf cannot count here, and work has not been called.
var errNoPerf = errors.New("trace: no perf")

// The events, in the order of perf's answer. What the second and third count is taken off.
const perfEvents = "raw_syscalls:sys_enter,syscalls:sys_enter_nanosleep,syscalls:sys_enter_clock_nanosleep"

// perfTotal starts perf with its events switched off, and switches them on and off around work.
func perfTotal(p probe.Process, work func() error) (int, error) {
	dir, err := os.MkdirTemp("", "sockeye-trace-")
	if err != nil {
		return 0, fmt.Errorf("trace: %w", err)
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "counts")
	cmd := exec.Command("perf", "stat", "-x", ",", "-o", file, "-D", "-1", "--control", "fd:3,4",
		"-e", perfEvents, "-p", strconv.Itoa(int(p)))
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM, Setpgid: true} // as in Start
	control, err := startPerf(cmd)
	if err != nil {
		return 0, fmt.Errorf("%w: %w", errNoPerf, err)
	}
	defer control.Close()
	if err := control.say("enable"); err != nil {
		_ = cmd.Process.Kill() // it counts from outside: nothing of p hangs on it
		_ = cmd.Wait()
		return 0, fmt.Errorf("%w: %w", errNoPerf, err)
	}
	failed := work()
	err = control.say("disable")
	_ = cmd.Process.Signal(os.Interrupt) // it passes the signal on as its own end
	_ = cmd.Wait()
	if failed != nil {
		return 0, failed
	}
	if err != nil {
		return 0, fmt.Errorf("trace: perf: %w", err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return 0, fmt.Errorf("trace: %w", err)
	}
	return sumPerf(text)
}

// control is perf's --control: a command in, an acknowledgement out.
type control struct {
	commands, acks *os.File
	lines          *bufio.Reader
}

func startPerf(cmd *exec.Cmd) (*control, error) {
	commands, commandsIn, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer commands.Close()
	acks, acksIn, err := os.Pipe()
	if err != nil {
		_ = commandsIn.Close()
		return nil, err
	}
	defer acksIn.Close()
	cmd.ExtraFiles = []*os.File{commands, acksIn} // 3 and 4
	c := &control{commandsIn, acks, bufio.NewReader(acks)}
	if err := cmd.Start(); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (c *control) Close() {
	_ = c.commands.Close()
	_ = c.acks.Close()
}

// say waits until perf has done what it is told. A perf that ends instead closes its side.
func (c *control) say(command string) error {
	if _, err := io.WriteString(c.commands, command+"\n"); err != nil {
		return err
	}
	line, err := c.lines.ReadString('\n')
	if err == nil && !strings.Contains(line, "ack") { // a zero byte comes with it
		err = fmt.Errorf("it says %q", line)
	}
	return err
}

// sumPerf reads lines like "1234,,raw_syscalls:sys_enter,559035,100.00,,", the first of them being the total.
func sumPerf(text []byte) (int, error) {
	total, lines := 0, 0
	for line := range bytes.Lines(text) {
		count, rest, ok := strings.Cut(strings.TrimSpace(string(line)), ",")
		if !ok || !strings.Contains(rest, "sys_enter") {
			continue
		}
		n, err := strconv.Atoi(count)
		if err != nil { // "<not counted>": no thread came by
			n = 0
		}
		if strings.Contains(rest, "sleep") {
			n = -n
		}
		total += n
		lines++
	}
	if lines == 0 {
		return 0, fmt.Errorf("trace: perf says %q", text)
	}
	return total, nil
}
