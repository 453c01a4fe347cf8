package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sockeye-io/sockeye/bench/load"
	"github.com/sockeye-io/sockeye/bench/probe"
	"github.com/sockeye-io/sockeye/bench/result"
	"github.com/sockeye-io/sockeye/bench/rig"
	"github.com/sockeye-io/sockeye/bench/vitals"
)

// station is a server with the load on it, and what was measured there.
type station struct {
	*subject
	server     *rig.Server
	load       *rig.Load
	out        result.Cell
	sum        spectrum
	goroutines int   // the last that was told
	err        error // why it is out
}

func newStation(b *subject, c *cell) *station {
	return &station{subject: b, out: result.Cell{
		Scenario: c.scenario, Title: c.title, Server: b.Name, Params: c.params(), Metrics: map[string]result.Series{},
	}}
}

// open starts the server and its load.
func (r *run) open(ctx context.Context, s *station, c *cell) error {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	var err error
	if s.server, err = s.start(ctx, c.role, r.plan.ServerCPUs); err != nil {
		return err
	}
	cfg := c.config
	cfg.Address, cfg.Protocol = s.server.Address, s.protocol
	cmd := rig.Command{Path: r.env.Self, Args: []string{"bench", "load"}, Pin: r.plan.LoadCPUs}
	if s.load, err = rig.StartLoad(cmd, cfg); err != nil {
		return errors.Join(err, s.server.Stop())
	}
	return nil
}

// close stops both. A server that ended by itself is why its load failed, so that comes first; but not once ctx is over,
// which kills loads.
func (r *run) close(ctx context.Context, s *station) {
	_ = s.load.Stop() // ends with an error when its last order did, which is told
	err := s.server.Stop()
	switch {
	case err == nil || ctx.Err() != nil:
	case s.err == nil:
		s.err = err
	default:
		s.err = fmt.Errorf("%w, and so: %w", err, s.err)
	}
}

// do gives one order and does not wait for it longer than ctx allows: then the load is killed.
func (s *station) do(ctx context.Context, o load.Order) (load.Result, error) {
	stop := context.AfterFunc(ctx, s.load.Kill)
	defer stop()
	res, err := s.load.Do(o)
	if ctx.Err() != nil {
		return res, context.Cause(ctx)
	}
	return res, err
}

// around is what was read before and after a window.
type around struct {
	before, after             probe.Sample
	vitalsBefore, vitalsAfter vitals.Vitals
}

// watch gives the order o and reads the server on both sides of it. What costs the server something to tell is read
// outside of what is counted.
func (s *station) watch(ctx context.Context, o load.Order) (a around, res load.Result, err error) {
	if s.vital {
		if a.vitalsBefore, err = s.vitals(ctx); err != nil {
			return a, res, err
		}
	}
	if a.before, err = s.sample(); err != nil {
		return a, res, err
	}
	if res, err = s.do(ctx, o); err != nil {
		return a, res, err
	}
	if a.after, err = s.sample(); err != nil {
		return a, res, err
	}
	if s.vital {
		a.vitalsAfter, err = s.vitals(ctx)
	}
	return a, res, err
}

// patience is how long a server may take to tell its vitals, which it does in some microseconds: one that hangs must not
// hold up the others.
const patience = 10 * time.Second

func (s *station) vitals(ctx context.Context) (vitals.Vitals, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return s.server.Vitals(ctx)
}

// sample reads nothing of a server whose process is not known.
func (s *station) sample() (probe.Sample, error) {
	if s.server.Process == 0 {
		return probe.Sample{}, nil
	}
	return s.server.Process.Sample()
}

func (s *station) fail(err error) {
	if s.err == nil {
		s.err = err
	}
}

// note adds one value to a metric.
func (s *station) note(key string, v float64) {
	s.out.Metrics[key] = append(s.out.Metrics[key], v)
}
