package attack_test

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// many is held by the tests that have thousands of connections at a time: all of them together would not fit the usual
// limit of descriptors.
var many sync.Mutex

// idleBound is the memory of connections that hold next to nothing: 700 B each (DESIGN.md section 3), what accepting one
// leaves as garbage, and half of that again until the collector comes (GOGC=50). The constant is the runtime's own.
func idleBound(peers int) int64 { return int64(peers)*2048*3/2 + 8<<20 }

// TestSlowHandshake lets peers send the head of their opening handshake at one byte a second. Each may keep a connection
// for HandshakeTimeout, with no more than has arrived of the head. Whoever comes meanwhile is let in.
func TestSlowHandshake(t *testing.T) {
	t.Parallel()
	for _, way := range []struct {
		name  string
		head  string // sent at once
		bound func(peers int) int64
	}{
		{"from the start", "", idleBound},
		// All but the end of the largest head that is allowed, 8 KiB, which is held in a buffer of that size; growing to
		// it went over one of half the size.
		{"at the end", longHead[:8000], func(peers int) int64 { return idleBound(peers) + int64(peers)*(8+4)<<10*3/2 }},
	} {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			many.Lock()
			defer many.Unlock()
			peers := scaled(5000)
			g := aim(t, setup{HandshakeTimeout: 3 * time.Second})
			slow := g.gather(peers, knock)
			stop, over := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(over)
				drip(slow, way.head, stop)
			}()
			// Others come and go all the while.
			newcomers := 0
			for s := g.stats(); s.WebSocket.HandshakeTimeouts < uint64(peers); s = g.stats() {
				p, err := shake(g.addr)
				if err != nil {
					t.Fatalf("newcomer %d: %v", newcomers, err)
				}
				if _, err = p.Write(masked(fin|text, "newcomer")); err == nil {
					_, _, err = p.frame()
				}
				_ = p.Close()
				if err != nil {
					t.Fatalf("newcomer %d: %v", newcomers, err)
				}
				newcomers++
			}
			close(stop)
			<-over
			for i, p := range slow {
				if resp, err := http.ReadResponse(p.r, nil); err != nil || resp.StatusCode != http.StatusRequestTimeout {
					t.Fatalf("slow peer %d was answered %v, %v, want 408", i, resp, err)
				}
			}
			g.until("nobody but the witnesses", func(c counters) bool { return c.Engine.Open == witnesses })
			c := g.survived(way.bound(peers))
			t.Logf("%d newcomers were let in", newcomers)
			if n := c.WebSocket.HandshakeTimeouts; n != uint64(peers) {
				t.Errorf("%d handshakes timed out, want %d", n, peers)
			}
			if n := c.WebSocket.Handshakes; n != uint64(witnesses+newcomers) {
				t.Errorf("%d handshakes, want those of %d witnesses and %d newcomers", n, witnesses, newcomers)
			}
		})
	}
}

// longHead is a handshake that wants all of the 8192 bytes that Options.MaxHead allows.
var longHead = strings.TrimSuffix(hello, "\r\n") + "X-Long: " + strings.Repeat("x", 8192)

// drip sends head and then one byte of the rest each second, to every peer, until stop. Errors are what the peers will
// find out when they read.
func drip(peers []*peer, head string, stop <-chan struct{}) {
	if head != "" {
		_ = all(len(peers), func(i int) error { _, err := io.WriteString(peers[i], head); return err })
	}
	tick := time.NewTicker(time.Second) // the rate is the attack
	defer tick.Stop()
	for n := len(head); ; n++ {
		for _, p := range peers {
			_, _ = io.WriteString(p, longHead[n:n+1])
		}
		select {
		case <-tick.C:
		case <-stop:
			return
		}
	}
}

// TestAnnounced lets peers announce a message as large as is allowed and send the first byte of it. Memory is given for
// what arrives, never for what was announced. An announcement over the limit is refused before any of it arrives.
func TestAnnounced(t *testing.T) {
	t.Parallel()
	many.Lock()
	defer many.Unlock()
	peers := scaled(5000)
	g := aim(t, setup{})
	slow := g.gather(peers, func(addr string) (*peer, error) { return announce(addr, 16<<20) })
	g.until("all announcements", func(c counters) bool { return c.WebSocket.Partial == peers })
	g.others.echo(100)
	huge := []uint64{16<<20 + 1, 1 << 32, 1 << 62, math.MaxInt64}
	err := all(100, func(i int) error {
		p, err := announce(g.addr, huge[i%len(huge)])
		if err != nil {
			return err
		}
		defer p.Close()
		return p.farewell(1009)
	})
	if err != nil {
		t.Error(err)
	}
	for i, p := range slow { // they are waited for as long as they please
		if _, err := p.Write([]byte{0}); err != nil {
			t.Fatal(fmt.Sprintf("peer %d:", i), err)
		}
	}
	// A buffer of 64 B each, the smallest, is in the slack of an idle connection.
	c := g.survived(idleBound(peers))
	if s := c.WebSocket; s.Partial != peers || s.TooBig != 100 {
		t.Errorf("%d messages under way and %d too big, want %d and 100", s.Partial, s.TooBig, peers)
	}
}

// announce sends the header of a frame of n bytes and the first of them.
func announce(addr string, n uint64) (*peer, error) {
	p, err := shake(addr)
	if err == nil {
		_, err = p.Write(append(header(fin|bin, 0x80, n), 0, 0, 0, 0, 'x'))
	}
	return p, err
}
