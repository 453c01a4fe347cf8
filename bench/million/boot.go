package million

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// writeInitramfs makes the guest's only file system.
func writeInitramfs(path, dir, server string, job Job) error {
	text, err := json.Marshal(job)
	if err != nil {
		return fmt.Errorf("million: %w", err)
	}
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("million: %w", err)
	}
	defer f.Close()
	buffered := bufio.NewWriter(f)
	a := &archive{w: buffered}
	for _, name := range [...]string{"bin", "dev", "proc", "sys", "tmp"} {
		a.dir(name)
	}
	a.device("dev/console", 5, 1)
	a.device("dev/null", 1, 3)
	a.device("dev/kmsg", 1, 11)
	a.bytes(JobFile[1:], text)
	a.file(guestPath[1:], filepath.Join(dir, "million"))
	a.file(SockeyePath[1:], filepath.Join(dir, "sockeye"))
	a.file(ServerPath[1:], server)
	if err := a.close(); err != nil {
		return fmt.Errorf("million: initramfs: %w", err)
	}
	if err := buffered.Flush(); err != nil {
		return fmt.Errorf("million: initramfs: %w", err)
	}
	return f.Close()
}

// command is the call of user-mode Linux. What a kernel does for security and for other machines is switched off: in a
// guest without a network that lives for minutes it only costs time.
func (c *Config) command(initramfs, dir string) *exec.Cmd {
	args := []string{
		c.Kernel,
		"mem=" + strconv.Itoa(c.MemoryMiB) + "M", "initrd=" + initramfs, "uml_dir=" + dir, "rdinit=" + guestPath,
		"con=null", "con0=null,fd:1", "console=tty0", "quiet", "loglevel=3", "panic=-1", "noreboot",
		"mitigations=off", "nokaslr", "audit=0", "apparmor=0", "selinux=0", "init_on_alloc=0", "cgroup_disable=memory",
		"transparent_hugepage=never", "random.trust_cpu=on",
		"thash_entries=2097152", // TCP's table, which would be sized for a machine of the guest's memory
		"guest",                 // which the kernel does not know and gives to the first process
	}
	if c.CPU >= 0 {
		// A system call of a guest's program goes from one process of the host to another and back.
		args = append([]string{"taskset", "-c", strconv.Itoa(c.CPU)}, args...)
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "TMPDIR="+c.Scratch)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	return cmd
}

// boot runs the guest until it switches itself off, the timeout has passed or ctx ends, and passes its console on by
// lines. The guest is many processes of the host, none of which is left.
func (c *Config) boot(ctx context.Context, initramfs, dir string, line func([]byte)) error {
	ctx, cancel := context.WithTimeoutCause(ctx, c.Timeout, fmt.Errorf("million: the guest was not done after %v", c.Timeout))
	defer cancel()
	if err := adopt(); err != nil {
		return err
	}
	cmd := c.command(initramfs, dir)
	out, in, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("million: %w", err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr = in, in
	err = cmd.Start()
	_ = in.Close()
	if err != nil {
		return fmt.Errorf("million: %w", err)
	}
	read := make(chan struct{})
	go func() { defer close(read); lines(out, line) }()
	ended := make(chan struct{})
	go func() { defer close(ended); err = cmd.Wait() }()
	select {
	case <-ended: // it may have broken down, and left others of its group
		endGroup(cmd.Process.Pid)
	case <-ctx.Done():
		_ = cmd.Process.Kill()
		<-ended
		endGroup(cmd.Process.Pid)
		err = context.Cause(ctx)
	}
	<-read
	return err
}

// endGroup ends the processes of a group, which are ours since adopt, and waits for the last.
func endGroup(group int) {
	_ = syscall.Kill(-group, syscall.SIGKILL)
	for {
		_, err := unix.Wait4(-group, nil, 0, nil)
		if err != nil && err != unix.EINTR { // ECHILD: there are no more
			return
		}
	}
}

// adopt makes this process the parent of all that its children leave behind.
func adopt() error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("million: %w", err)
	}
	return nil
}

func lines(r io.Reader, each func([]byte)) {
	in := bufio.NewReader(r)
	for {
		text, err := in.ReadBytes('\n')
		if text = bytes.TrimRight(text, "\r\n"); len(text) > 0 {
			each(text)
		}
		if err != nil {
			return
		}
	}
}
