// Package rival is what the servers under cmd have in common: one flag, one line on stdout, one way to stop, and a
// signal that forces a collection, so that the harness treats them all alike.
//
// A rival is run as
//
//	rawgnet --listen 127.0.0.1:0
//
// prints "listening on 127.0.0.1:PORT" and nothing else, and serves until SIGTERM or SIGINT. SIGUSR1 makes it collect
// its garbage and return the freed pages, for memory figures that do not depend on when the last collection was.
package rival

import (
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
)

// Main parses the flags, calls serve with the address to listen at, and exits with 1 when serve fails. serve must call
// ready once, when connections to the address are no longer refused; it need not return for the process to end.
func Main(serve func(addr string, ready func(net.Addr)) error) {
	addr := flag.String("listen", "127.0.0.1:0", "`HOST:PORT` to listen at; port 0 takes a free one")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "rival: unexpected argument:", flag.Arg(0))
		os.Exit(2)
	}

	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt, syscall.SIGUSR1)
	go func() {
		for s := range signals {
			if s != syscall.SIGUSR1 {
				os.Exit(0)
			}
			runtime.GC() // a sync.Pool lets go of what is in it at the second collection
			debug.FreeOSMemory()
		}
	}()

	err := serve(*addr, func(a net.Addr) { fmt.Println("listening on", a) })
	if err != nil {
		fmt.Fprintln(os.Stderr, "rival:", err)
		os.Exit(1)
	}
}
