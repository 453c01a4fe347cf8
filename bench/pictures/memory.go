package pictures

import (
	"gonum.org/v1/plot"

	"github.com/sockeye-io/sockeye/bench/result"
)

// memory is what an idle connection holds against how many there are.
func memory(f *result.File) []byte {
	var ch chart
	counts := map[int]bool{}
	for _, g := range f.Groups() {
		if g.Scenario != "idle" || len(ch.lines) > 0 {
			continue
		}
		for _, c := range g.Cells {
			l := line{server: c.Server, dots: true}
			for i, p := range c.Growth {
				if i == 0 {
					continue // what the process holds without them, or with the fewest
				}
				if n := p.Connections - c.Growth[0].Connections; n > 0 && p.RSS > c.Growth[0].RSS {
					l.x = append(l.x, float64(p.Connections))
					l.y = append(l.y, (p.RSS-c.Growth[0].RSS)/float64(n))
					counts[p.Connections] = true
				}
			}
			if len(l.x) > 0 {
				l.label = l.server + " " + size(l.y[len(l.y)-1])
				ch.lines = append(ch.lines, l)
			}
		}
	}
	if len(ch.lines) == 0 {
		return nil
	}
	for n := range counts {
		ch.xTicks = append(ch.xTicks, plot.Tick{Value: float64(n), Label: grouped(n)})
	}
	ch.xTicks = thin(ch.xTicks)
	ch.yTicks = steps(ch.lines, size)
	s := newSheet(420, "Memory of an idle WebSocket connection",
		"Resident memory of the server per connection, against open connections, on logarithmic scales. Lower is better.",
		[]string{source(f)})
	ch.draw(s.room)
	return s.svg()
}
