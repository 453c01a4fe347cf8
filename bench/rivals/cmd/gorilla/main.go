// Command gorilla is a WebSocket echo on net/http and gorilla/websocket, written as its README and example write it:
// a zero Upgrader, the loop inside the handler.
package main

import (
	"net"
	"net/http"

	"github.com/gorilla/websocket"

	"github.com/sockeye-io/sockeye/bench/rivals/internal/rival"
)

func main() {
	rival.Main(func(addr string, ready func(net.Addr)) error {
		ln, err := net.Listen("tcp", addr)
		if err != nil {
			return err
		}
		http.HandleFunc("/", echo)
		ready(ln.Addr())
		return http.Serve(ln, nil)
	})
}

var upgrader websocket.Upgrader

func echo(w http.ResponseWriter, r *http.Request) {
	c, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return // the upgrader has answered
	}
	defer c.Close()
	for {
		t, p, err := c.ReadMessage()
		if err != nil {
			return
		}
		if err := c.WriteMessage(t, p); err != nil {
			return
		}
	}
}
