// Command adapters is a server on the adapters for fasthttp, as a measurement wants it: a WebSocket echo on the
// drop-in in each of its modes, or a page over HTTP.
//
//	adapters --listen 127.0.0.1:0 --as callback
//
// It prints "listening on 127.0.0.1:PORT" and serves until SIGTERM or SIGINT. SIGUSR1 makes it collect its garbage and
// return the freed pages. GET /runtime tells how many goroutines there are, and what heap and stacks take.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"

	"github.com/valyala/fasthttp"

	adapter "github.com/sockeye-io/sockeye/adapters/fasthttp"
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

	ln, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening on", ln.Addr())
	log.Fatal(serve(ln))
}

// tell answers with what only this process knows.
func tell(ctx *fasthttp.RequestCtx) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	ctx.SetConnectionClose()
	fmt.Fprintf(ctx, `{"goroutines":%d,"heap":%d,"stacks":%d}`, runtime.NumGoroutine(), m.HeapAlloc, m.StackInuse)
}
