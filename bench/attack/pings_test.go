package attack_test

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/engine"
)

// pingUnread pings without reading until limit bytes are sent, or until it fails.
func pingUnread(p *peer, limit int) {
	flood := bytes.Repeat(masked(fin|ping, strings.Repeat("p", 125)), 125)
	for sent := 0; sent < limit; {
		n, err := p.Write(flood)
		if err != nil {
			return
		}
		sent += n
	}
}

// givenUp counts the peers that were closed because they did not read. They may not hear of it: the FIN is behind what they
// do not take.
func givenUp(c counters) (slow, stalled int) {
	by := &c.Engine.ClosedBy
	return int(by[engine.CauseSlowConsumer]), int(by[engine.CauseWriteTimeout])
}

// What waits for a peer is HighWater and what one read's pings may put over it. Half of that again is what the collector
// lets the heap grow by (GOGC=50), and the constant is the runtime's own.
func unreadBound(peers int) int64 { return int64(peers)*(1<<20+64<<10)*3/2 + 8<<20 }

// TestPingsUnread lets peers ping as fast as they can and never read. Every ping is owed a pong (RFC 6455 section
// 5.5.2), so the pongs wait for them: up to HighWater, and then the peer is a slow consumer. Those that know the limit
// stop before it, so that all hold as much as they may at the same time: until WriteTimeout.
func TestPingsUnread(t *testing.T) {
	t.Parallel()
	const endless = math.MaxInt
	t.Run("without end", func(t *testing.T) {
		t.Parallel()
		peers := scaled(50)
		c := pingsUnread(t, peers, func(*target) int { return endless })
		if slow, _ := givenUp(c); slow < peers/2 || c.Engine.DroppedBytes < uint64(slow)<<20 {
			t.Errorf("%d slow consumers of %d, %d bytes dropped", slow, peers, c.Engine.DroppedBytes)
		}
		// Those of one HighWater each, at least.
		if n, least := c.WebSocket.PingsIn, uint64(peers/2)*(1<<20/127); n < least {
			t.Errorf("%d pings counted, want %d or more", n, least)
		}
	})
	t.Run("up to the limit", func(t *testing.T) {
		t.Parallel()
		peers := scaled(100)
		c := pingsUnread(t, peers, func(g *target) int {
			scout, err := shake(g.addr)
			if err != nil {
				t.Fatal(err)
			}
			defer scout.Close()
			go pingUnread(scout, endless)
			g.until("the end of the scout", func(c counters) bool {
				slow, stalled := givenUp(c)
				return slow+stalled == 1
			})
			// What was answered is what the kernel holds, and HighWater. A quarter of that is left to the differences
			// between sockets.
			return int(g.stats().WebSocket.PingsIn)*131 - 256<<10
		})
		if _, stalled := givenUp(c); stalled < peers/2 {
			t.Errorf("%d of %d peers held their pongs to the end, want most of them", stalled, peers)
		}
	})
}

// pingsUnread lets peers ping, each up to a limit, and waits until all are given up.
func pingsUnread(t *testing.T, peers int, limit func(*target) int) counters {
	g := aim(t, setup{WriteTimeout: 2 * time.Second})
	most := limit(g)
	slow, stalled := givenUp(g.stats())
	before := slow + stalled
	var flood sync.WaitGroup
	list := g.gather(peers, func(addr string) (*peer, error) { return shake(addr) })
	for _, p := range list {
		flood.Go(func() { pingUnread(p, most) })
	}
	g.until("the end of all who do not read", func(c counters) bool {
		slow, stalled := givenUp(c)
		return slow+stalled == before+peers
	})
	// The kernel's buffers are not in RSS, and outlive a close for minutes.
	if n := g.orphans(); n > 0 {
		t.Errorf("%d sockets that the server has closed still hold bytes for peers that do not read", n)
	}
	for _, p := range list {
		_ = p.Close()
	}
	flood.Wait()
	return g.survived(unreadBound(peers))
}

// TestPingsRead lets peers ping as fast as they can and read: they get every pong. What waits for them is no more than
// they have not read yet, which here is less than HighWater even if they read last of all.
func TestPingsRead(t *testing.T) {
	t.Parallel()
	const peers = 20
	pings := scaled(200_000)
	g := aim(t, setup{})
	flood := bytes.Repeat(masked(fin|ping, ""), pings)
	want := bytes.Repeat(plain(fin|pong, ""), pings)
	err := all(peers, func(int) error {
		p, err := shake(g.addr)
		if err != nil {
			return err
		}
		defer p.Close()
		sent := make(chan error, 1) // ends with the connection
		go func() { _, err := p.Write(flood); sent <- err }()
		got := make([]byte, len(want))
		if n, err := io.ReadFull(p.r, got); err != nil || !bytes.Equal(got, want) {
			return fmt.Errorf("%d bytes of %d, as sent %v: %w", n, len(want), bytes.Equal(got, want), err)
		}
		return <-sent
	})
	if err != nil {
		t.Error(err)
	}
	c := g.survived(peers*int64(len(want))*3/2 + 8<<20)
	if n := c.WebSocket.PingsIn; n != uint64(peers*pings) {
		t.Errorf("%d pings counted, want %d", n, peers*pings)
	}
}
