package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sockeye-io/sockeye/bench"
	"github.com/sockeye-io/sockeye/bench/contender"
	"github.com/sockeye-io/sockeye/bench/load"
	"github.com/sockeye-io/sockeye/bench/report"
	"github.com/sockeye-io/sockeye/bench/result"
)

// benchOptions are the flags of the commands that measure.
type benchOptions struct {
	plan   bench.Plan
	target string
	out    string
	report reportOptions
}

func (o *benchOptions) add(cmd *cobra.Command) {
	f := cmd.Flags()
	p := &o.plan
	f.BoolVar(&p.Quick, "quick", false, "fewer cells, connections and rounds: about a minute for two servers")
	f.StringVar(&p.Base, "base", "", "`SERVER` that ratios are to (default goroutines, else the last)")
	f.IntVar(&p.Rounds, "rounds", 0, "how often each server is measured in each cell (default 9, quick 5)")
	f.DurationVar(&p.Window, "window", 0, "length of one round (default 1s, quick 400ms)")
	f.IntVar(&p.Connections, "connections", 0, "connections of echo (default 100), latency (1000), storm and mixed (5000)")
	f.IntVar(&p.PayloadBytes, "payload", 0, "echo: `BYTES` of a message, instead of a series")
	f.IntVar(&p.Depth, "depth", 0, "echo: messages in flight on each connection")
	f.Float64Var(&p.Rate, "rate", 0, "latency and mixed: messages a second (default half of what the slowest server can do; 10000)")
	f.IntVar(&p.Receivers, "receivers", 0, "broadcast: connections that take each message (default 1000; slow: at most 100)")
	f.IntSliceVar(&p.Idle, "idle", nil, "idle: `NUMBERS` of connections, rising (default 1000,5000,10000,15000, quick 500,4000)")
	f.StringVar(&p.ServerCPUs, "server-cpus", "", "processors of the servers, as taskset takes them, or all (default the first when there are two)")
	f.StringVar(&p.LoadCPUs, "load-cpus", "", "processors of the load generator, or all (default another when there are two)")
	f.StringVarP(&o.out, "out", "o", "", "write the result `FILE`, to be rendered and compared again")
	o.report.add(cmd)
}

func newBenchRun() *cobra.Command {
	var o benchOptions
	cmd := &cobra.Command{
		Use:   "run [SCENARIO]...",
		Short: "Measure servers in some scenarios, or in all",
		Long: `Run measures each server in each scenario:
  idle       memory of a connection that has echoed once and rests, user and kernel
  echo       server CPU per message, by size and by messages in flight
  latency    an open loop at half of what the slowest server can do, counted from
             when a message was due, not from when it left
  broadcast  one publisher to many receivers: CPU and latency of each delivery
  churn      connect, upgrade, echo, close
  slow       a broadcast of which a tenth of the receivers never read
  storm      all connections are reset and come back at once
  mixed      a tenth of the connections speak while others come and go

Servers, --servers, are started as processes of their own. sockeye and goroutines
(the same codec and handler with a goroutine for each connection) are in this
program; the others need the source tree or Node.js.

Ctrl-C ends it and shows what was measured so far; a second one quits.`,
		Example: `  sockeye bench run --quick
  sockeye bench run echo --payload 512 --servers sockeye,goroutines,gorilla
  sockeye bench run --servers all --out result.json --html result.html
  sockeye bench run latency --target ws://127.0.0.1:8080/ --rate 5000 --threshold 'p99<5ms'`,
		ValidArgs: bench.Scenarios, // the plan checks them, and names those that there are
		RunE: func(cmd *cobra.Command, args []string) error {
			o.plan.Scenarios = args
			return o.run(cmd)
		},
	}
	o.add(cmd)
	f := cmd.Flags()
	f.StringSliceVar(&o.plan.Servers, "servers", nil, "`NAMES` of the servers, or all (default sockeye,goroutines): "+strings.Join(contender.Names(), ", "))
	f.StringVar(&o.target, "target", "", "`URL` of a server that runs already, ws://host:port/path or tcp://host:port, instead of --servers")
	f.IntVar(&o.plan.TargetPID, "target-pid", 0, "its process on this machine, whose CPU time and memory are to be read")
	f.BoolVar(&o.plan.Install, "install", false, "fetch what servers in JavaScript need from npm, into the user's cache")
	for _, other := range [...]string{"servers", "base", "install", "server-cpus"} {
		cmd.MarkFlagsMutuallyExclusive(other, "target")
	}
	return cmd
}

