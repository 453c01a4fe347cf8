package load_test

import (
	"context"
	"math"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/sockeye-io/sockeye/bench/load"
	"github.com/sockeye-io/sockeye/bench/load/second"
)

// TestSecondClientsAgree measures one server with this load and with two simpler clients: throughput and p50 must agree
// within a tenth. The server sets the pace, or it would be the clients that are compared: it answers when it has a message
// of every connection of all three, and a while has passed. However busy the machine is, it is so for all.
func TestSecondClientsAgree(t *testing.T) {
	t.Parallel()
	const (
		tick        = 20 * ms
		connections = 8
		answers     = 60 // to each
	)
	addr := pacedEcho(t, tick, 3*connections)
	var running, connected sync.WaitGroup
	connected.Add(3)
	ready := func() { connected.Done(); connected.Wait() }
	var perSecond, p50 [3]float64
	running.Go(func() {
		res, err := closedLoop(addr, load.Order{Connections: connections, Messages: connections * answers}, ready)
		if err != nil {
			t.Error(err)
			return
		}
		perSecond[0] = float64(res.Messages) / res.Elapsed.Seconds()
		p50[0] = time.Duration(histogram(t, res.Latency).ValueAtQuantile(50)).Seconds()
	})
	for i, measure := range []func(context.Context, second.Config) (second.Result, error){second.Gorilla, second.Engine} {
		running.Go(func() {
			res, err := measure(t.Context(), second.Config{
				URL: "ws://" + addr.String() + "/", Connections: connections, Payload: 20, Messages: answers, Ready: ready,
			})
			if err != nil {
				t.Error(err)
				return
			}
			perSecond[i+1], p50[i+1] = res.PerSecond(), res.P50.Seconds()
		})
	}
	running.Wait()
	t.Logf("messages a second: load %.1f, gorilla %.1f, engine %.1f; p50 in s: %.4f, %.4f, %.4f",
		perSecond[0], perSecond[1], perSecond[2], p50[0], p50[1], p50[2])
	for i := 1; i < 3; i++ {
		if math.Abs(perSecond[0]/perSecond[i]-1) > 0.1 || math.Abs(p50[0]/p50[i]-1) > 0.1 {
			t.Errorf("client %d of 2 does not agree with the load within 10 %%", i)
		}
	}
}

// closedLoop connects, calls ready, does the order, and closes.
func closedLoop(addr netip.AddrPort, o load.Order, ready func()) (load.Result, error) {
	l, err := load.New(load.Config{Address: addr, Protocol: load.WebSocket})
	if err != nil {
		return load.Result{}, err
	}
	defer l.Close()
	err = l.Grow(o.Connections)
	ready()
	if err != nil {
		return load.Result{}, err
	}
	return l.Do(o)
}

// pacedEcho answers all n connections at once, when it has a message of each, or of each that has not been closed, but tick
// after the last time at the earliest.
func pacedEcho(t *testing.T, tick time.Duration, n int) netip.AddrPort {
	t.Helper()
	var mu sync.Mutex
	open, waiting := n, 0
	release := make(chan struct{}) // closed to let all go
	last := time.Now()
	check := func() { // with mu held
		if open == 0 || waiting < open {
			return
		}
		waiting = 0
		go func(release chan struct{}, wait time.Duration) {
			<-time.After(wait)
			close(release)
		}(release, tick-time.Since(last))
		last = time.Now().Add(max(0, tick-time.Since(last)))
		release = make(chan struct{})
	}
	return gorillaServer(t, func(c *websocket.Conn) {
		defer func() {
			mu.Lock()
			open--
			check()
			mu.Unlock()
		}()
		for {
			kind, p, err := c.ReadMessage()
			if err != nil {
				return
			}
			mu.Lock()
			waiting++
			let := release
			check()
			mu.Unlock()
			<-let
			if err := c.WriteMessage(kind, p); err != nil {
				return
			}
		}
	})
}
