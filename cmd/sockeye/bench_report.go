package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/sockeye-io/sockeye/bench/report"
)

func newBenchReport() *cobra.Command {
	var o reportOptions
	cmd := &cobra.Command{
		Use:   "report RESULT.json",
		Short: "Show a result file again",
		Long: `Report shows what bench run or bench compare wrote with --out, in any form.

A threshold is ` + report.ThresholdHelp + `
Names: ` + strings.Join(report.MetricNames(), " "),
		Example: `  sockeye bench report result.json --html result.html
  sockeye bench report result.json --gobench | benchstat /dev/stdin`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			thresholds, err := o.parse()
			if err != nil {
				return err
			}
			f, err := readResult(args[0])
			if err != nil {
				return err
			}
			return o.show(cmd, f, thresholds)
		},
	}
	o.add(cmd)
	return cmd
}
