// Command gobwas is gobwas/ws with a goroutine per connection, written as its README writes it: the zero-copy upgrade
// on a bare connection, then the helpers of wsutil, which read without a buffer; for broadcast compiled frames, and a
// goroutine and a queue to write each connection.
package main

import (
	"net"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"github.com/sockeye-io/sockeye/bench/rivals/internal/rival"
)

func main() {
	wsutil.SetMaxMessageSize(rival.MaxMessage)
	rival.Main(map[string]rival.Role{"echo": rival.TCP(echo), "broadcast": rival.TCP(broadcast)})
}

func echo(c net.Conn) {
	if _, err := ws.Upgrade(c); err != nil {
		return // it has answered
	}
	for {
		p, op, err := wsutil.ReadClientData(c)
		if err != nil {
			return
		}
		if err := wsutil.WriteServerMessage(c, op, p); err != nil {
			return
		}
	}
}

var room rival.Room[*rival.Queue[[]byte]]

func broadcast(c net.Conn) {
	if _, err := ws.Upgrade(c); err != nil {
		return
	}
	write := func(frame []byte) error {
		_, err := c.Write(frame)
		return err
	}
	q := rival.Write(write, func() { c.Close() })
	defer q.Close()
	room.Join(q)
	defer room.Leave(q)
	for {
		p, op, err := wsutil.ReadClientData(c) // whose answers to control frames are one write each
		if err != nil {
			return
		}
		frame, err := ws.CompileFrame(ws.NewFrame(op, true, p))
		if err != nil {
			return
		}
		room.Each(func(q *rival.Queue[[]byte]) { q.Put(frame) })
	}
}
