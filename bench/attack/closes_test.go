package attack_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// TestCloseStorm lets connections come, upgrade and close without end. Each way of closing is tried on its own: none
// leaves anything behind, whatever comes after the close frame.
func TestCloseStorm(t *testing.T) {
	t.Parallel()
	code := masked(fin|cls, closing(1000))
	again := bytes.Repeat(code, 10_000)
	more := bytes.Repeat(masked(fin|text, strings.Repeat("x", 1000)), 500)
	for _, way := range []struct {
		name  string
		peers int
		close func(p *peer) error
	}{
		{"politely", 5000, func(p *peer) error {
			if _, err := p.Write(code); err != nil {
				return err
			}
			return p.farewell(1000)
		}},
		// RFC 6455 section 5.5.1: after a close frame its sender "MUST NOT send any more data frames". What comes all the
		// same is neither answered nor handled. The writes may fail: a server need not take it for ever.
		{"again and again", 1000, func(p *peer) error { return closeAnd(p, code, again) }},
		{"and talk on", 1000, func(p *peer) error { return closeAnd(p, code, more) }},
		{"and hang up", 5000, func(p *peer) error {
			_, err := p.Write(code)
			return err
		}},
		{"and reset", 5000, func(p *peer) error {
			_ = p.SetLinger(0)
			_, err := p.Write(code)
			return err
		}},
	} {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			peers := scaled(way.peers)
			g := aim(t, setup{})
			err := all(peers, func(int) error {
				p, err := shake(g.addr)
				if err != nil {
					return err
				}
				defer p.Close()
				return way.close(p)
			})
			if err != nil {
				t.Error(err)
			}
			g.until("nobody but the witnesses", func(c counters) bool { return c.Engine.Open == witnesses })
			// Connections that are over are garbage, and there are as many as all has slots: a few megabytes will do,
			// however many have come and gone.
			c := g.survived(16 << 20)
			if s := c.WebSocket; s.Handshakes != uint64(peers+witnesses) || s.ClosesIn > uint64(peers) {
				t.Errorf("%d handshakes and %d close frames, want %d and no more than %d",
					s.Handshakes, s.ClosesIn, peers+witnesses, peers)
			}
			if n := c.WebSocket.ClosesIn; n != uint64(peers) && way.name != "and reset" { // which may destroy the frame
				t.Errorf("%d close frames, want %d", n, peers)
			}
			if s := c.WebSocket; s.ProtocolErrors != 0 || s.MessagesIn != g.echoed {
				t.Errorf("what came after the close frames was handled: %+v, and the witnesses had %d answers", s, g.echoed)
			}
		})
	}
}

// closeAnd closes, goes on with more, and wants to be told no more than goodbye.
func closeAnd(p *peer, code, more []byte) error {
	if _, err := p.Write(code); err != nil {
		return err
	}
	sent := make(chan struct{})
	go func() { defer close(sent); _, _ = p.Write(more) }()
	err := p.farewell(1000)
	_ = p.CloseWrite()
	<-sent
	if err != nil {
		return fmt.Errorf("with more behind the close frame: %w", err)
	}
	return nil
}

// TestCloseHeld lets peers close and keep their end open: each costs the server its place for Linger, a second, and not
// longer.
func TestCloseHeld(t *testing.T) {
	t.Parallel()
	many.Lock()
	defer many.Unlock()
	peers := scaled(5000)
	g := aim(t, setup{})
	g.gather(peers, func(addr string) (*peer, error) {
		p, err := shake(addr)
		if err == nil {
			_, err = p.Write(masked(fin|cls, closing(1000)))
		}
		return p, err
	})
	g.until("nobody but the witnesses", func(c counters) bool { return c.Engine.Open == witnesses })
	c := g.survived(idleBound(peers))
	if n := c.WebSocket.ClosesIn; n != uint64(peers) {
		t.Errorf("%d close frames, want %d", n, peers)
	}
}
