// Command second measures a WebSocket echo with one of the clients of package second, to check the load with.
//
//	second --client gorilla --url ws://127.0.0.1:PORT/ --connections 100 --duration 2s
//
// The result is one line of JSON on stdout.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/sockeye-io/sockeye/bench/load/second"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	var cfg second.Config
	client := flag.String("client", "gorilla", "gorilla or engine")
	flag.StringVar(&cfg.URL, "url", "", "of the echo")
	flag.IntVar(&cfg.Connections, "connections", 1, "to open")
	flag.IntVar(&cfg.Payload, "payload", 20, "bytes of a message")
	flag.DurationVar(&cfg.Duration, "duration", time.Second, "time to send for")
	flag.Parse()
	measure, ok := map[string]func(context.Context, second.Config) (second.Result, error){
		"gorilla": second.Gorilla, "engine": second.Engine,
	}[*client]
	if !ok {
		return fmt.Errorf("second: no client %q", *client)
	}
	res, err := measure(context.Background(), cfg)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(res)
}
