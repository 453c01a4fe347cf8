// Command coder is coder/websocket on net/http, written as its README and examples write it: Accept, Read and Write in
// the handler, no timeout in the context; for broadcast, as in its example of a chat, a goroutine and a queue to write
// each connection. It has no prepared messages: each connection encodes the frame.
package main

import (
	"context"
	"net/http"

	"github.com/coder/websocket"

	"github.com/sockeye-io/sockeye/bench/rivals/internal/rival"
)

func main() {
	rival.Main(map[string]rival.Role{"echo": rival.HTTP(echo), "broadcast": rival.HTTP(broadcast)})
}

// accept answers nil when the handshake was refused.
func accept(w http.ResponseWriter, r *http.Request) *websocket.Conn {
	c, err := websocket.Accept(w, r, nil)
	if err != nil {
		return nil
	}
	c.SetReadLimit(rival.MaxMessage) // instead of 32 KiB
	return c
}

// cut ends the connection, if it has not ended yet.
func cut(c *websocket.Conn) { _ = c.CloseNow() }

func echo(w http.ResponseWriter, r *http.Request) {
	c := accept(w, r)
	if c == nil {
		return
	}
	defer cut(c)
	ctx := context.Background() // that of the request is not recommended
	for {
		t, p, err := c.Read(ctx)
		if err != nil {
			return
		}
		if err := c.Write(ctx, t, p); err != nil {
			return
		}
	}
}

type message struct {
	t websocket.MessageType
	p []byte
}

var room rival.Room[*rival.Queue[message]]

func broadcast(w http.ResponseWriter, r *http.Request) {
	c := accept(w, r)
	if c == nil {
		return
	}
	defer cut(c)
	ctx := context.Background()
	q := rival.Write(func(m message) error { return c.Write(ctx, m.t, m.p) }, func() { go cut(c) })
	defer q.Close()
	room.Join(q)
	defer room.Leave(q)
	for {
		t, p, err := c.Read(ctx)
		if err != nil {
			return
		}
		m := message{t, p}
		room.Each(func(q *rival.Queue[message]) { q.Put(m) })
	}
}
