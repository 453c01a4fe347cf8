package bench

import (
	"fmt"
	"strconv"
	"time"

	"github.com/sockeye-io/sockeye/bench/load"
	"github.com/sockeye-io/sockeye/bench/result"
)

// cell is one thing to measure on every server: a load and an order for it, given once in every round.
type cell struct {
	scenario, title string
	role            string // of the server
	config          load.Config
	connections     int // open before each round
	order           load.Order
	idle            []int // take the memory at these numbers of connections instead, see idle.go
	warmup          time.Duration
	halfLoad        bool // the rate is found first, see latency.go
}

func (c *cell) params() result.Params {
	p := result.Params{
		Connections: c.connections, PayloadBytes: c.config.Payload,
		Rate: c.order.Rate, Mute: c.order.Mute, ChurnRate: c.order.ChurnRate, Concurrency: c.order.Concurrency,
		Duration: c.order.Duration, Warmup: c.warmup,
	}
	if c.order.Work == load.Echo && c.order.Rate == 0 {
		p.Depth = c.config.Depth
	}
	return p
}

// rounds is how often the cell is measured when most are measured n times. Memory does not move with the mood of the
// machine, and takes long.
func (c *cell) rounds(n int) int {
	if c.idle != nil {
		return min(n, 5)
	}
	return n
}

// warmup is how long a server works on a cell before its first round, or one round if that is shorter: sockets grow their
// buffers, pools fill, a just-in-time compiler compiles, the collector finds its pace.
const warmup = 300 * time.Millisecond

// A server that a crowd has come to has garbage to collect afterwards: ours does within two seconds, for 20 ms with the
// loop at rest, which is not what these cells ask for.
const (
	crowd    = 1000
	settling = 2500 * time.Millisecond
)

// cells lays the plan out, in the order of its scenarios.
func (p *Plan) cells() []cell {
	var all []cell
	for _, s := range p.Scenarios {
		var cells []cell
		switch s {
		case "idle":
			cells = []cell{{
				title: fmt.Sprintf("%s connections", number(p.Idle[len(p.Idle)-1])), idle: p.Idle,
				connections: p.Idle[len(p.Idle)-1], config: load.Config{Payload: 1024},
			}}
		case "echo":
			cells = p.echo()
		case "latency":
			n := p.connections(1000)
			cells = []cell{{
				title: fmt.Sprintf("20 B, %s connections, half load", number(n)), connections: n,
				config: load.Config{Payload: 20}, order: load.Order{Work: load.Echo, Rate: p.Rate}, halfLoad: p.Rate == 0,
			}}
			if p.Rate > 0 {
				cells[0].title = fmt.Sprintf("20 B, %s connections, %s messages a second", number(n), number(int(p.Rate)))
			}
		case "broadcast":
			cells = []cell{p.broadcast(p.Receivers, 0, 64)}
		case "slow":
			n := min(p.Receivers, 100)
			cells = []cell{p.broadcast(n, max(1, n/10), 16<<10)}
			cells[0].order.Duration = 3 * p.Window // the mute ones have buffers in the kernel to fill
		case "churn":
			cells = []cell{{
				title: "connect, upgrade, echo, close", config: load.Config{Payload: 20},
				order: load.Order{Work: load.Churn, Concurrency: 64},
			}}
		case "storm":
			n := p.connections(5000)
			cells = []cell{{
				title: fmt.Sprintf("%s connections come back at once", number(n)), connections: n,
				config: load.Config{Payload: 20}, order: load.Order{Work: load.Storm, Messages: int64(n), Concurrency: 512},
			}}
		case "mixed":
			n := p.connections(5000)
			cells = []cell{{
				title: fmt.Sprintf("1 KiB, %s connections, a tenth speaks, 200 a second are replaced", number(n)), connections: n,
				config: load.Config{Payload: 1024}, order: load.Order{Work: load.Mixed, Rate: or(p.Rate, 10_000), ChurnRate: 200},
			}}
		}
		for i := range cells {
			cells[i].scenario = s
		}
		all = append(all, cells...)
	}
	for i := range all {
		c := &all[i]
		c.role = or(c.role, "echo")
		c.config.Path = p.Path
		if c.idle == nil && c.order.Work != load.Storm {
			c.order.Duration = or(c.order.Duration, p.Window)
		}
		if c.idle == nil {
			if c.warmup = min(warmup, p.Window); c.connections >= crowd {
				c.warmup = settling
			}
		}
		c.order.Interval = max(p.Window/20, 10*time.Millisecond)
	}
	return all
}

// connections is how many a cell has when so many are usual.
func (p *Plan) connections(usual int) int { return or(p.Connections, min(usual, p.most)) }

func (p *Plan) echo() []cell {
	type size struct{ payload, depth int }
	sizes := []size{{20, 1}, {20, 16}, {1 << 10, 1}, {4 << 10, 1}, {64 << 10, 1}}
	if p.Quick {
		sizes = []size{{20, 1}, {20, 16}, {4 << 10, 1}}
	}
	if p.PayloadBytes > 0 || p.Depth > 0 {
		sizes = []size{{or(p.PayloadBytes, 20), or(p.Depth, 1)}}
	}
	var cells []cell
	for _, s := range sizes {
		n := p.connections(100)
		cells = append(cells, cell{
			title:       fmt.Sprintf("%s, %s, %s connections", bytes(s.payload), inFlight(s.depth), number(n)),
			connections: n,
			config:      load.Config{Payload: s.payload, Depth: s.depth},
			order:       load.Order{Work: load.Echo},
		})
	}
	return cells
}

// broadcast is one publisher among n receivers, mute of which read nothing.
func (p *Plan) broadcast(n, mute, payload int) cell {
	title := fmt.Sprintf("%s to %s", bytes(payload), number(n))
	if mute > 0 {
		title += fmt.Sprintf(", of which %d never read", mute)
	}
	return cell{
		title: title, role: "broadcast", connections: n,
		config: load.Config{Payload: payload}, order: load.Order{Work: load.Broadcast, Mute: mute},
	}
}

func bytes(n int) string {
	if n >= 1<<10 && n%(1<<10) == 0 {
		return fmt.Sprintf("%d KiB", n>>10)
	}
	return fmt.Sprintf("%d B", n)
}

// number sets off thousands: "15,000".
func number(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s,%03d", number(n/1000), n%1000)
}

func inFlight(depth int) string {
	if depth == 1 {
		return "one in flight"
	}
	return fmt.Sprintf("%d in flight", depth)
}
