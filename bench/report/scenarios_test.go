package report_test

import (
	"fmt"
	"math"
	"time"

	"github.com/sockeye-io/sockeye/bench/result"
)

func (m maker) idle(f *result.File, p profile) {
	c := cell("idle", "16,000 connections", p, result.Params{Connections: 16000})
	c.Metrics["rss_bytes_per_connection"] = m.rounds(p.idle, 0.01)
	c.Metrics["pss_bytes_per_connection"] = m.rounds(p.idle*0.99, 0.01)
	c.Metrics["kernel_bytes_per_connection"] = m.rounds(3450, 0.02)
	c.Metrics["rss_bytes"] = m.rounds(p.process+16000*p.idle, 0.01)
	for _, n := range []int{0, 1000, 2000, 4000, 8000, 16000} {
		rss := p.process + float64(n)*p.idle*(1+0.1*m.Float64())
		c.Growth = append(c.Growth, result.Growth{
			Connections: n, RSS: math.Round(rss), PSS: math.Round(rss * 0.98), Kernel: math.Round(float64(n) * 6900),
		})
	}
	f.Cells = append(f.Cells, c)
}

func (m maker) echo(bytes, depth int, cost float64) func(*result.File, profile) {
	size := map[int]string{20: "20 B", 4096: "4 KiB", 65536: "64 KiB"}[bytes]
	title := size + ", 100 connections"
	if depth > 1 {
		title = fmt.Sprintf("%s, %d in flight, 100 connections", size, depth)
	}
	return func(f *result.File, p profile) {
		c := cell("echo", title, p, result.Params{
			Connections: 100, PayloadBytes: bytes, Depth: depth, Duration: 2 * time.Second, Warmup: time.Second,
		})
		cpu, calls := p.cpu*cost, 2.02
		if depth > 1 {
			cpu, calls = cpu*p.deep, min(2, 0.14*p.deep)
		}
		if p.Name == "sockeye" && bytes == 65536 {
			cpu *= 1.4 // a loss
		}
		m.costs(&c, p, cpu, calls)
		m.speed(&c, 9e5/cpu, 60*cpu, p.tail)
		if p.Name == "bun" && depth > 1 {
			for i := range 3 {
				c.Doubts = append(c.Doubts, result.Doubt{Round: i + 1, Reason: "the load generator was busy 97 % of the time"})
			}
		}
		f.Cells = append(f.Cells, c)
	}
}

func (m maker) latency(f *result.File, p profile) {
	const rate = 45000
	c := cell("latency", "20 B at 45,000/s, 1,000 connections", p, result.Params{
		Connections: 1000, PayloadBytes: 20, Rate: rate, Duration: 10 * time.Second, Warmup: 2 * time.Second,
	})
	m.costs(&c, p, p.cpu*1.15, 2.1)
	typical, tail := 48*p.cpu/6.7, p.tail
	if p.Name == "ws" { // it cannot keep this rate: the queue grows until the end
		typical, tail = 950000, 0.2
		c.Metrics["lost"] = m.rounds(40000, 0.1)
	}
	m.speed(&c, rate, typical, tail)
	c.Metrics["messages_per_second"] = m.rounds(min(rate, 0.97e6/(p.cpu*1.15)), 0.0005)
	c.Metrics["late_p99_us"] = m.rounds(9, 0.3)
	if p.Name == "nbio" { // one round of five says nothing against the others
		c.Doubts = []result.Doubt{{Round: 3, Reason: "7 % of the processor was stolen"}}
	}
	f.Cells = append(f.Cells, c)
}

func (m maker) broadcast(f *result.File, p profile) {
	if p.Name == "ws" {
		return
	}
	c := cell("broadcast", "20 B, 1,000 connections", p, result.Params{Connections: 1000, PayloadBytes: 20, Duration: 2 * time.Second})
	cpu := 1.2 + p.cpu/2
	m.costs(&c, p, cpu, 1.01)
	m.speed(&c, 9e5/cpu, 500*cpu, p.tail)
	f.Cells = append(f.Cells, c)
}

func (m maker) churn(f *result.File, p profile) {
	c := cell("churn", "64 at once", p, result.Params{Concurrency: 64, Duration: 2 * time.Second})
	cpu := 24 + 1.8*p.cpu
	c.Metrics["cpu_us_per_connection"] = m.rounds(cpu, 0.04)
	c.Metrics["connections_per_second"] = m.rounds(8e5/cpu, 0.05)
	c.Metrics["failed"] = result.Series{0, 0, 0, 0, 0}
	c.Metrics["load_busy_share"] = m.rounds(0.66, 0.1)
	f.Cells = append(f.Cells, c)
}

func (m maker) slow(f *result.File, p profile) {
	c := cell("slow", "4 KiB, 200 connections, 20 never read", p, result.Params{
		Connections: 200, PayloadBytes: 4096, Mute: 20, Duration: 5 * time.Second,
	})
	m.costs(&c, p, 2+p.cpu*0.7, 1.05)
	m.speed(&c, 7e5/p.cpu, 900*p.cpu, p.tail)
	c.Metrics["peak_rss_bytes"] = m.rounds(p.process*1.2+p.tail*12e6, 0.05)
	c.Metrics["lost"] = result.Series{0, 0, 0, 0, 0}
	c.Metrics["dropped_connections"] = result.Series{20, 20, 20, 20, 20}
	if p.Name == "gorilla" || p.Name == "ws" {
		c.Metrics["dropped_connections"] = result.Series{0, 0, 0, 0, 0}
	}
	f.Cells = append(f.Cells, c)
}

