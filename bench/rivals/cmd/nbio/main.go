// Command nbio is lesismal/nbio in its non-blocking mode, as its own benchmark sets it up: HTTP and WebSocket on its
// pollers and its pool of goroutines, payloads released after the callback. Broadcast is a loop of WriteMessage, which
// does not wait: what a peer does not take is kept, here up to 1 MiB, and then the connection is closed.
package main

import (
	"net"
	"net/http"

	"github.com/lesismal/nbio/logging"
	"github.com/lesismal/nbio/nbhttp"
	"github.com/lesismal/nbio/nbhttp/websocket"

	"github.com/sockeye-io/sockeye/bench/rivals/internal/rival"
)

func main() {
	logging.SetLevel(logging.LevelNone)
	rival.Main(map[string]rival.Role{"echo": with(echo), "broadcast": with(broadcast)})
}

func with(setUp func(*websocket.Upgrader)) rival.Role {
	return func(addr string, ready func(net.Addr)) error {
		upgrader := websocket.NewUpgrader()
		upgrader.KeepaliveTime = 0
		upgrader.MessageLengthLimit = rival.MaxMessage
		setUp(upgrader)
		var bound net.Addr
		engine := nbhttp.NewEngine(nbhttp.Config{
			Network:                 "tcp",
			Addrs:                   []string{addr},
			IOMod:                   nbhttp.IOModNonBlocking,
			ReleaseWebsocketPayload: true,
			MaxWriteBufferSize:      1 << 20,
			Listen: func(network, addr string) (net.Listener, error) {
				ln, err := net.Listen(network, addr)
				if err == nil {
					bound = ln.Addr()
				}
				return ln, err
			},
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = upgrader.Upgrade(w, r, nil) // which has answered
			}),
		})
		if err := engine.Start(); err != nil {
			return err
		}
		ready(bound)
		select {}
	}
}

func echo(u *websocket.Upgrader) {
	u.OnMessage(func(c *websocket.Conn, t websocket.MessageType, p []byte) { _ = c.WriteMessage(t, p) })
}

func broadcast(u *websocket.Upgrader) {
	var room rival.Room[*websocket.Conn]
	u.OnOpen(func(c *websocket.Conn) { room.Join(c) })
	u.OnClose(func(c *websocket.Conn, _ error) { room.Leave(c) })
	u.OnMessage(func(_ *websocket.Conn, t websocket.MessageType, p []byte) {
		room.Each(func(c *websocket.Conn) { _ = c.WriteMessage(t, p) })
	})
}
