// Command gws is a WebSocket echo on lxzan/gws, written as its README writes it: a goroutine per connection in
// ReadLoop, callbacks, messages returned to their pool.
package main

import (
	"net"
	"net/http"

	"github.com/lxzan/gws"

	"github.com/sockeye-io/sockeye/bench/rivals/internal/rival"
)

func main() {
	rival.Main(func(addr string, ready func(net.Addr)) error {
		ln, err := net.Listen("tcp", addr)
		if err != nil {
			return err
		}
		upgrader := gws.NewUpgrader(&echo{}, &gws.ServerOption{})
		http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
			c, err := upgrader.Upgrade(w, r)
			if err != nil {
				return // the upgrader has answered
			}
			go c.ReadLoop() // in a goroutine of its own, so that the buffers of net/http can be collected
		})
		ready(ln.Addr())
		return http.Serve(ln, nil)
	})
}

type echo struct{ gws.BuiltinEventHandler }

func (echo) OnMessage(c *gws.Conn, m *gws.Message) {
	defer m.Close()
	_ = c.WriteMessage(m.Opcode, m.Bytes())
}
