package bench

import (
	"context"
	"fmt"
	"math"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/sockeye-io/sockeye/bench/load"
	"github.com/sockeye-io/sockeye/bench/result"
)

// spectrum gathers the latencies of all rounds.
type spectrum struct{ all *hdr.Histogram }

// latency notes the quantiles of one round and adds it to the spectrum.
func (s *station) latency(res load.Result) error {
	if res.Latency == "" {
		return nil
	}
	h, err := load.Histogram(res.Latency)
	if err != nil {
		return err
	}
	for _, q := range [...]struct {
		key string
		q   float64
	}{{"p50", 50}, {"p90", 90}, {"p99", 99}, {"p999", 99.9}} {
		s.note("latency_"+q.key+"_us", float64(h.ValueAtQuantile(q.q))/1e3)
	}
	s.note("latency_max_us", float64(h.Max())/1e3)
	if s.sum.all == nil {
		s.sum.all = h
	} else if lost := s.sum.all.Merge(h); lost > 0 {
		return fmt.Errorf("%d latencies are out of range", lost)
	}
	if res.Late == "" {
		return nil
	}
	if h, err = load.Histogram(res.Late); err != nil {
		return err
	}
	s.note("late_p99_us", float64(h.ValueAtQuantile(99))/1e3)
	return nil
}

// quantiles are the points to draw: each halves the share above, down to the last sample.
func (s *spectrum) quantiles() []result.Quantile {
	if s.all == nil || s.all.TotalCount() == 0 {
		return nil
	}
	total := s.all.TotalCount()
	var points []result.Quantile
	add := func(q float64) {
		points = append(points, result.Quantile{
			Q: q, Value: time.Duration(s.all.ValueAtQuantile(100 * q)), Count: int64(math.Round(q * float64(total))),
		})
	}
	add(0)
	for above := 1.0; above*float64(total) >= 1; above /= 2 {
		for _, part := range [...]float64{1, 0.84, 0.71, 0.59} { // a quarter of the way to the next each
			if above*part < 1 && above*part*float64(total) >= 1 {
				add(1 - above*part)
			}
		}
	}
	add(1)
	return points
}

// The windows in which half of the load is found.
const (
	calibrations = 3
	calibration  = 300 * time.Millisecond
)

// findHalfLoad sets the rate of c to half of what the slowest server echoes with one message in flight on each
// connection, so that all are asked for the same and none is overrun.
func (r *run) findHalfLoad(ctx context.Context, c *cell, stations []*station) {
	slowest := math.Inf(1)
	for _, s := range stations {
		var rates result.Series
		for range calibrations {
			if s.err != nil || ctx.Err() != nil {
				break
			}
			r.progress(fmt.Sprintf("%s, %s: what %s can do", c.scenario, c.title, s.Name))
			res, err := s.do(ctx, load.Order{Work: load.Echo, Duration: calibration})
			if err != nil {
				s.fail(err)
				break
			}
			if res.Messages == 0 {
				s.fail(fmt.Errorf("no message came back in %v", res.Elapsed))
				break
			}
			rates = append(rates, float64(res.Messages)/res.Elapsed.Seconds())
			r.advance(calibration)
		}
		if s.err == nil && len(rates) > 0 {
			slowest = min(slowest, rates.Median())
		}
	}
	if math.IsInf(slowest, 1) {
		return
	}
	c.order.Rate = roundDown(slowest / 2)
	c.title = fmt.Sprintf("%s: %s messages a second", c.title, number(int(c.order.Rate)))
}

// roundDown keeps two digits.
func roundDown(v float64) float64 {
	step := math.Pow(10, math.Floor(math.Log10(v))-1)
	return math.Floor(v/step) * step
}
