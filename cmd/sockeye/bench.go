package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sockeye-io/sockeye/bench/baseline"
	"github.com/sockeye-io/sockeye/bench/load"
	"github.com/sockeye-io/sockeye/bench/report"
	"github.com/sockeye-io/sockeye/bench/result"
)

func newBench() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Measure Sockeye beside other servers, a goroutine for each connection first of all",
		Long: `Bench starts servers as processes of their own, and for each a load generator,
and lets them take turns in short windows, so that whatever else the machine
does meets all alike. Every figure is a median with its spread; ratios are taken
round by round to one server of the same run, the base.

The figure to trust is the server's processor time for each message. Throughput
and latency are shown only where the generator was not the limit.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			err := fmt.Errorf("unknown command %q for %q", args[0], cmd.CommandPath())
			if like := cmd.SuggestionsFor(args[0]); len(like) > 0 {
				err = fmt.Errorf("%w; did you mean %s?", err, strings.Join(like, " or "))
			}
			return err
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },

		SuggestionsMinimumDistance: 2,
	}
	server := &cobra.Command{Use: "server", Short: "The servers under test that live in this program", Hidden: true}
	server.AddCommand(foreign("goroutines", "The same codec and handler with a goroutine for each connection",
		func(args []string, _ io.Reader, out io.Writer) error { return baseline.Main(args, out) }))
	cmd.AddCommand(newBenchRun(), newBenchCompare(), newBenchReport(), server,
		foreign("load", "The load generator, in a process of its own", load.Main))
	return cmd
}

// foreign is a command that bench starts as a process; it reads its own flags.
func foreign(name, short string, main func(args []string, in io.Reader, out io.Writer) error) *cobra.Command {
	return &cobra.Command{
		Use: name, Short: short, Hidden: true, DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			return main(args, cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
}

// reportOptions are the flags of the commands that show a result.
type reportOptions struct {
	json, gobench bool
	html          string
	thresholds    []string
}

func (o *reportOptions) add(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&o.json, "json", false, "print the result file instead of the table")
	f.BoolVar(&o.gobench, "gobench", false, "print lines for benchstat instead of the table")
	f.StringVar(&o.html, "html", "", "write a page with plots to `FILE`, which needs no network")
	f.StringArrayVar(&o.thresholds, "threshold", nil, "what must hold, `'p99<5ms'`, repeatable: exit code 3 when it does not")
	cmd.MarkFlagsMutuallyExclusive("json", "gobench")
}

// parse checks what was asked before anything is measured.
func (o *reportOptions) parse() ([]report.Threshold, error) {
	if o.html != "" {
		if err := writable(o.html); err != nil {
			return nil, fmt.Errorf("--html: %w", err)
		}
	}
	var all []report.Threshold
	for _, text := range o.thresholds {
		t, err := report.ParseThreshold(text)
		if err != nil {
			return nil, &usageError{err}
		}
		all = append(all, t)
	}
	return all, nil
}

// show prints f as asked, and fails when a threshold does.
func (o *reportOptions) show(cmd *cobra.Command, f *result.File, thresholds []report.Threshold) error {
	out := cmd.OutOrStdout()
	var err error
	switch {
	case o.json:
		err = f.Write(out)
	case o.gobench:
		err = report.Gobench(out, f)
	default:
		err = report.Table(out, f, tableOptions(out))
	}
	if o.html != "" {
		err = errors.Join(err, writeFile(o.html, func(w io.Writer) error { return report.HTML(w, f) }))
	}
	if err != nil {
		return err
	}
	failed := 0
	for _, t := range thresholds {
		for _, v := range t.Check(f) {
			fmt.Fprintln(cmd.ErrOrStderr(), "threshold:", v)
			failed++
		}
	}
	if failed > 0 {
		return &checkError{fmt.Errorf("%d thresholds failed", failed)}
	}
	return nil
}
