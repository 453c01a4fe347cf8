// Command gws is lxzan/gws on net/http, written as its README writes it: a goroutine per connection in ReadLoop,
// callbacks, messages returned to their pool; for broadcast its Broadcaster, which writes from queues that have no
// bound.
package main

import (
	"net/http"

	"github.com/lxzan/gws"

	"github.com/sockeye-io/sockeye/bench/rivals/internal/rival"
)

func main() {
	rival.Main(map[string]rival.Role{"echo": with(echo{}), "broadcast": with(&broadcast{})})
}

func with(events gws.Event) rival.Role {
	upgrader := gws.NewUpgrader(events, &gws.ServerOption{})
	return rival.HTTP(func(w http.ResponseWriter, r *http.Request) {
		c, err := upgrader.Upgrade(w, r)
		if err != nil {
			return // the upgrader has answered
		}
		go c.ReadLoop() // in a goroutine of its own, so that the buffers of net/http can be collected
	})
}

type echo struct{ gws.BuiltinEventHandler }

func (echo) OnMessage(c *gws.Conn, m *gws.Message) {
	defer m.Close()
	_ = c.WriteMessage(m.Opcode, m.Bytes())
}

type broadcast struct {
	gws.BuiltinEventHandler
	room rival.Room[*gws.Conn]
}

func (b *broadcast) OnOpen(c *gws.Conn) { b.room.Join(c) }

func (b *broadcast) OnClose(c *gws.Conn, _ error) { b.room.Leave(c) }

func (b *broadcast) OnMessage(_ *gws.Conn, m *gws.Message) {
	defer m.Close() // the frame is a copy
	all := gws.NewBroadcaster(m.Opcode, m.Bytes())
	defer all.Close()
	b.room.Each(func(c *gws.Conn) { _ = all.Broadcast(c) })
}
