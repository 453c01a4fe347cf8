package million

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/sockeye-io/sockeye/bench/probe"
)

// Run does all of it and tells progress by lines. A Report comes back whenever there was a guest: what went wrong in it
// is in the Report, and the error is for what kept it from being tried. Call it once at a time in a process: it changes
// the environment, for the compiler.
func Run(ctx context.Context, c Config, progress io.Writer) (*Report, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	restore, err := raiseMaps()
	if err != nil {
		return nil, err
	}
	defer restore()
	dir, err := os.MkdirTemp("", "sockeye-million-")
	if err != nil {
		return nil, fmt.Errorf("million: %w", err)
	}
	defer os.RemoveAll(dir)

	fmt.Fprintln(progress, "building the programs")
	built, err := c.build(ctx, dir)
	if err != nil {
		return nil, err
	}
	job := c.job(built)
	initramfs := filepath.Join(dir, "initramfs")
	if err := writeInitramfs(initramfs, dir, built.CommandLine("echo")[0], job); err != nil {
		return nil, err
	}
	host, err := probe.Host()
	if err != nil {
		return nil, err
	}
	r := &Report{
		Schema: Schema, Commit: commit(ctx, c.Root), Started: time.Now().UTC().Truncate(time.Second),
		Host: host, Server: built.Server, Connections: c.Connections, MemoryMiB: c.MemoryMiB,
	}
	r.Server.Command = job.Server
	fmt.Fprintf(progress, "booting a guest with %d MiB for %s and %d connections\n", c.MemoryMiB, c.Server, c.Connections)
	began := time.Now()
	err = c.boot(ctx, initramfs, dir, func(text []byte) {
		l, err := r.line(text)
		if err != nil {
			l = nil
			fmt.Fprintln(progress, err)
		}
		if l != nil {
			l.describe(progress)
		}
	})
	r.Elapsed = time.Since(began)
	if r.End == nil {
		r.Error = "the guest ended without a word"
		if err != nil {
			r.Error = err.Error()
		}
	}
	if load, err := probe.LoadAverage(); err == nil {
		r.Host.LoadAfter = load
	}
	return r, nil
}
