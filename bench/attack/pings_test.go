package attack_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/engine"
)

// pingUnread pings without reading until the server closes or limit bytes are sent, and answers how many were.
func pingUnread(p *peer, limit int) (sent int) {
	flood := bytes.Repeat(masked(fin|ping, strings.Repeat("p", 125)), 125)
	for sent < limit {
		n, err := p.Write(flood)
		sent += n
		if err != nil {
			break
		}
	}
	return sent
}

// What waits for a peer is HighWater and what one read's pings may put over it. Half of that again is what the collector
// lets the heap grow by (GOGC=50), and the constant is the runtime's own.
func unreadBound(peers int) int64 { return int64(peers)*(1<<20+64<<10)*3/2 + 8<<20 }

// TestPingsUnread lets peers ping as fast as they can and never read. Every ping is owed a pong (RFC 6455 section
// 5.5.2), so the pongs wait for them: up to HighWater, and then the peer is a slow consumer.
func TestPingsUnread(t *testing.T) {
	t.Parallel()
	peers := scaled(50)
	g := aim(t, setup{})
	const much = 64 << 20
	err := all(peers, func(int) error {
		p, err := shake(g.addr)
		if err != nil {
			return err
		}
		defer p.Close()
		if pingUnread(p, much) >= much {
			return fmt.Errorf("still open after %d bytes of pings", much)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	c := g.survived(unreadBound(peers))
	if n := c.Engine.ClosedBy[engine.CauseSlowConsumer]; n != uint64(peers) || c.Engine.DroppedBytes == 0 {
		t.Errorf("%d slow consumers and %d bytes dropped, want %d and some; closed by %v", n, c.Engine.DroppedBytes, peers, c.Engine.ClosedBy)
	}
	// The pongs of one HighWater, at least.
	if n, least := c.WebSocket.PingsIn, uint64(peers)*(1<<20/127); n < least {
		t.Errorf("%d pings counted, want %d or more", n, least)
	}
}

// TestPongsHeld is the same by peers that know the limit and stop before it: all hold as much as they may, at the same
// time, until WriteTimeout.
func TestPongsHeld(t *testing.T) {
	t.Parallel()
	peers := scaled(100)
	g := aim(t, setup{WriteTimeout: 2 * time.Second})
	scout, err := shake(g.addr)
	if err != nil {
		t.Fatal(err)
	}
	pingUnread(scout, 64<<20)
	_ = scout.Close()
	// What the scout had answered is what the kernel holds and HighWater. A quarter of that is left to the differences
	// between sockets.
	limit := int(g.stats().WebSocket.PingsIn)*131 - 256<<10
	crowd := g.gather(peers, func(addr string) (*peer, error) { return shake(addr) })
	_ = all(peers, func(i int) error { pingUnread(crowd[i], limit-256<<10); return nil })
	g.until("the end of all that do not read", func(c counters) bool {
		by := &c.Engine.ClosedBy
		return by[engine.CauseSlowConsumer]+by[engine.CauseWriteTimeout] == uint64(peers+1)
	})
	c := g.survived(unreadBound(peers))
	if n := c.Engine.ClosedBy[engine.CauseWriteTimeout]; n < uint64(peers)/2 {
		t.Errorf("%d of %d peers held their pongs to the end, want most of them", n, peers)
	}
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
