// Command gorilla is gorilla/websocket on net/http, written as its README and examples write it: a zero Upgrader, the
// loop inside the handler; for broadcast prepared messages, and a goroutine and a queue to write each connection.
package main

import (
	"net/http"

	"github.com/gorilla/websocket"

	"github.com/sockeye-io/sockeye/bench/rivals/internal/rival"
)

func main() {
	rival.Main(map[string]rival.Role{"echo": rival.HTTP(echo), "broadcast": rival.HTTP(broadcast)})
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

var room rival.Room[*rival.Queue[*websocket.PreparedMessage]]

func broadcast(w http.ResponseWriter, r *http.Request) {
	c, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer c.Close()
	q := rival.Write(c.WritePreparedMessage, func() { c.Close() })
	defer q.Close()
	room.Join(q)
	defer room.Leave(q)
	for {
		t, p, err := c.ReadMessage()
		if err != nil {
			return
		}
		m, err := websocket.NewPreparedMessage(t, p)
		if err != nil {
			return
		}
		room.Each(func(q *rival.Queue[*websocket.PreparedMessage]) { q.Put(m) })
	}
}
