package load

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"strings"
)

// Main is the generator as a command, in a process of its own:
//
//	load --address 127.0.0.1:PORT --connections 100 --duration 2s             # WebSocket, 20 B, one in flight
//	load --address 127.0.0.1:PORT --connections 100 --duration 10s --rate 20000 --ramp 1s
//	load --address 127.0.0.1:PORT --connections 1000 --duration 5s --work broadcast --mute 100
//	load --address 127.0.0.1:PORT --protocol tcp --payload 4096 --depth 16 --connections 1 --messages 100000
//	load --address 127.0.0.1:PORT --orders                                    # one JSON order per line from in
//
// It writes one Reply as a line of JSON to out for each order, of which the flags are one. Pin it to another processor
// than the server's (taskset -c 1), or the two take turns. It reads in only with --orders, and returns when that ends.
func Main(args []string, in io.Reader, out io.Writer) error {
	var cfg Config
	var order Order
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	var usage strings.Builder
	flags.SetOutput(&usage)
	address := flags.String("address", "", "`HOST:PORT` of the server")
	protocol := flags.String("protocol", string(WebSocket), "ws or tcp")
	cfg.flags(flags)
	orders := flags.Bool("orders", false, "take orders from stdin, one JSON object per line, until it ends")
	work := flags.String("work", string(Echo), "echo, broadcast, churn, storm or mixed")
	order.flags(flags)
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		_, err = io.WriteString(out, usage.String())
		return err
	} else if err != nil {
		return fmt.Errorf("load: %w", err)
	}

	var err error
	if cfg.Address, err = netip.ParseAddrPort(*address); err != nil {
		return fmt.Errorf("load: --address: %w", err)
	}
	cfg.Protocol, order.Work = Protocol(*protocol), Work(*work)
	if !*orders {
		if order.Messages <= 0 && order.Duration <= 0 && order.Work == Echo {
			order.Work = "" // only connects
		}
		line, err := json.Marshal(order)
		if err != nil {
			return err
		}
		in = strings.NewReader(string(line))
	}
	l, err := New(cfg)
	if err != nil {
		return err
	}
	defer l.Close()
	return l.Serve(in, out)
}

func (c *Config) flags(f *flag.FlagSet) {
	f.StringVar(&c.Path, "path", "/", "of the WebSocket request")
	f.BoolVar(&c.Text, "text", false, "text messages rather than binary ones")
	f.IntVar(&c.Payload, "payload", 20, "bytes of a message")
	f.IntVar(&c.Depth, "depth", 1, "messages in flight per connection, closed loop")
	f.BoolVar(&c.Batch, "batch", false, "send depth messages in one write, when the last have all come back")
	f.IntVar(&c.Sources, "sources", 8, "addresses of 127.0.0.0/8 to connect from")
	f.IntVar(&c.Check, "check", 16, "compare the content of every nth reply; -1 of none")
	f.DurationVar(&c.Stall, "stall", 0, "give up when nothing arrives for so long; 0 is 10s, negative is never")
}

func (o *Order) flags(f *flag.FlagSet) {
	f.IntVar(&o.Connections, "connections", 1, "connections to open")
	f.BoolVar(&o.OneByOne, "one-by-one", false, "echo a message on each connection before the next is opened")
	f.Float64Var(&o.ConnectRate, "connect-rate", 0, "connections to open per second; 0 is as fast as it goes")
	f.IntVar(&o.Mute, "mute", 0, "of the connections, which read nothing during a broadcast")
	f.Int64Var(&o.Messages, "messages", 0, "messages to send over all connections; 0 is no limit")
	f.DurationVar(&o.Duration, "duration", 0, "time to send for; 0 is no limit")
	f.Float64Var(&o.Rate, "rate", 0, "messages per second over all connections, sent when due (open loop); 0 is a closed loop")
	f.DurationVar(&o.Ramp, "ramp", 0, "time for the rate to grow from zero")
	f.DurationVar(&o.Interval, "interval", 0, "length of the pieces of the course; 0 is 1s")
	f.Float64Var(&o.ChurnRate, "churn-rate", 0, "connections per second to replace beside the messages (mixed)")
	f.IntVar(&o.Concurrency, "concurrency", 0, "connects under way at once; 0 is 64")
}
