package attack_test

import (
	"bytes"
	"fmt"
	"testing"
)

// TestFragmentFlood sends messages of 100 MB in fragments of one byte, which are 600 MB more of headers. A fragment costs
// the server the byte that it holds, up to MaxMessage: then the peer is told 1009.
func TestFragmentFlood(t *testing.T) {
	t.Parallel()
	const peers = 4
	limit, length := 16<<20, 100_000_000
	if raceEnabled {
		limit, length = limit>>4, length>>4
	}
	g := aim(t, setup{MaxMessage: int64(limit)})
	flood := bytes.Repeat(masked(cont, "x"), 10_000)
	err := all(peers, func(int) error {
		p, err := shake(g.addr)
		if err != nil {
			return err
		}
		defer p.Close()
		told := make(chan error, 1)
		go func() { told <- p.farewell(1009) }()
		_, err = p.Write(masked(bin, "x"))
		for sent := 0; sent < length && err == nil; sent += 10_000 {
			_, err = p.Write(flood) // after the farewell too, until the server lets go
		}
		return <-told
	})
	if err != nil {
		t.Error(err)
	}
	// A message's buffer doubles as it grows: at the limit the new one is beside the old one, and those before, which
	// are the same again, are the collector's (larger than its pools take), with its GOGC of 50.
	c := g.survived(peers*int64(limit)*2*3/2 + 8<<20)
	if n := c.WebSocket.TooBig; n != peers {
		t.Errorf("%d messages too big, want %d", n, peers)
	}
	if n := c.WebSocket.Pieces; n < peers*uint64(limit) {
		t.Errorf("%d pieces, want %d or more", n, peers*limit)
	}
	if n := c.WebSocket.Partial; n != 0 {
		t.Errorf("%d messages are kept for peers that are gone", n)
	}
}

// TestEmptyFragments sends fragments of no bytes, without end: there is no message to be too big. They cost the peer six
// bytes each and the server no memory, whatever their number.
func TestEmptyFragments(t *testing.T) {
	t.Parallel()
	const peers = 4
	g := aim(t, setup{})
	flood := bytes.Repeat(masked(cont, ""), 10_000)
	crowd := g.gather(peers, func(addr string) (*peer, error) { return shake(addr) })
	enough, sent := make(chan struct{}), make(chan error, peers)
	for _, p := range crowd {
		go func() {
			_, err := p.Write(masked(text, "still "))
			for err == nil {
				select {
				case <-enough:
					_, err = p.Write(masked(fin|cont, "here"))
					sent <- err
					return
				default:
					_, err = p.Write(flood)
				}
			}
			sent <- err
		}()
	}
	pieces := uint64(scaled(10_000_000))
	g.until("so many empty fragments", func(c counters) bool { return c.WebSocket.Pieces >= pieces })
	g.others.echo(100)
	if n := g.stats().WebSocket.Partial; n != peers {
		t.Errorf("%d messages are under way, want %d", n, peers)
	}
	close(enough)
	for _, p := range crowd {
		if err := <-sent; err != nil {
			t.Error(err)
		}
		if b0, msg, err := p.frame(); err != nil || b0 != fin|text || msg != "still here" {
			t.Error(fmt.Sprintf("the message came back as %#x %q:", b0, msg), err)
		}
	}
	c := g.survived(8 << 20) // the runtime's
	if n := c.WebSocket.Partial; n != 0 {
		t.Errorf("%d messages are under way, want none", n)
	}
}
