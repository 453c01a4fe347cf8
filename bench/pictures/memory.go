package pictures

import (
	"fmt"

	"gonum.org/v1/plot"

	"github.com/sockeye-io/sockeye/bench/result"
)

// memory is what an idle connection holds against how many there are, or bars if only one number of them was measured.
func memory(f *result.File) []byte {
	const title = "Memory of an idle WebSocket connection"
	for _, g := range f.Groups() {
		if g.Scenario != "idle" {
			continue
		}
		ch := chart{}
		counts, first := map[float64]bool{}, 0
		for _, c := range g.Cells {
			l, from := growth(c)
			if len(l.x) == 0 {
				continue
			}
			ch.lines, first = append(ch.lines, l), from
			for _, n := range l.x {
				counts[n] = true
			}
		}
		if len(counts) < 2 {
			p := panelOf(g, "rss_bytes_per_connection", size)
			if len(p.bars) == 0 {
				return nil
			}
			return barSheet(f, title, "Resident memory of the server per connection. Lower is better.", []panel{p})
		}
		for n := range counts {
			ch.xTicks = append(ch.xTicks, plot.Tick{Value: n, Label: grouped(int(n))})
		}
		ch.xTicks = thin(ch.xTicks)
		ch.yTicks = steps(ch.lines, size)
		notes := []string{source(f)}
		if first > 0 {
			notes = append([]string{fmt.Sprintf("Above what the server holds with %s.", grouped(first))}, notes...)
		}
		s := newSheet(420, title,
			"Resident memory of the server per connection, against open connections, on logarithmic scales. Lower is better.", notes)
		ch.draw(s.room)
		return s.svg()
	}
	return nil
}

// growth is the line of a cell: what each connection added to what the process held with the fewest, from.
func growth(c *result.Cell) (l line, from int) {
	l = line{server: c.Server, dots: true}
	if len(c.Growth) == 0 {
		return l, 0
	}
	least := c.Growth[0]
	for _, p := range c.Growth[1:] {
		if n := p.Connections - least.Connections; n > 0 && p.RSS > least.RSS {
			l.x = append(l.x, float64(p.Connections))
			l.y = append(l.y, (p.RSS-least.RSS)/float64(n))
		}
	}
	if len(l.y) > 0 {
		l.label = l.server + " " + size(l.y[len(l.y)-1])
	}
	return l, least.Connections
}
