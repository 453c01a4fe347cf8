// Command fasthttpws is a WebSocket echo on fasthttp and fasthttp/websocket, written as its example is: a zero
// FastHTTPUpgrader, the loop inside the handler.
package main

import (
	"fmt"
	"net"
	"runtime"

	"github.com/fasthttp/websocket"
	"github.com/valyala/fasthttp"

	"github.com/sockeye-io/sockeye/bench/rivals/internal/rival"
)

func main() {
	rival.Main(func(addr string, ready func(net.Addr)) error {
		ln, err := net.Listen("tcp", addr)
		if err != nil {
			return err
		}
		ready(ln.Addr())
		return fasthttp.Serve(ln, serve)
	})
}

var upgrader websocket.FastHTTPUpgrader

func serve(ctx *fasthttp.RequestCtx) {
	if string(ctx.Path()) == "/runtime" { // as bench/cmd/adapters tells it
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		ctx.SetConnectionClose()
		fmt.Fprintf(ctx, `{"goroutines":%d,"heap":%d,"stacks":%d}`, runtime.NumGoroutine(), m.HeapAlloc, m.StackInuse)
		return
	}
	_ = upgrader.Upgrade(ctx, echo) // which has answered
}

func echo(c *websocket.Conn) {
	defer c.Close()
	for {
		kind, p, err := c.ReadMessage()
		if err != nil {
			return
		}
		if err := c.WriteMessage(kind, p); err != nil {
			return
		}
	}
}
