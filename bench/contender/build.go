package contender

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/sockeye-io/sockeye/bench/rig"
)

// ErrUnavailable is in every error of Build that says what this machine lacks, as "needs node".
var ErrUnavailable = errors.New("not available here")

func needs(what string) error { return fmt.Errorf("needs %s: %w", what, ErrUnavailable) }

// Bench is where servers are built and found. Its methods may be called from any goroutine, for different servers.
type Bench struct {
	Self string // this executable, cmd/sockeye
	Root string // the source tree; empty if there is none
	Dir  string // an existing folder for what is compiled; what is there is used again if it is up to date
	// Install is whether packages of npm that are lacking are fetched, into the user's cache.
	Install bool
}

// Built is a server that can be started, any number of times and from any goroutine.
type Built struct {
	Contender
	path string
	args []string
	env  []string
}

// Build makes the server ready: it compiles what is to be compiled, which is fast when nothing has changed, and asks
// what there is for its version. An error that wraps ErrUnavailable says what is missing; any other is a fault.
func (b *Bench) Build(ctx context.Context, c *Contender) (*Built, error) {
	x := &Built{Contender: *c, args: slices.Clone(c.Args)}
	var err error
	switch {
	case c.Script != "":
		err = b.find(ctx, x)
	case c.Module != "":
		err = b.compile(ctx, x)
	default:
		x.path = b.Self
		x.Version, err = goVersion(x.path, c.Library)
	}
	if err != nil {
		return nil, fmt.Errorf("contender: %s: %w", c.Name, err)
	}
	role := ""
	if len(c.Roles) > 0 {
		role = c.Roles[0]
	}
	x.Command = x.CommandLine(role)
	return x, nil
}

func (b *Bench) compile(ctx context.Context, x *Built) error {
	if b.Root == "" {
		return needs("the source tree")
	}
	if _, err := os.Stat(filepath.Join(b.Root, x.Module, "go.mod")); err != nil {
		return needs("the source tree with " + x.Module)
	}
	if _, err := exec.LookPath("go"); err != nil {
		return needs("go")
	}
	x.path = filepath.Join(b.Dir, filepath.Base(x.Package))
	if err := rig.Build(ctx, filepath.Join(b.Root, x.Module), x.Package, x.path); err != nil {
		return err
	}
	var err error
	x.Version, err = goVersion(x.path, x.Library)
	return err
}
