package guest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/sockeye-io/sockeye/bench/load"
	"github.com/sockeye-io/sockeye/bench/million"
	"github.com/sockeye-io/sockeye/bench/rig"
)

// course is the job under way. It belongs to one goroutine; only watch looks at it from another.
type course struct {
	began       time.Time
	out         io.Writer
	job         million.Job
	server      *rig.Server
	load        *rig.Load
	connections int // that the load has
	failed      int64
	lost        int64
	exit        string
	idle        int          // descriptors of the server without a connection
	most        atomic.Int64 // connections that the kernel has counted, at most
}

// say prints a line. The console takes it always, or nobody is there to read that it did not.
func (c *course) say(l million.Line) { _ = l.Encode(c.out) }

// run goes through the job. The error is what ended it early.
func (c *course) run() error {
	if err := c.start(); err != nil {
		return err
	}
	stop := c.watch()
	defer stop()
	if err := c.report(million.Started, 0, false); err != nil {
		return err
	}
	for _, mark := range c.job.Marks {
		begun := time.Now()
		if err := c.connect(mark); err != nil {
			return err
		}
		if err := c.report(million.Connected, time.Since(begun), true); err != nil {
			return err
		}
	}
	if c.job.Hold > 0 {
		time.Sleep(c.job.Hold)
		if err := c.report(million.Held, c.job.Hold, true); err != nil {
			return err
		}
	}
	begun := time.Now()
	if err := c.close(); err != nil {
		return err
	}
	if err := c.report(million.Closed, time.Since(begun), false); err != nil {
		return err
	}
	if err := c.load.Stop(); err != nil {
		return err
	}
	c.load = nil
	err := c.server.Stop()
	c.server = nil
	if err != nil {
		c.exit = err.Error()
	}
	return nil
}

// start starts the server and the load.
func (c *course) start() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	var err error
	c.server, err = rig.Start(ctx, rig.Command{Path: c.job.Server[0], Args: c.job.Server[1:], Env: c.job.Env})
	if err != nil {
		return err
	}
	cfg := load.Config{
		Address: c.server.Address, Protocol: c.job.Protocol,
		Sources: 100, // 10,000 of a million on each address, so that a free port is found at once
		Stall:   5 * time.Minute,
	}
	c.load, err = rig.StartLoad(rig.Command{Path: million.SockeyePath, Args: []string{"bench", "load"}, Env: c.job.Env}, cfg)
	if err != nil {
		return err
	}
	if c.idle, err = c.server.Process.FDs(); err != nil {
		return err
	}
	return spare(c.load.Process)
}

// connect opens connections until there are mark. An echo has come back on each that counts.
func (c *course) connect(mark int) error {
	// Many at once are many in each turn that a program gets on the guest's one processor.
	const concurrency = 500
	for c.connections < mark {
		r, err := c.do(load.Order{
			Connections: min(mark, c.connections+c.job.Step), Greet: true, Concurrency: concurrency,
		})
		if err != nil {
			return err
		}
		c.connections = r.Connections
	}
	return nil
}

func (c *course) do(o load.Order) (load.Result, error) {
	r, err := c.load.Do(o)
	c.failed += r.Failed
	c.lost += r.Ended
	if err == nil && c.failed+c.lost > 0 {
		err = fmt.Errorf("guest: %d connects failed and %d connections were closed by the server", c.failed, c.lost)
	}
	return r, err
}

// report measures and prints a stage, and then how fast echoes are: that moves memory and comes last.
func (c *course) report(name string, took time.Duration, echoes bool) error {
	s, err := c.stage(name, took)
	if err != nil {
		return err
	}
	if echoes {
		if s.Echoes, err = c.echo(); err != nil {
			return err
		}
	}
	c.say(million.Line{Stage: s})
	return nil
}

func (c *course) echo() (*million.Echoes, error) {
	r, err := c.do(load.Order{Work: load.Echo, Messages: c.job.Echoes, Rate: c.job.Rate, Grace: time.Minute})
	if err != nil {
		return nil, err
	}
	c.connections = r.Connections // without those whose echo was lost
	h, err := load.Histogram(r.Latency)
	if err != nil {
		return nil, err
	}
	return &million.Echoes{
		Messages: r.Messages, Lost: r.Lost,
		P50: time.Duration(h.ValueAtQuantile(50)), P99: time.Duration(h.ValueAtQuantile(99)), Max: time.Duration(h.Max()),
	}, nil
}

// close ends all connections, and waits until the kernel has none left but the listener's and the server has let go of
// every descriptor.
func (c *course) close() error {
	held := c.connections
	if _, err := c.do(load.Order{Connections: -1, Concurrency: 500}); err != nil {
		return err
	}
	c.connections = 0
	const patience = 5 * time.Minute // without anything going
	last, end := 2*held, time.Now().Add(patience)
	for {
		m, err := look()
		if err != nil {
			return err
		}
		if m.sockets < last {
			last, end = m.sockets, time.Now().Add(patience)
		}
		fds := -1
		if m.sockets <= few { // listeners; not before, because a million descriptors take long to count
			if fds, err = c.server.Process.FDs(); err != nil {
				return err
			}
			if fds <= c.idle+few {
				return nil
			}
		}
		if time.Now().After(end) {
			return fmt.Errorf("guest: %d sockets are left and %d descriptors of the server, and none goes", m.sockets, fds)
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// few are descriptors or sockets that a server may have for itself.
const few = 8

// end tells how it went.
func (c *course) end(err error) *million.End {
	e := &million.End{Connections: int(c.most.Load()), Failed: c.failed, Lost: c.lost, Exit: c.exit}
	if err == nil {
		return e
	}
	e.Error = err.Error()
	if c.server != nil {
		_, gone := c.server.Process.Memory()
		e.ServerDied = gone != nil
	}
	e.Kills = kills()
	if len(e.Kills) == 0 && errors.Is(err, io.EOF) && c.load != nil {
		e.Error += " (the load ended)"
	}
	return e
}
