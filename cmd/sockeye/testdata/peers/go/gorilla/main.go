// Command gorilla is a WebSocket echo server on github.com/gorilla/websocket,
// which compresses. It prints its port. What does not fit its small write buffer
// goes out in fragments.
package main

import (
	"fmt"
	"io"
	"log"
	"net"
	"net/http"

	"github.com/gorilla/websocket"
)

func main() {
	up := websocket.Upgrader{EnableCompression: true, WriteBufferSize: 1000}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(ln.Addr().(*net.TCPAddr).Port)
	log.Fatal(http.Serve(ln, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		for echo(c) == nil {
		}
	})))
}

// echo answers one message as it comes in.
func echo(c *websocket.Conn) error {
	kind, r, err := c.NextReader()
	if err != nil {
		return err
	}
	w, err := c.NextWriter(kind)
	if err != nil {
		return err
	}
	if _, err := io.Copy(w, r); err != nil {
		return err
	}
	return w.Close()
}
