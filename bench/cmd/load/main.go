// Command load drives a server from a process of its own; see load.Main.
package main

import (
	"fmt"
	"os"

	"github.com/sockeye-io/sockeye/bench/load"
)

func main() {
	if err := load.Main(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
