package websocket_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
)

// TestDialMany: a Dialer and an Upgrader are for many goroutines at once.
func TestDialMany(t *testing.T) {
	t.Parallel()
	for _, s := range []settings{{}, {secure: true, server: true, client: true}} {
		at := served(t, s.secure, echoes(websocket.Upgrader{EnableCompression: s.server}))
		d := s.dialer()
		proxy := &tunnel{backup: strings.Trim(strings.TrimPrefix(at, "wss"), "ws:/")}
		u := proxy.start(t)
		var all sync.WaitGroup
		for i := range 100 {
			all.Go(func() {
				d := d
				if i%4 == 0 {
					through := *d
					through.Proxy, d = http.ProxyURL(u), &through
				}
				c, _, err := d.Dial(at, nil)
				if err != nil {
					t.Error(err)
					return
				}
				defer c.Close()
				say := strings.Repeat(fmt.Sprint("message ", i, " "), 50)
				if err := c.WriteMessage(websocket.TextMessage, []byte(say)); err != nil {
					t.Error(err)
				}
				if _, p, err := c.ReadMessage(); err != nil || string(p) != say {
					t.Errorf("%q, %v", p, err)
				}
			})
		}
		all.Wait()
	}
}
