// Command load drives an echo server from a process of its own; see package load.
//
//	load --address 127.0.0.1:PORT --connections 100 --duration 2s             # WebSocket, 20 B, one in flight
//	load --address 127.0.0.1:PORT --protocol tcp --payload 4096 --depth 16 --connections 1 --messages 100000
//	load --address 127.0.0.1:PORT --orders                                    # one JSON order per line on stdin
//
// The result is one line of JSON on stdout, for each order if there are several. Pin it to another processor than the
// server's (taskset -c 1), or the two take turns.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"

	"github.com/sockeye-io/sockeye/bench/load"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string, in io.Reader, out io.Writer) error {
	var cfg load.Config
	var order load.Order
	flags := flag.NewFlagSet("load", flag.ExitOnError)
	address := flags.String("address", "", "`HOST:PORT` of the server")
	protocol := flags.String("protocol", string(load.WebSocket), "ws or tcp")
	flags.StringVar(&cfg.Path, "path", "/", "of the WebSocket request")
	flags.BoolVar(&cfg.Text, "text", false, "text messages rather than binary ones")
	flags.IntVar(&cfg.Payload, "payload", 20, "bytes of a message")
	flags.IntVar(&cfg.Depth, "depth", 1, "messages in flight per connection")
	flags.BoolVar(&cfg.Batch, "batch", false, "send depth messages in one write, when the last have all come back")
	flags.IntVar(&cfg.Sources, "sources", 8, "addresses of 127.0.0.0/8 to connect from")
	flags.IntVar(&cfg.Check, "check", 16, "compare the content of every nth reply; -1 of none")
	flags.DurationVar(&cfg.Stall, "stall", 0, "give up when nothing arrives for so long; 0 is 10s, negative is never")
	flags.IntVar(&order.Connections, "connections", 1, "connections to open")
	flags.Int64Var(&order.Messages, "messages", 0, "messages to send over all connections; 0 is no limit")
	flags.DurationVar(&order.Duration, "duration", 0, "time to send for; 0 is no limit")
	orders := flags.Bool("orders", false, "take orders from stdin, one JSON object per line, until it ends")
	_ = flags.Parse(args) // exits

	var err error
	if cfg.Address, err = netip.ParseAddrPort(*address); err != nil {
		return fmt.Errorf("load: --address: %w", err)
	}
	cfg.Protocol = load.Protocol(*protocol)
	if !*orders {
		line, err := json.Marshal(order)
		if err != nil {
			return err
		}
		in = strings.NewReader(string(line))
	}
	l, err := load.New(cfg)
	if err != nil {
		return err
	}
	defer l.Close()
	return l.Serve(in, out)
}
