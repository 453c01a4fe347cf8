// Package rival is what the servers under cmd have in common: two flags, one line on stdout, one way to stop, and the
// two signals of bench/vitals, so that the harness treats them all alike.
//
// A rival is run as
//
//	gorilla --listen 127.0.0.1:0 --handler echo
//
// prints "listening on 127.0.0.1:PORT" and serves until SIGTERM or SIGINT. SIGUSR1 makes it collect its garbage and
// return the freed pages, for memory figures that do not depend on when the last collection was; SIGUSR2 makes it print
// its vitals.
//
// Each is written as its own documentation writes it, with its own defaults except: no compression; messages of up to
// 16 MiB where there is a lower limit; no deadline on a connection at rest, where there is one. What a server for
// broadcast needs beyond a library, the list of connections and where the library has none the queues, is the same for
// all: Room.
package rival

import (
	"flag"
	"fmt"
	"log"
	"maps"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/sockeye-io/sockeye/bench/vitals"
)

// MaxMessage is the limit of a message in bytes, where a library has a lower one.
const MaxMessage = 16 << 20

// A Role serves at an address. It must call ready once, when connections to the address are no longer refused; it need
// not return for the process to end.
type Role func(addr string, ready func(net.Addr)) error

// Main parses the flags and serves the role that --handler names, until a signal or a failure ends the process.
func Main(roles map[string]Role) {
	log.SetFlags(0)
	log.SetPrefix("rival: ")
	names := strings.Join(slices.Sorted(maps.Keys(roles)), " or ")
	addr := flag.String("listen", "127.0.0.1:0", "`HOST:PORT` to listen at; port 0 takes a free one")
	handler := flag.String("handler", "echo", names)
	flag.Parse()
	if flag.NArg() > 0 {
		log.Fatalf("unexpected argument %q", flag.Arg(0))
	}
	serve, ok := roles[*handler]
	if !ok {
		log.Fatalf("--handler is %q, want %s", *handler, names)
	}

	vitals.Serve(os.Stdout)
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, os.Interrupt)
	go func() {
		log.Fatal(serve(*addr, func(a net.Addr) { fmt.Fprintln(os.Stdout, "listening on", a) }))
	}()
	<-stop
}

// HTTP is a role on net/http.
func HTTP(h http.HandlerFunc) Role {
	return func(addr string, ready func(net.Addr)) error {
		ln, err := net.Listen("tcp", addr)
		if err != nil {
			return err
		}
		ready(ln.Addr())
		return http.Serve(ln, h)
	}
}

// TCP is a role on package net: serve runs in a goroutine for each connection and need not close it.
func TCP(serve func(net.Conn)) Role {
	return func(addr string, ready func(net.Addr)) error {
		ln, err := net.Listen("tcp", addr)
		if err != nil {
			return err
		}
		ready(ln.Addr())
		for {
			c, err := ln.Accept()
			if err != nil {
				return err
			}
			go func() {
				defer c.Close()
				serve(c)
			}()
		}
	}
}
