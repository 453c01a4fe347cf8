package load

import "fmt"

// Grow opens connections until n are open, as many at once as is usual. It fails when one of them fails, and when
// nothing arrives for Config.Stall.
func (l *Load) Grow(n int) error { return l.grow(n, Order{}) }

// grow opens connections as o says, except how many.
func (l *Load) grow(n int, o Order) error {
	if n <= l.conns.len() {
		return nil
	}
	return l.pursue(&growing{
		common: common{l}, want: n, from: l.conns.len(), start: l.now(),
		rate: o.ConnectRate, most: atOnce(o.Concurrency), greet: o.Greet,
	})
}

// atOnce is Order.Concurrency.
func atOnce(concurrency int) int {
	if concurrency <= 0 {
		return 64
	}
	return concurrency
}

type growing struct {
	common
	want  int
	from  int // how many there were
	start int64
	rate  float64
	most  int // at once
	busy  int // under way
	greet bool
}

func (g *growing) tick(now int64) (int64, bool, error) {
	for g.conns.len() < g.want && g.busy < g.most {
		if g.rate > 0 {
			s := schedule{rate: g.rate}
			if due := g.start + s.due(int64(g.conns.len()-g.from)); due > now {
				return due, false, nil
			}
		}
		i := g.conns.add()
		g.busy++
		if err := g.dial(i); err != nil {
			return 0, true, breach(i, err)
		}
	}
	return never, g.busy == 0 && g.conns.len() == g.want, nil
}

func (g *growing) waits() bool { return g.busy > 0 }

func (g *growing) stalled() error {
	return fmt.Errorf("load: nothing arrived for %v, %d connections under way", g.cfg.Stall, g.busy)
}

func (g *growing) opened(i int, c *conn) error {
	if g.greet {
		return g.post(i, c, g.now())
	}
	g.busy--
	return nil
}

// took is the answer to the greeting.
func (g *growing) took(_ int, c *conn, _ int64) error {
	if c.stamps.n == 0 {
		return errUnasked
	}
	c.stamps.pop()
	g.busy--
	return nil
}
