package fasthttp_test

import (
	"context"
	"fmt"
	"net"

	fast "github.com/valyala/fasthttp"

	"github.com/sockeye-io/sockeye/adapters/fasthttp"
	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
)

// The flow of the class diagram: a server's Handler upgrades, handleWebSocket talks to
// the connection, and a client dials.
func Example() {
	server := &fasthttp.WebSocketServer{
		Upgrader: fasthttp.DefaultUpgrader,
		HandleWebSocket: func(conn *fasthttp.WebSocketConnection) {
			for {
				messageType, p, err := conn.ReadMessage()
				if err != nil {
					return
				}
				if err := conn.WriteMessage(messageType, append([]byte("hello, "), p...)); err != nil {
					return
				}
			}
		},
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	http := &fast.Server{Handler: server.Handler}
	go func() { _ = http.Serve(ln) }()

	client, err := fasthttp.Dial("ws://" + ln.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = client.WriteMessage(websocket.TextMessage, []byte("sockeye"))
	_, p, err := client.ReadMessage()
	fmt.Println(string(p), err)
	_ = client.Close()
	_ = http.Shutdown()
	_ = fasthttp.Shutdown(context.Background())
	// Output: hello, sockeye <nil>
}

// A connection whose handler registers OnMessage and returns lives on a loop: it has no
// goroutine.
func ExampleWebSocketServer() {
	upgrader := &websocket.FastHTTPUpgrader{}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	gone := make(chan error, 1)
	http := &fast.Server{Handler: func(ctx *fast.RequestCtx) {
		_ = upgrader.Upgrade(ctx, func(c *websocket.Conn) {
			_ = c.OnClose(func(_ *websocket.Conn, err error) { gone <- err })
			_ = c.OnMessage(func(c *websocket.Conn, messageType int, p []byte) {
				_ = c.WriteMessage(messageType, p) // never blocks; OnClose tells what went wrong
			})
		})
	}}
	go func() { _ = http.Serve(ln) }()

	client, err := fasthttp.Dial("ws://" + ln.Addr().String())
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = client.WriteMessage(websocket.TextMessage, []byte("echo"))
	_, p, _ := client.ReadMessage()
	fmt.Println(string(p))
	_ = client.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""))
	_, _, err = client.ReadMessage()
	fmt.Println(err, "and", <-gone)
	_ = client.Close()
	_ = http.Shutdown()
	_ = fasthttp.Shutdown(context.Background())
	// Output:
	// echo
	// websocket: close 1000 (normal) and websocket: close 1000 (normal)
}
