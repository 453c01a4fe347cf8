package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/sockeye-io/sockeye/bench/load"
	"github.com/sockeye-io/sockeye/bench/probe"
	"github.com/sockeye-io/sockeye/bench/result"
)

// windows measures a cell on all servers in short windows that take turns, so that whatever else the machine does meets
// all alike.
func (r *run) windows(ctx context.Context, c *cell) {
	var stations []*station
	for _, b := range r.servers {
		if !b.plays(c.role) {
			r.skip(b.Name, c.scenario+", "+c.title, fmt.Errorf("it has no %s", c.role))
			continue
		}
		r.progress(fmt.Sprintf("%s, %s: starting %s", c.scenario, c.title, b.Name))
		s := newStation(b, c)
		if err := r.open(ctx, s, c); err != nil {
			if ctx.Err() == nil {
				r.fail(b.Name, c, err)
			}
			continue
		}
		stations = append(stations, s)
		s.warm(ctx, c)
		r.advance(startCost + c.warmup)
	}
	if c.halfLoad {
		r.findHalfLoad(ctx, c, stations)
	}
	for round := range r.plan.Rounds {
		for k := range stations {
			s := stations[turn(round, k, len(stations))]
			if s.err != nil || ctx.Err() != nil {
				continue
			}
			r.progress(fmt.Sprintf("%s, %s: round %d of %d, %s", c.scenario, c.title, round+1, r.plan.Rounds, s.Name))
			if err := s.round(ctx, c, round); err != nil && ctx.Err() == nil {
				s.fail(err)
			}
			r.advance(c.round())
		}
	}
	for _, s := range stations {
		if s.err == nil && ctx.Err() == nil {
			r.calls(ctx, c, s)
		}
	}
	for _, s := range stations {
		r.close(ctx, s) // which may tell why it failed
		r.keep(c, s)
	}
}

// turn is who comes k-th of n in a round. All take turns in beginning, and every other round goes backwards: nobody
// always comes after the same one, whose leavings (garbage to collect, sockets to close) would fall into its windows.
func turn(round, k, n int) int {
	if round%2 == 1 {
		k = n - 1 - k
	}
	return (round/2 + k) % n
}

// warm opens the connections and works for a while.
func (s *station) warm(ctx context.Context, c *cell) {
	o := c.order
	if o.Work == load.Storm { // which is one whole anyway
		o = load.Order{Work: load.Echo}
	}
	o.Connections, o.Duration, o.Mute = c.connections, c.warmup, 0
	if _, err := s.do(ctx, o); err != nil && ctx.Err() == nil {
		s.fail(err)
	}
}

// round measures once.
func (s *station) round(ctx context.Context, c *cell, round int) error {
	// Connections that the last round lost are made good outside of what is counted.
	if _, err := s.do(ctx, load.Order{Connections: c.connections}); err != nil {
		return err
	}
	a, res, err := s.watch(ctx, c.order)
	if err != nil {
		return err
	}
	return s.record(c, round, a, res)
}

// keep puts what was measured on the station into the file, as far as it came.
func (r *run) keep(c *cell, s *station) {
	if s.err != nil {
		r.fail(s.Name, c, s.err)
	}
	if len(s.out.Metrics) == 0 {
		return
	}
	s.out.Params = c.params()
	s.out.Params.Protocol = string(s.protocol)
	s.out.Title = c.title
	s.out.Spectrum = s.sum.quantiles()
	r.file.Cells = append(r.file.Cells, s.out)
}

// record turns a round into figures.
func (s *station) record(c *cell, round int, a around, res load.Result) error {
	n := float64(res.Messages)
	if n == 0 {
		return fmt.Errorf("no message came back in %v", res.Elapsed)
	}
	s.note("load_busy_share", res.Busy.Seconds()/res.Elapsed.Seconds())
	connects := c.order.Work == load.Churn || c.order.Work == load.Storm // its messages are connections
	if connects {
		s.note("connections_per_second", n/res.Elapsed.Seconds())
	} else {
		s.note("messages_per_second", n/res.Elapsed.Seconds())
		s.note("load_cpu_us_per_message", float64(res.CPU)/1e3/n)
	}
	if s.server.Process != 0 {
		s.costs(a.after.Since(a.before), n, connects, res.Elapsed)
	}
	if c.order.Work == load.Storm {
		s.note("recovery_ms", float64(res.Elapsed)/1e6)
	}
	s.note("lost", float64(res.Lost))
	s.note("failed", float64(res.Failed))
	s.note("dropped_connections", float64(res.Ended))
	if err := s.latency(res); err != nil {
		return err
	}
	if s.vital {
		v := a.vitalsAfter.Since(a.vitalsBefore)
		s.note("goroutines", float64(v.Goroutines))
		if !connects {
			s.note("mallocs_per_message", float64(v.Mallocs)/n)
		}
		s.note("gc_cycles", float64(v.GCCycles))
		s.note("gc_pause_us", float64(v.GCPause)/1e3)
	}
	if due := c.order.ChurnRate * c.order.Duration.Seconds(); float64(res.Replaced) < 0.95*due {
		s.out.Doubts = append(s.out.Doubts, result.Doubt{
			Round: round, Reason: fmt.Sprintf("%d connections were replaced, and %.0f were to be", res.Replaced, due),
		})
	}
	if res.Saturated != "" {
		s.out.Doubts = append(s.out.Doubts, result.Doubt{Round: round, Reason: res.Saturated})
	}
	if len(res.Course) > 0 {
		s.out.Seconds = s.out.Seconds[:0]
		for _, p := range res.Course {
			s.out.Seconds = append(s.out.Seconds, result.Second(p))
		}
	}
	return nil
}

// costs notes what the server used in a window of n messages.
func (s *station) costs(d probe.Cost, n float64, connects bool, elapsed time.Duration) {
	micros := func(d time.Duration) float64 { return float64(d) / 1e3 / n }
	if connects {
		s.note("cpu_us_per_connection", micros(d.CPU))
	} else {
		s.note("cpu_us_per_message", micros(d.CPU))
		s.note("user_us_per_message", micros(d.User))
		s.note("system_us_per_message", micros(d.System))
		s.note("switches_per_message", float64(d.Switches.Voluntary+d.Switches.Involuntary)/n)
	}
	s.note("preemptions_per_second", float64(d.Switches.Involuntary)/elapsed.Seconds())
	if m, err := s.server.Process.Memory(); err == nil {
		s.note("rss_bytes", float64(m.RSS))
	}
	if peak, err := s.server.Process.PeakRSS(); err == nil {
		s.note("peak_rss_bytes", float64(peak))
	}
}
