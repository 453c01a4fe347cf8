package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/sockeye-io/sockeye/bench/probe"
	"github.com/sockeye-io/sockeye/bench/result"
)

// Run does what p says, in processes of their own: the servers, and for each a load. When ctx ends it stops at once and
// answers what was measured by then, marked as Interrupted, without an error. Servers and cells that cannot be measured
// are in Skipped; it fails when p makes no sense, or when there is nothing to show.
func Run(ctx context.Context, p Plan, env Environment) (*result.File, error) {
	here, err := thisMachine()
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	if p, err = p.complete(here); err != nil {
		return nil, &PlanError{err}
	}
	dir, err := os.MkdirTemp("", "sockeye-bench-")
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	defer os.RemoveAll(dir)

	r := &run{plan: p, env: env, dir: dir, file: &result.File{
		Schema: result.Schema, Started: time.Now(), Command: env.Command, Software: env.Software,
		Method: result.Method{
			Quick: p.Quick, Repetitions: p.Rounds, Base: p.Base, Window: p.Window,
			Pinned: p.ServerCPUs != "" || p.LoadCPUs != "", ServerCPUs: p.ServerCPUs, LoadCPUs: p.LoadCPUs,
		},
	}}
	if r.file.Machine, err = probe.Host(); err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	if err := r.subjects(ctx); err != nil {
		return nil, err
	}
	before, err := now(r.plan.TargetPID)
	if err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	cells := p.cells()
	r.steps = estimate(cells, p.Rounds, len(r.servers))
	for i := range cells {
		if ctx.Err() != nil {
			break
		}
		r.measure(ctx, &cells[i])
	}
	r.file.Interrupted = ctx.Err() != nil
	r.file.Elapsed = time.Since(r.file.Started)
	if err := r.surroundings(before); err != nil {
		return nil, fmt.Errorf("bench: %w", err)
	}
	if len(r.file.Cells) == 0 {
		return nil, r.nothing(ctx)
	}
	return r.file, nil
}

// PlanError is a Plan that makes no sense.
type PlanError struct{ err error }

func (e *PlanError) Error() string { return e.err.Error() }
func (e *PlanError) Unwrap() error { return e.err }

// Environment is what Run cannot know by itself.
type Environment struct {
	Self     string   // the program sockeye, which is server and load too
	Root     string   // the source tree, for what has to be built; empty if there is none
	Command  []string // for the file
	Software result.Software
	// Progress is called, by Run's goroutine, before each step: what comes, and how much of the whole is done and left,
	// as far as it can be told. Nil is nobody.
	Progress func(Step)
}

// run is a run under way.
type run struct {
	plan    Plan
	env     Environment
	file    *result.File
	servers []*subject
	steps   steps
	dir     string // for what is thrown away
}

// measure runs one cell. What fails is skipped and told, the others go on.
func (r *run) measure(ctx context.Context, c *cell) {
	if c.idle != nil {
		r.memory(ctx, c)
		return
	}
	r.windows(ctx, c)
}

func (r *run) skip(server, cell string, err error) {
	r.file.Skipped = append(r.file.Skipped, result.Skipped{Server: server, Cell: cell, Reason: err.Error()})
}

// fail is skip for what went wrong on the way.
func (r *run) fail(server string, c *cell, err error) {
	r.file.Skipped = append(r.file.Skipped, result.Skipped{
		Server: server, Cell: c.scenario + ", " + c.title, Reason: err.Error(), Failed: true,
	})
}

func (r *run) nothing(ctx context.Context) error {
	if err := context.Cause(ctx); err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	if len(r.file.Skipped) > 0 {
		s := r.file.Skipped[0]
		return fmt.Errorf("bench: nothing could be measured: %s: %s", s.Server, s.Reason)
	}
	return errors.New("bench: nothing to measure")
}

// Root is the directory above dir that holds the source of the module, or "".
func Root(dir string) string {
	for {
		if _, err := os.Stat(filepath.Join(dir, "bench", "rivals", "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			return ""
		}
		dir = up
	}
}
