package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// pty is a terminal with a program on it.
type pty struct {
	t      *testing.T
	keys   *os.File // the side of the person
	cmd    *exec.Cmd
	screen string
}

func onTerminal(t *testing.T, args ...string) *pty {
	t.Helper()
	keys, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	fd := int(keys.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	tty, err := os.OpenFile(filepath.Join("/dev/pts", strconv.Itoa(n)), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer tty.Close()
	p := &pty{t: t, keys: keys, cmd: exec.Command("sockeye", args...)}
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = tty, tty, tty
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	bomb := time.AfterFunc(patience, func() { _ = p.cmd.Process.Kill() })
	t.Cleanup(func() {
		bomb.Stop()
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
		_ = keys.Close()
	})
	return p
}

func (p *pty) typed(text string) {
	p.t.Helper()
	if _, err := p.keys.WriteString(text); err != nil {
		p.t.Fatal(err)
	}
}

// sees waits for text on the screen, behind what was seen before.
func (p *pty) sees(text string) {
	p.t.Helper()
	buf := make([]byte, 1000)
	for !strings.Contains(p.screen, text) {
		n, err := p.keys.Read(buf)
		if err != nil {
			p.t.Fatalf("%v: %v; want %q, the screen is %q", p.cmd.Args, err, text, p.screen)
		}
		p.screen += string(buf[:n])
	}
	_, p.screen, _ = strings.Cut(p.screen, text)
}

func TestConnectOnTerminal(t *testing.T) {
	t.Parallel()
	s := serve(t, "-l", "ws://127.0.0.1:0/", "-l", "tcp://127.0.0.1:0")
	for _, url := range s.urls {
		p := onTerminal(t, "connect", url)
		p.sees("connected to " + url)
		p.sees("> ")
		p.typed("helo\x7f\x7fllo\r") // two typos taken back
		p.sees("< hello\r\n")
		p.sees("> ")
		p.typed("\x1b[A\r") // the line before, again
		p.sees("< hello\r\n")
		p.typed("\x04")
		p.sees("disconnected")
		if _ = p.cmd.Wait(); p.cmd.ProcessState.ExitCode() != 0 {
			t.Errorf("%s: exit code %d after Ctrl-D", url, p.cmd.ProcessState.ExitCode())
		}

		p = onTerminal(t, "connect", url)
		p.sees("> ")
		p.typed("hi\r")
		p.sees("< hi")
		p.typed("\x03")
		p.sees("SIGINT")
		if _ = p.cmd.Wait(); p.cmd.ProcessState.ExitCode() != 130 {
			t.Errorf("%s: exit code %d after Ctrl-C", url, p.cmd.ProcessState.ExitCode())
		}
	}
}