// run measures, keeps the result and shows it.
func (o *benchOptions) run(cmd *cobra.Command) error {
	thresholds, err := o.report.parse()
	if err != nil {
		return err
	}
	if o.out != "" {
		if err := writable(o.out); err != nil {
			return fmt.Errorf("--out: %w", err)
		}
	}
	if o.target != "" {
		if err := o.aim(); err != nil {
			return err
		}
	}
	if err := heard(cmd.Flags(), &o.plan); err != nil {
		return err
	}
	if slices.Equal(o.plan.Servers, []string{"all"}) {
		o.plan.Servers = contender.Names()
	}
	env := bench.Environment{Command: os.Args[1:]}
	if env.Self, err = os.Executable(); err != nil {
		return err
	}
	if dir, err := os.Getwd(); err == nil {
		env.Root = bench.Root(dir)
	}
	line := newProgress(cmd.ErrOrStderr())
	env.Progress = func(s bench.Step) { line.show(s.Done, s.Left, s.Text) }

	ctx, interrupted, stop := interruptible(cmd.ErrOrStderr())
	defer stop()
	env.Software = software(ctx, env.Root)
	f, err := bench.Run(ctx, o.plan, env)
	line.clear()
	var pe *bench.PlanError
	switch {
	case errors.As(err, &pe):
		return &usageError{err}
	case err != nil && interrupted() != nil:
		return interrupted()
	case err != nil:
		return err
	}
	var kept error
	if o.out != "" {
		kept = writeFile(o.out, f.Write)
	}
	if err := errors.Join(kept, o.report.show(cmd, f, thresholds)); err != nil { // it took long: show what can be shown
		return err
	}
	if err := interrupted(); err != nil {
		return err
	}
	for _, skipped := range f.Skipped {
		if skipped.Failed { // the rest was worth measuring, but nobody may take this for a whole run
			return fmt.Errorf("bench: %s, %s: %s", skipped.Server, skipped.Cell, skipped.Reason)
		}
	}
	return nil
}

// hearers are the scenarios that a flag says something to.
var hearers = map[string][]string{
	"connections": {"echo", "latency", "storm", "mixed"},
	"payload":     {"echo"},
	"depth":       {"echo"},
	"rate":        {"latency", "mixed"},
	"receivers":   {"broadcast", "slow"},
	"idle":        {"idle"},
}

// heard refuses the flags that no scenario of the plan would hear: whoever reads
// the figures would believe that they were heard.
func heard(flags *pflag.FlagSet, p *bench.Plan) (err error) {
	scenarios := p.Chosen()
	flags.Visit(func(f *pflag.Flag) {
		of, ok := hearers[f.Name]
		if err == nil && ok && !slices.ContainsFunc(of, func(s string) bool { return slices.Contains(scenarios, s) }) {
			err = usagef("--%s says something to %s alone, and there is only %s",
				f.Name, strings.Join(of, ", "), strings.Join(scenarios, ", "))
		}
	})
	return err
}

// aim reads --target.
func (o *benchOptions) aim() error {
	end, err := parseEndpoint(o.target)
	if err != nil {
		return err
	}
	switch end.scheme {
	case "ws":
		o.plan.Protocol, o.plan.Path = load.WebSocket, end.target
	case "tcp", "tcp4":
		o.plan.Protocol = load.TCP
	default:
		return usagef("--target %s: want ws:// or tcp://", o.target)
	}
	a, err := net.ResolveTCPAddr("tcp4", end.addr)
	if err != nil {
		return fmt.Errorf("--target: %w", err)
	}
	o.plan.Target = netip.AddrPortFrom(a.AddrPort().Addr().Unmap(), a.AddrPort().Port())
	return nil
}

// interruptible gives a context that ends with the first SIGINT or SIGTERM, and
// what that was. The second one is the system's: it ends the process, and with
// it its children.
func interruptible(errw io.Writer) (ctx context.Context, interrupted func() error, stop func()) {
	ctx, cancel := context.WithCancelCause(context.Background())
	sigs, stopSignals := stopSignals()
	done := make(chan struct{})
	go func() {
		select {
		case s := <-sigs:
			stopSignals()
			fmt.Fprintf(errw, "\n%s: showing what was measured so far; once more quits\n", signalName(s))
			cancel(&signalError{s})
		case <-done:
		}
	}()
	interrupted = func() error {
		var se *signalError
		if errors.As(context.Cause(ctx), &se) {
			return se
		}
		return nil
	}
	return ctx, interrupted, func() { stopSignals(); close(done); cancel(nil) }
}

// tableOptions fits a table to where it is printed.
func tableOptions(w io.Writer) report.TableOptions {
	tty := isTerminal(w)
	return report.TableOptions{
		Unicode: tty && utf8Locale(), Color: tty && os.Getenv("NO_COLOR") == "", Width: terminalWidth(w),
	}
}

// utf8Locale is whether the terminal says that it shows more than ASCII.
func utf8Locale() bool {
	for _, name := range [...]string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := strings.ToUpper(os.Getenv(name)); v != "" {
			return strings.Contains(v, "UTF-8") || strings.Contains(v, "UTF8")
		}
	}
	return false
}

// software says what is measured. go run leaves the commit out of the program,
// so git is asked for it where the source tree is.
func software(ctx context.Context, root string) result.Software {
	v := versionOf(buildInfo())
	s := result.Software{Version: v.Version, Commit: v.Commit, Modified: v.Modified, Go: v.Go}
	if s.Commit != "" || root == "" {
		return s
	}
	git := func(args ...string) (string, error) {
		cmd := exec.CommandContext(ctx, "git", append([]string{"-C", root, "--no-optional-locks"}, args...)...)
		out, err := cmd.Output()
		return strings.TrimSpace(string(out)), err
	}
	if head, err := git("rev-parse", "HEAD"); err == nil {
		changes, err := git("status", "--porcelain")
		s.Commit, s.Modified = head, err != nil || changes != ""
	}
	return s
}
