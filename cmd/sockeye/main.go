// Command sockeye serves sockets on a few event loops, talks to them, and tells
// what it is: see sockeye help.
package main

import "os"

func main() { os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
