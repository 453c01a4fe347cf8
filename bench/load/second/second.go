// Package second measures an echo server in the two simplest ways there are, to check what package load says: a goroutine
// for each connection with gorilla/websocket, and callbacks with Sockeye's own client. One message is in flight on each
// connection, every latency is kept, and nothing is shared with package load.
//
// Each costs more CPU for a message than package load, so they agree with it only where the server is the limit.
package second

import (
	"fmt"
	"slices"
	"syscall"
	"time"
)

// Config is what to measure.
type Config struct {
	URL         string
	Connections int
	Payload     int
	Duration    time.Duration // no message is sent after it; zero is no limit
	Messages    int           // of each connection; zero is no limit, and one of the two must be there
	Ready       func()        // is called when all are connected, before anything is sent; nil is nothing
}

// more is whether a connection that has sent n messages may send another.
func (c *Config) more(n int, since time.Duration) bool {
	return (c.Messages == 0 || n < c.Messages) && (c.Duration == 0 || since < c.Duration)
}

func (c *Config) ready() {
	if c.Ready != nil {
		c.Ready()
	}
}

// Result is what was measured.
type Result struct {
	Messages int64         `json:"messages"`
	Elapsed  time.Duration `json:"elapsed_ns"` // until the last connection had its last answer
	P50      time.Duration `json:"p50_ns"`
	P99      time.Duration `json:"p99_ns"`
	CPU      time.Duration `json:"cpu_ns"` // of this process, user and system
}

// PerSecond is the throughput in messages.
func (r Result) PerSecond() float64 { return float64(r.Messages) / r.Elapsed.Seconds() }

// sum makes a result of the latencies of each connection.
func sum(latencies [][]time.Duration, elapsed, cpu time.Duration) (Result, error) {
	all := slices.Concat(latencies...)
	if len(all) == 0 {
		return Result{}, fmt.Errorf("second: no message came back in %v", elapsed)
	}
	slices.Sort(all)
	return Result{
		Messages: int64(len(all)), Elapsed: elapsed, CPU: cpu,
		P50: all[len(all)/2], P99: all[len(all)*99/100],
	}, nil
}

func payload(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = 'a' + byte(i%26)
	}
	return p
}

// cpuTime is that of this process so far.
func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u) // which cannot fail with these arguments
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
