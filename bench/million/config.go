package million

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockeye-io/sockeye/bench/contender"
)

// Config is what to do.
type Config struct {
	Server      string        // the name of a contender that is written in Go
	Connections int           // at least 1
	MemoryMiB   int           // of the guest
	Hold        time.Duration // how long all connections are held; 0 leaves that stage out
	Rest        time.Duration // for how long memory stays the same before it is measured; 0 is 3 s
	Timeout     time.Duration // of the guest, from its start
	CPU         int           // the processor of the host that the guest runs on; negative is any
	Kernel      string        // the program of user-mode Linux; empty is DefaultKernel
	Root        string        // the source tree
	Scratch     string        // where the guest's memory is: a folder in RAM; empty is /dev/shm
}

// DefaultKernel is what Debian's package user-mode-linux installs.
const DefaultKernel = "linux.uml"

// ErrUnavailable is in the errors that say what the machine lacks.
var ErrUnavailable = errors.New("not available here")

func (c *Config) contender() (*contender.Contender, error) {
	all, err := contender.Named(c.Server)
	if err != nil {
		return nil, fmt.Errorf("million: %w", err)
	}
	if all[0].Script != "" {
		return nil, fmt.Errorf("million: %s: only servers in Go run in the guest, which has no libraries", c.Server)
	}
	return &all[0], nil
}

// validate looks at the values, and check at the machine.
func (c *Config) validate() error {
	switch {
	case c.Connections < 1:
		return fmt.Errorf("million: %d connections, want 1 or more", c.Connections)
	case c.MemoryMiB < 256:
		return fmt.Errorf("million: %d MiB of memory, want 256 or more", c.MemoryMiB)
	case c.Timeout <= 0:
		return fmt.Errorf("million: timeout %v, want more than 0", c.Timeout)
	case c.Hold < 0 || c.Rest < 0:
		return fmt.Errorf("million: hold %v and rest %v, want 0 or more", c.Hold, c.Rest)
	}
	_, err := c.contender()
	return err
}

// check fills in what is empty, and fails when the guest could not be booted, or not have its memory.
func (c *Config) check() error {
	if c.Kernel == "" {
		c.Kernel = DefaultKernel
	}
	if c.Scratch == "" {
		c.Scratch = "/dev/shm"
	}
	if c.Rest == 0 {
		c.Rest = 3 * time.Second
	}
	if _, err := exec.LookPath(c.Kernel); err != nil {
		return fmt.Errorf("million: needs user-mode Linux, %s: apt-get install user-mode-linux: %w", c.Kernel, ErrUnavailable)
	}
	if _, err := os.Stat(filepath.Join(c.Root, "bench", "million")); err != nil {
		return fmt.Errorf("million: needs the source tree, start it there: %w", ErrUnavailable)
	}
	var fs unix.Statfs_t
	if err := unix.Statfs(c.Scratch, &fs); err != nil {
		return fmt.Errorf("million: %s: %w", c.Scratch, err)
	}
	if free := int64(fs.Bavail) * fs.Bsize >> 20; free < int64(c.MemoryMiB) {
		return fmt.Errorf("million: needs %d MiB free in %s for the guest's memory, there are %d: %w",
			c.MemoryMiB, c.Scratch, free, ErrUnavailable)
	}
	return nil
}

// build compiles the guest's programs into dir. They are static, since the guest has nothing else.
func (c *Config) build(ctx context.Context, dir string) (*contender.Built, error) {
	for _, pkg := range [...]string{"./cmd/sockeye", "./bench/cmd/million"} {
		cmd := exec.CommandContext(ctx, "go", "build", "-ldflags=-s -w", "-o", dir+"/", pkg)
		cmd.Dir = c.Root
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if text, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("million: go build %s: %w\n%s", pkg, err, text)
		}
	}
	// A contender is built with the environment that there is.
	if err := os.Setenv("CGO_ENABLED", "0"); err != nil {
		return nil, err
	}
	which, err := c.contender()
	if err != nil {
		return nil, err
	}
	b := contender.Bench{Self: filepath.Join(dir, "sockeye"), Root: c.Root, Dir: dir}
	return b.Build(ctx, which)
}

// job is what the guest is told. What it calls the server is another path than ours.
func (c *Config) job(x *contender.Built) Job {
	role := ""
	if len(x.Roles) > 0 {
		role = "echo"
	}
	return Job{
		Server: append([]string{ServerPath}, x.CommandLine(role)[1:]...),
		// The guest has one processor. Go's timer signals cost two switches of host processes each there, and
		// both programs are as well off without: neither has a loop without a call in it.
		Env:         []string{"GOMAXPROCS=1", "GODEBUG=asyncpreemptoff=1", "SOCKEYE_VITALS=1"},
		Protocol:    x.Protocol,
		Vitals:      x.Go,
		Connections: c.Connections,
		Marks:       Marks(c.Connections),
		Step:        max(1, min(10_000, c.Connections/20)),
		Echoes:      int64(max(1, min(10_000, c.Connections/10))),
		Rate:        500,
		Hold:        c.Hold,
		Rest:        c.Rest,
	}
}

// commit names what is checked out in the tree, and "+" if there are changes; empty without git.
func commit(ctx context.Context, root string) string {
	head, err := exec.CommandContext(ctx, "git", "-C", root, "rev-parse", "--short=12", "HEAD").Output()
	if err != nil {
		return ""
	}
	name := strings.TrimSpace(string(head))
	if changes, err := exec.CommandContext(ctx, "git", "-C", root, "status", "--porcelain").Output(); err == nil && len(changes) > 0 {
		name += "+"
	}
	return name
}

// maps is how many pieces of address space a process of the host may have. Every page of a guest's program that does not
// lie beside the one before is such a piece.
const maps = "/proc/sys/vm/max_map_count"

// raiseMaps raises the limit to what a million connections need, for as long as the guest lives.
func raiseMaps() (restore func(), err error) {
	const enough = 4_000_000
	text, err := os.ReadFile(maps)
	if err != nil {
		return nil, fmt.Errorf("million: %w", err)
	}
	if n, _ := strconv.Atoi(strings.TrimSpace(string(text))); n >= enough {
		return func() {}, nil
	}
	if err := os.WriteFile(maps, []byte(strconv.Itoa(enough)), 0); err != nil {
		return nil, fmt.Errorf("million: vm.max_map_count is %s, and to raise it takes root: %w", strings.TrimSpace(string(text)), err)
	}
	return func() { _ = os.WriteFile(maps, text, 0) }, nil
}
