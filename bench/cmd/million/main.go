// Command million holds a million connections on this machine, in a guest of user-mode Linux, and prints what they cost;
// see bench/million/README.md.
//
//	go run ./bench/cmd/million --connections 100000 --memory 2048
//	go run ./bench/cmd/million --server goroutines --out goroutines.json
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/sockeye-io/sockeye/bench/contender"
	"github.com/sockeye-io/sockeye/bench/million"
	"github.com/sockeye-io/sockeye/bench/million/guest"
)

func main() {
	// The kernel gives the first process every word that it does not know itself.
	if os.Getpid() == 1 && slices.Contains(os.Args, "guest") {
		if err := guest.Main(os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	switch {
	case errors.Is(err, flag.ErrHelp):
	case errors.Is(err, errUsage):
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

var errUsage = errors.New("see --help")

func run(ctx context.Context, args []string, out, progress io.Writer) error {
	var c million.Config
	flags := flag.NewFlagSet("million", flag.ContinueOnError)
	flags.SetOutput(progress)
	flags.StringVar(&c.Server, "server", "sockeye", "`NAME` of the server: those in Go of "+strings.Join(contender.Names(), ", "))
	flags.IntVar(&c.Connections, "connections", 1_000_000, "`N` to hold; a tenth, a quarter and a half of them are marks")
	flags.IntVar(&c.MemoryMiB, "memory", 12288, "`MiB` of the guest, all of which may come to be used")
	flags.DurationVar(&c.Hold, "hold", time.Minute, "how long to hold all of them")
	flags.DurationVar(&c.Timeout, "timeout", 40*time.Minute, "when to give up, from the guest's start")
	flags.IntVar(&c.CPU, "cpu", runtime.NumCPU()-1, "`NUMBER` of the processor to run the guest on; -1 is any, which is slower")
	flags.StringVar(&c.Kernel, "kernel", million.DefaultKernel, "`PROGRAM` that is user-mode Linux")
	flags.StringVar(&c.Scratch, "scratch", "/dev/shm", "`FOLDER` in RAM for the guest's memory")
	flags.StringVar(&c.Root, "root", ".", "`FOLDER` of the source tree")
	file := flags.String("out", "", "write the result as JSON to `FILE`")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return errUsage // the flag set has said what
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("million: unexpected argument %q: %w", flags.Arg(0), errUsage)
	}
	r, err := million.Run(ctx, c, progress)
	if err != nil {
		return err
	}
	if *file != "" {
		f, err := os.Create(*file)
		if err != nil {
			return err
		}
		if err := errors.Join(r.Write(f), f.Close()); err != nil {
			return err
		}
	}
	if err := r.Table(out); err != nil {
		return err
	}
	if !r.Whole() && !r.OutOfMemory() {
		return errors.New("million: the run is not whole")
	}
	return nil
}
