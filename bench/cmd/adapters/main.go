// Command adapters is a server on the adapters for fasthttp, as a measurement wants it: a WebSocket echo on the
// drop-in in each of its modes, or a page over HTTP.
//
//	adapters --listen 127.0.0.1:0 --as callback
//
// It prints "listening on 127.0.0.1:PORT" and serves until SIGTERM or SIGINT. SIGUSR1 and SIGUSR2 are as
// bench/vitals has them.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/valyala/fasthttp"

	adapter "github.com/sockeye-io/sockeye/adapters/fasthttp"
	"github.com/sockeye-io/sockeye/bench/vitals"
)

// servers are what --as chooses from.
var servers = map[string]func(ln net.Listener) error{
	"callback": func(ln net.Listener) error { return serveWebSocket(ln, callback) },
	"blocking": func(ln net.Listener) error { return serveWebSocket(ln, block) },
	"original": func(ln net.Listener) error { return serveWebSocket(wrapped{ln}, block) },
	"fasthttp": func(ln net.Listener) error { return (&fasthttp.Server{Handler: page}).Serve(ln) },
	"workers":  func(ln net.Listener) error { return serveHTTP(ln, adapter.ServeOptions{}) },
	"loop":     func(ln net.Listener) error { return serveHTTP(ln, adapter.ServeOptions{OnLoop: true}) },
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("adapters: ")
	addr := flag.String("listen", "127.0.0.1:0", "`HOST:PORT` to listen at; port 0 takes a free one")
	as := flag.String("as", "callback", "WebSocket: callback, blocking or original; HTTP: fasthttp, workers or loop")
	flag.Parse()
	serve, ok := servers[*as]
	if !ok || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}

	vitals.Serve(os.Stdout)
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, os.Interrupt)
	go func() {
		<-stop
		os.Exit(0)
	}()

	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening on", ln.Addr())
	log.Fatal(serve(ln))
}
