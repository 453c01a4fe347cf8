// Command fasthttpws is fasthttp/websocket on fasthttp, written as its examples are: a zero FastHTTPUpgrader, the loop
// inside the handler; for broadcast prepared messages, and a goroutine and a queue to write each connection.
package main

import (
	"net"

	"github.com/fasthttp/websocket"
	"github.com/valyala/fasthttp"

	"github.com/sockeye-io/sockeye/bench/rivals/internal/rival"
)

func main() {
	rival.Main(map[string]rival.Role{"echo": with(echo), "broadcast": with(broadcast)})
}

var upgrader websocket.FastHTTPUpgrader

func with(handle websocket.FastHTTPHandler) rival.Role {
	return func(addr string, ready func(net.Addr)) error {
		ln, err := net.Listen("tcp", addr)
		if err != nil {
			return err
		}
		ready(ln.Addr())
		return fasthttp.Serve(ln, func(ctx *fasthttp.RequestCtx) {
			_ = upgrader.Upgrade(ctx, handle) // which has answered
		})
	}
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

var room rival.Room[*rival.Queue[*websocket.PreparedMessage]]

func broadcast(c *websocket.Conn) {
	defer c.Close()
	q := rival.Write(c.WritePreparedMessage, func() { c.Close() })
	defer q.Close()
	room.Join(q)
	defer room.Leave(q)
	for {
		kind, p, err := c.ReadMessage()
		if err != nil {
			return
		}
		m, err := websocket.NewPreparedMessage(kind, p)
		if err != nil {
			return
		}
		room.Each(func(q *rival.Queue[*websocket.PreparedMessage]) { q.Put(m) })
	}
}
