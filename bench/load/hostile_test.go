package load_test

import (
	"io"
	"net"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/bench/load"
)

// TestPingsAreNoNews: a server that only pings says nothing, and is given up.
func TestPingsAreNoNews(t *testing.T) {
	t.Parallel()
	addr := tcpServer(t, func(c net.Conn) {
		r := acceptUpgrade(t, c)
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			_, _ = io.Copy(io.Discard, r)
		}()
		for {
			if _, err := io.WriteString(c, "\x89\x00"); err != nil {
				break
			}
		}
		<-gone
	})
	l := newLoad(t, load.Config{Address: addr, Protocol: load.WebSocket, Stall: 100 * ms})
	_, err := l.Do(load.Order{Connections: 1, Duration: 10 * ms})
	if err == nil || !strings.Contains(err.Error(), "nothing arrived") {
		t.Errorf("error %v", err)
	}
}

// TestOverload: at a rate that nobody can do the work ends all the same, and what was not sent is in all figures.
func TestOverload(t *testing.T) {
	t.Parallel()
	const total = 500_000
	for _, work := range []load.Work{load.Echo, load.Broadcast} {
		t.Run(string(work), func(t *testing.T) {
			t.Parallel()
			l := newLoad(t, load.Config{Address: gorillaEcho(t, nil), Protocol: load.WebSocket})
			res, err := l.Do(load.Order{Connections: 1, Work: work, Rate: 1e8, Messages: total, Grace: 100 * ms})
			if err != nil {
				t.Fatal(err)
			}
			if res.Messages+res.Lost != total || res.Lost == 0 {
				t.Errorf("%+v", counts(res))
			}
			latency, late := histogram(t, res.Latency), histogram(t, res.Late)
			if latency.TotalCount() != total || late.TotalCount() != total {
				t.Errorf("%d latencies and %d times of sending", latency.TotalCount(), late.TotalCount())
			}
			// What is lost is no faster than what is given up.
			lost := 100 * float64(total-res.Lost/2) / total
			if got := latency.ValueAtQuantile(lost); got < int64(90*ms) {
				t.Errorf("quantile %v is %d ns", lost, got)
			}
		})
	}
}
