package load_test

import (
	"errors"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/bench/load"
)

func TestStorm(t *testing.T) {
	t.Parallel()
	var resets atomic.Int64
	addr := tcpServer(t, func(c net.Conn) {
		p := make([]byte, 4096)
		for {
			n, err := c.Read(p)
			if errors.Is(err, syscall.ECONNRESET) {
				resets.Add(1)
			}
			if err != nil {
				return
			}
			_, _ = c.Write(p[:n])
		}
	})
	l := newLoad(t, load.Config{Address: addr, Protocol: load.TCP})
	if _, err := l.Do(load.Order{Connections: 100, Messages: 100}); err != nil { // so that all are accepted
		t.Fatal(err)
	}
	for range 2 {
		res, err := l.Do(load.Order{Work: load.Storm, Concurrency: 10})
		if err != nil {
			t.Fatal(err)
		}
		if res.Messages != 100 || res.Connections != 100 || res.Failed != 0 || res.Lost != 0 {
			t.Errorf("%+v", counts(res))
		}
		h := histogram(t, res.Latency)
		if h.TotalCount() != 100 || time.Duration(h.Max()) > res.Elapsed*1002/1000 {
			t.Errorf("%d latencies, the longest %v of %v", h.TotalCount(), time.Duration(h.Max()), res.Elapsed)
		}
	}
	if res, err := l.Do(load.Order{Messages: 200}); err != nil || res.Messages != 200 {
		t.Errorf("afterwards: %+v, %v", counts(res), err)
	}
	if n := resets.Load(); n != 200 {
		t.Errorf("%d resets, want 200", n)
	}
}

// TestStormTriesAgain with a server that turns every second connection away.
func TestStormTriesAgain(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	addr := tcpServer(t, func(c net.Conn) {
		if k := n.Add(1); k > 10 && k%2 == 0 {
			return
		}
		p := make([]byte, 4096)
		for {
			n, err := c.Read(p)
			if err != nil {
				return
			}
			_, _ = c.Write(p[:n])
		}
	})
	l := newLoad(t, load.Config{Address: addr, Protocol: load.TCP})
	if _, err := l.Do(load.Order{Connections: 10, Messages: 10}); err != nil {
		t.Fatal(err)
	}
	res, err := l.Do(load.Order{Work: load.Storm})
	if err != nil || res.Messages != 10 || res.Connections != 10 || res.Failed < 9 || res.Why == "" {
		t.Errorf("%+v, %v", counts(res), err)
	}
}

// TestStormGivesUp when nobody comes back.
func TestStormGivesUp(t *testing.T) {
	t.Parallel()
	addr, stop := stoppable(t)
	l := newLoad(t, load.Config{Address: addr, Protocol: load.TCP})
	if _, err := l.Do(load.Order{Connections: 10, Messages: 10}); err != nil {
		t.Fatal(err)
	}
	stop()
	res, err := l.Do(load.Order{Work: load.Storm, Duration: 100 * ms})
	if err != nil || res.Messages != 0 || res.Connections != 0 || res.Lost != 10 || res.Failed == 0 || res.Why == "" {
		t.Errorf("%+v, %v", counts(res), err)
	}
}
