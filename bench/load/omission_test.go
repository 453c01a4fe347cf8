package load_test

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/bench/load"
)

// TestCoordinatedOmission: a server stands still for stall of every period, and is fast otherwise.
//
// In an open loop a tenth of the messages are due while it does, evenly spread, and wait for what is left of the stall:
// one message in a hundred waits for 90 ms or more. In a closed loop one message of each connection meets each stall and
// nobody else is sent meanwhile; they are fewer than one in a hundred as long as an echo takes less than 9 ms, so p99
// does not show the stall at all, and only the longest does.
func TestCoordinatedOmission(t *testing.T) {
	t.Parallel()
	const (
		period = time.Second
		stall  = 100 * ms
		p99    = stall - period/100
	)
	addr := stallingEcho(t, period, stall)
	l := newLoad(t, load.Config{Address: addr, Protocol: load.TCP})
	open, err := l.Do(load.Order{Connections: 4, Work: load.Echo, Rate: 1000, Duration: 2 * period})
	if err != nil {
		t.Fatal(err)
	}
	closed, err := l.Do(load.Order{Work: load.Echo, Duration: 2 * period})
	if err != nil {
		t.Fatal(err)
	}
	hidden, shown := histogram(t, closed.Latency), histogram(t, open.Latency)
	t.Logf("p99 %v in the open loop, %v in the closed one, whose longest is %v",
		time.Duration(shown.ValueAtQuantile(99)), time.Duration(hidden.ValueAtQuantile(99)), time.Duration(hidden.Max()))
	if open.Messages != 2000 || open.Lost != 0 {
		t.Errorf("%+v", counts(open))
	}
	// A busy machine only adds to this.
	if got := time.Duration(shown.ValueAtQuantile(99)); got < p99*98/100 {
		t.Errorf("open loop: p99 %v, want about %v", got, p99)
	}
	if got := time.Duration(hidden.ValueAtQuantile(99)); got > stall/2 {
		t.Errorf("closed loop: p99 %v: is it an open one?", got)
	}
	if got := time.Duration(hidden.Max()); got < stall/2 {
		t.Errorf("closed loop: the longest is %v, so there was no stall", got)
	}
	if open.Saturated != "" {
		t.Logf("the load was not fit to say so: %s", open.Saturated)
	}
}

// stallingEcho answers nothing during the first part of every period.
func stallingEcho(t *testing.T, period, stall time.Duration) netip.AddrPort {
	start := time.Now()
	return tcpServer(t, func(c net.Conn) {
		p := make([]byte, 64<<10)
		for {
			n, err := c.Read(p)
			if err != nil {
				return
			}
			if phase := time.Since(start) % period; phase < stall {
				<-time.After(stall - phase)
			}
			if _, err := c.Write(p[:n]); err != nil {
				return
			}
		}
	})
}
