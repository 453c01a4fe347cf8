package load_test

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/bench/load"
)

func TestOpenLoop(t *testing.T) {
	t.Parallel()
	l := newLoad(t, load.Config{Address: gorillaEcho(t, nil), Protocol: load.WebSocket, Check: 1})
	res, err := l.Do(load.Order{Connections: 3, Work: load.Echo, Rate: 2000, Ramp: 100 * ms, Duration: 300 * ms, Interval: 100 * ms})
	if err != nil {
		t.Fatal(err)
	}
	// 2,000 a second for 0.2 s, and half as many during the ramp of 0.1 s.
	if res.Messages != 500 || res.Checked != 500 || res.Lost != 0 || res.Connections != 3 || res.Elapsed < 300*ms {
		t.Errorf("%+v", counts(res))
	}
	if n := histogram(t, res.Latency).TotalCount(); n != 500 {
		t.Errorf("%d latencies", n)
	}
	if n := histogram(t, res.Late).TotalCount(); n != 500 {
		t.Errorf("%d times of sending", n)
	}
	var course int64
	for _, p := range res.Course {
		course += p.Messages
	}
	if course != 500 || len(res.Course) < 3 {
		t.Errorf("course %+v", res.Course)
	}
}

// TestOpenLoopDoesNotWait: a server that answers only when it has everything gets everything, also from one connection.
func TestOpenLoopDoesNotWait(t *testing.T) {
	t.Parallel()
	const messages = 100
	addr := tcpServer(t, func(c net.Conn) {
		p := make([]byte, messages*20)
		for {
			if _, err := io.ReadFull(c, p); err != nil {
				return
			}
			if _, err := c.Write(p); err != nil {
				return
			}
		}
	})
	l := newLoad(t, load.Config{Address: addr, Protocol: load.TCP})
	res, err := l.Do(load.Order{Connections: 1, Work: load.Echo, Rate: 1000, Messages: messages})
	if err != nil {
		t.Fatal(err)
	}
	// They are due at 0, 1, ... 99 ms and are answered after the last, at 99 ms at the earliest.
	h := histogram(t, res.Latency)
	if p50 := time.Duration(h.ValueAtQuantile(50)); res.Messages != messages || p50 < 48*ms || h.Max() < int64(98*ms) {
		t.Errorf("%+v, p50 %v, longest %v", counts(res), p50, time.Duration(h.Max()))
	}
}

// TestOpenLoopLoses: a server that answers nothing loses everything, what was sent and what had no room any more, and all
// that counts in the latency.
func TestOpenLoopLoses(t *testing.T) {
	t.Parallel()
	addr := tcpServer(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	l := newLoad(t, load.Config{Address: addr, Protocol: load.TCP})
	const messages = load.InflightMost + 500
	res, err := l.Do(load.Order{Connections: 1, Work: load.Echo, Rate: 50_000, Messages: messages})
	if err != nil {
		t.Fatal(err)
	}
	h := histogram(t, res.Latency)
	if res.Messages != 0 || res.Lost != messages || h.TotalCount() != messages || res.Connections != 0 {
		t.Errorf("%+v, %d latencies", counts(res), h.TotalCount())
	}
	// Those that were sent have waited for 2 s and more.
	if p50 := time.Duration(h.ValueAtQuantile(50)); p50 < 2*time.Second {
		t.Errorf("p50 %v", p50)
	}
	// The connection is made anew, and nothing of the old is in the way.
	if res, err = l.Do(load.Order{Connections: 1}); err != nil || res.Connections != 1 {
		t.Errorf("%+v, %v", res, err)
	}
}

func TestOpenLoopFailsWithItsConnection(t *testing.T) {
	t.Parallel()
	addr := tcpServer(t, func(c net.Conn) { _, _ = io.ReadFull(c, make([]byte, 200)) })
	l := newLoad(t, load.Config{Address: addr, Protocol: load.TCP})
	_, err := l.Do(load.Order{Connections: 1, Work: load.Echo, Rate: 1000, Duration: time.Minute})
	if err == nil || !strings.Contains(err.Error(), "load: connection 0: ") {
		t.Errorf("error %v", err)
	}
}

// TestOldKernel has milliseconds to sleep for, and spins for the rest: nothing leaves early or is left out, and spinning
// is not work.
func TestOldKernel(t *testing.T) {
	t.Parallel()
	l := newLoad(t, load.Config{Address: plainEcho(t), Protocol: load.TCP})
	l.Coarse()
	res, err := l.Do(load.Order{Connections: 1, Work: load.Echo, Rate: 150, Messages: 30})
	if err != nil || res.Messages != 30 || res.Elapsed < 30*time.Second/150 {
		t.Errorf("%+v, %v", counts(res), err)
	}
	if res.Busy > res.Elapsed/2 {
		t.Errorf("busy for %v of %v", res.Busy, res.Elapsed)
	}
}
