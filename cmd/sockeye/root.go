package main

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"
)

// run executes one command line and answers the exit code. Results go to out,
// all else to errw.
func run(args []string, in io.Reader, out, errw io.Writer) int {
	started := false
	root := &cobra.Command{
		Use:   "sockeye",
		Short: "Sockets on event loops: serve them, talk to them, measure them",
		Long: `Sockeye holds TCP, Unix, UDP and WebSocket connections on a few event loops.

Results go to standard output, everything else to standard error. Exit codes:
  0    done
  1    failed
  2    wrong usage
  3    a check or a threshold failed
  130  ended by SIGINT (Ctrl-C)
  143  ended by SIGTERM
A server that was asked to stop and drained has done its work: that is 0.`,
		Version:       versionOf(buildInfo()).Version,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			err := cmd.ValidateFlagGroups() // cobra does it too, when it is too late to be wrong usage
			started = err == nil
			return err
		},
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
	}
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errw)
	root.AddCommand(newServe(), newConnect(), newBench(), newVersion())

	cmd, err := root.ExecuteC()
	code := exitCode(err, started)
	if err != nil {
		fmt.Fprintln(errw, "sockeye:", err)
	}
	if code == exitUsage {
		fmt.Fprintf(errw, "Run '%s --help' for usage.\n", cmd.CommandPath())
	}
	return code
}
