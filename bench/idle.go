package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/sockeye-io/sockeye/bench/load"
	"github.com/sockeye-io/sockeye/bench/probe"
	"github.com/sockeye-io/sockeye/bench/result"
)

// idleCost is about how long it takes to open some thousand connections and to wait until the memory is at rest.
const idleCost = 2 * time.Second

// memory takes what connections cost that have echoed one message and then rest: the slope between the first and the
// last number of connections, which leaves out what a server holds without any. Servers come one at a time, since the
// kernel's memory is the machine's, and are started anew for each round.
func (r *run) memory(ctx context.Context, c *cell) {
	figures := make([]*station, len(r.servers)) // the first of each server gathers those of all rounds
	growth := make([][][]result.Growth, len(r.servers))
	rounds := c.rounds(r.plan.Rounds)
	for round := range rounds {
		for k := range r.servers {
			i := turn(round, k, len(r.servers))
			b := r.servers[i]
			if ctx.Err() != nil || figures[i] != nil && figures[i].err != nil {
				continue
			}
			r.progress(fmt.Sprintf("%s, %s: round %d of %d, %s", c.scenario, c.title, round+1, rounds, b.Name))
			s, steps, err := r.grow(ctx, b, c)
			if ctx.Err() != nil {
				continue
			}
			if figures[i] == nil {
				figures[i] = s
			}
			if s.err != nil { // it did not end as it should
				err = s.err
			}
			if err != nil {
				figures[i].fail(err)
				continue
			}
			growth[i] = append(growth[i], steps)
			figures[i].slopes(steps)
			if s.vital {
				figures[i].note("goroutines", float64(s.goroutines))
			}
			r.advance(c.round())
		}
	}
	for i, s := range figures {
		if s != nil {
			s.out.Growth = middle(growth[i])
			r.keep(c, s)
		}
	}
}

// grow starts a server and takes its memory at rising numbers of connections.
func (r *run) grow(ctx context.Context, b *subject, c *cell) (s *station, steps []result.Growth, err error) {
	s = newStation(b, c)
	none, err := probe.Kernel()
	if err != nil {
		return s, nil, err
	}
	if err := r.open(ctx, s, c); err != nil {
		return s, nil, err
	}
	defer func() {
		s.err = err
		r.close(ctx, s)
	}()
	for _, n := range c.idle {
		// As many messages as connections, one in flight on each: every one echoes.
		if _, err := s.do(ctx, load.Order{Connections: n, Work: load.Echo, Messages: int64(n)}); err != nil {
			return s, nil, err
		}
		if s.vital {
			if err := s.server.Collect(); err != nil {
				return s, nil, err
			}
		}
		m, err := settled(ctx, s.server.Process)
		if err != nil {
			return s, nil, err
		}
		k, err := probe.Kernel()
		if err != nil {
			return s, nil, err
		}
		g := result.Growth{Connections: n, RSS: float64(m.RSS), PSS: float64(m.PSS)}
		if k.Slab > 0 { // else only root may know, and the sum of all caches tells of anything but connections
			g.Kernel = float64(k.Bytes() - none.Bytes())
		}
		steps = append(steps, g)
	}
	if s.vital {
		v, err := s.vitals(ctx)
		if err != nil {
			return s, nil, err
		}
		s.goroutines = v.Goroutines
	}
	return s, steps, nil
}

// settled waits until RSS has not changed by more than 64 KiB for a while, and takes it as it is after a minute.
func settled(ctx context.Context, p probe.Process) (probe.Memory, error) {
	const (
		interval = 100 * time.Millisecond
		quiet    = 800 * time.Millisecond
		patience = time.Minute
		same     = 64 << 10
	)
	tick := time.NewTicker(interval)
	defer tick.Stop()
	var level int64
	since := time.Now()
	for end := since.Add(patience); ; {
		m, err := p.Memory()
		if err != nil {
			return m, err
		}
		now := time.Now()
		if d := m.RSS - level; d > same || d < -same {
			level, since = m.RSS, now
		}
		if now.Sub(since) >= quiet || now.After(end) {
			return m, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return m, context.Cause(ctx)
		}
	}
}

// slopes notes the bytes per connection.
func (s *station) slopes(steps []result.Growth) {
	a, b := steps[0], steps[len(steps)-1]
	n := float64(b.Connections - a.Connections)
	s.note("rss_bytes_per_connection", (b.RSS-a.RSS)/n)
	s.note("pss_bytes_per_connection", (b.PSS-a.PSS)/n)
	if b.Kernel != 0 {
		s.note("kernel_bytes_per_connection", (b.Kernel-a.Kernel)/n/2) // both ends are on this machine
	}
	s.note("rss_bytes", b.RSS)
}

// middle are the medians over the rounds, step by step.
func middle(rounds [][]result.Growth) []result.Growth {
	if len(rounds) == 0 {
		return nil
	}
	steps := make([]result.Growth, len(rounds[0]))
	for i := range steps {
		var rss, pss, kernel result.Series
		for _, r := range rounds {
			rss, pss, kernel = append(rss, r[i].RSS), append(pss, r[i].PSS), append(kernel, r[i].Kernel)
		}
		steps[i] = result.Growth{
			Connections: rounds[0][i].Connections, RSS: rss.Median(), PSS: pss.Median(), Kernel: kernel.Median(),
		}
	}
	return steps
}
