package guest

import (
	"time"

	"github.com/sockeye-io/sockeye/bench/million"
)

// watch counts connections while they come and go: often, because when memory ends they go all at once, and prints the
// count every few seconds.
func (c *course) watch() (stop func()) {
	const often, said = 200 * time.Millisecond, 5 * time.Second
	done, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(often)
		defer tick.Stop()
		var last time.Time
		for {
			select {
			case <-done:
				return
			case now := <-tick.C:
				m, err := look()
				if err != nil {
					continue
				}
				n := m.sockets / 2 // both ends are here; the listener is the odd one
				c.most.Store(max(c.most.Load(), int64(n)))
				if now.Sub(last) >= said {
					last = now
					c.say(million.Line{Progress: &million.Progress{At: now.Sub(c.began), Connections: n, Available: m.available}})
				}
			}
		}
	}()
	return func() { close(done); <-ended }
}
