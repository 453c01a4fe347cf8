package main

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sockeye-io/sockeye/bench/report"
)

func newBenchCompare() *cobra.Command {
	var o benchOptions
	var tolerance float64
	cmd := &cobra.Command{
		Use:   "compare [OLD.json NEW.json]",
		Short: "Measure Sockeye against a goroutine for each connection, or compare two results",
		Long: `Compare without arguments measures Sockeye and goroutines: the same codec and the
same handler in the same program, one on event loops, one with a goroutine for
each connection, so that the way of doing I/O is the only difference.

With two result files of bench run --out it says what changed from the first to
the second, and ends with 3 when something became worse by more than --tolerance
and more than the spread explains.`,
		Example: `  sockeye bench compare --quick
  sockeye bench compare --html compare.html
  sockeye bench compare before.json after.json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 0 && len(args) != 2 {
				return fmt.Errorf("want no arguments or two result files, got %d", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := fitting(cmd.Flags(), len(args) == 2); err != nil {
				return err
			}
			if len(args) == 0 {
				return o.run(cmd)
			}
			if tolerance < 0 {
				return usagef("--tolerance is %v, want 0 or more", tolerance)
			}
			if tolerance == 0 {
				tolerance = -1 // the package's zero is its default
			}
			return compare(cmd, args[0], args[1], tolerance/100)
		},
	}
	o.add(cmd)
	cmd.Flags().Float64Var(&tolerance, "tolerance", 10, "with two files: `PERCENT` that a figure may be worse")
	return cmd
}

// fitting refuses the flags that say nothing to what is to be done: with files
// all but --tolerance, which is theirs alone.
func fitting(flags *pflag.FlagSet, files bool) (err error) {
	flags.Visit(func(f *pflag.Flag) {
		switch {
		case err != nil || f.Name == "help":
		case files && f.Name != "tolerance":
			err = usagef("--%s is for measuring; two files are only compared", f.Name)
		case !files && f.Name == "tolerance":
			err = usagef("--tolerance is for two result files; what is measured has --threshold")
		}
	})
	return err
}

func compare(cmd *cobra.Command, before, after string, tolerance float64) error {
	a, err := readResult(before)
	if err != nil {
		return err
	}
	b, err := readResult(after)
	if err != nil {
		return err
	}
	c, err := report.Compare(a, b, report.CompareOptions{Tolerance: tolerance})
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	if err := c.Table(out, tableOptions(out)); err != nil {
		return err
	}
	if n := len(c.Regressions()); n > 0 {
		return &checkError{fmt.Errorf("%d figures are worse than before", n)}
	}
	return nil
}
