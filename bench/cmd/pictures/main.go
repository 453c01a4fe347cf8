// Command pictures draws the pictures of the README:
//
//	pictures RESULT.json DIR
package main

import (
	"fmt"
	"os"

	"github.com/sockeye-io/sockeye/bench/pictures"
	"github.com/sockeye-io/sockeye/bench/result"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: pictures RESULT.json DIR")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(from, dir string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	f, err := result.Read(in)
	if err != nil {
		return err
	}
	names, err := pictures.Write(dir, f)
	for _, name := range names {
		fmt.Println(name)
	}
	return err
}