func (m maker) storm(f *result.File, p profile) {
	c := cell("storm", "5,000 connections", p, result.Params{Connections: 5000, Concurrency: 256})
	cpu := 26 + 1.7*p.cpu
	c.Metrics["recovery_ms"] = m.rounds(cpu*6.1, 0.06)
	c.Metrics["cpu_us_per_connection"] = m.rounds(cpu, 0.04)
	c.Metrics["failed"] = result.Series{0, 0, 0, 0, 0}
	c.Metrics["peak_rss_bytes"] = m.rounds(p.process*1.4+5000*p.idle*1.3, 0.03)
	f.Cells = append(f.Cells, c)
}

func (m maker) mixed(f *result.File, p profile) {
	c := cell("mixed", "20 B at 10,000/s, 2,000 connections, 500/s replaced", p, result.Params{
		Connections: 2000, PayloadBytes: 20, Rate: 10000, ChurnRate: 500, Duration: 5 * time.Second,
	})
	m.costs(&c, p, p.cpu*1.6+2, 3.3)
	m.speed(&c, 10000, 11*p.cpu, p.tail*1.3)
	c.Metrics["messages_per_second"] = m.rounds(10000, 0.0005)
	c.Metrics["rss_bytes"] = m.rounds(p.process*1.1+2000*p.idle*1.2, 0.02)
	c.Metrics["failed"] = result.Series{0, 0, 0, 0, 0}
	f.Cells = append(f.Cells, c)
}

func cell(scenario, title string, p profile, params result.Params) result.Cell {
	params.Protocol = "ws"
	return result.Cell{Scenario: scenario, Title: title, Server: p.Name, Params: params, Metrics: map[string]result.Series{}}
}

// costs are the metrics of what a message costs.
func (m maker) costs(c *result.Cell, p profile, cpu, calls float64) {
	c.Metrics["cpu_us_per_message"] = m.rounds(cpu, 0.03)
	c.Metrics["user_us_per_message"] = m.rounds(cpu*0.23, 0.05)
	c.Metrics["system_us_per_message"] = m.rounds(cpu*0.77, 0.04)
	c.Metrics["syscalls_per_message"] = m.rounds(calls, 0.003)
	c.Metrics["switches_per_message"] = m.rounds(0.02*p.tail, 0.2)
	c.Metrics["preemptions_per_second"] = m.rounds(70*p.tail, 0.3)
	c.Metrics["load_cpu_us_per_message"] = m.rounds(2.2, 0.05)
	c.Metrics["load_busy_share"] = m.rounds(0.58, 0.1)
	if p.mallocs >= 0 {
		c.Metrics["mallocs_per_message"] = m.rounds(p.mallocs, 0.01)
		c.Metrics["gc_cycles"] = result.Series{0, 1, 0, 0, 1}
		c.Metrics["gc_pause_us"] = result.Series{0, 90, 0, 0, 110}
		c.Metrics["goroutines"] = m.rounds(4+float64(c.Params.Connections)*min(1, p.idle/7000), 0)
	}
}

// speed are the metrics of how fast it went: rate messages a second, half of them within typical µs.
func (m maker) speed(c *result.Cell, rate, typical, tail float64) {
	c.Metrics["messages_per_second"] = m.rounds(rate, 0.03)
	at := func(q float64) float64 { return typical * (0.6 + 0.577*math.Pow(-math.Log(1-q), 1+0.35*tail)) }
	for _, k := range []struct {
		key      string
		q, noise float64
	}{
		{"latency_p50_us", 0.5, 0.02},
		{"latency_p90_us", 0.9, 0.04},
		{"latency_p99_us", 0.99, 0.1},
		{"latency_p999_us", 0.999, 0.2},
		{"latency_max_us", 0.999999, 0.5},
	} {
		c.Metrics[k.key] = m.rounds(at(k.q), k.noise)
	}
	const samples = 2e5
	for i := range 36 {
		q := 1 - math.Pow(2, -float64(i)/2)
		c.Spectrum = append(c.Spectrum, result.Quantile{
			Q: digits(q, 7), Value: time.Duration(math.Round(at(q))) * time.Microsecond, Count: int64(q * samples),
		})
	}
	for i := range max(4, int(c.Params.Duration.Seconds())) {
		n := 1 + 0.1*m.Float64()
		c.Seconds = append(c.Seconds, result.Second{
			At: time.Duration(i) * time.Second, Length: time.Second, Messages: int64(rate / n),
			P50: time.Duration(at(0.5)*n) * time.Microsecond,
			P99: time.Duration(at(0.99)*n*n) * time.Microsecond,
			Max: time.Duration(at(0.9999)*n*n*n) * time.Microsecond,
		})
	}
}
