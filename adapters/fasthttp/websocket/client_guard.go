package websocket

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"time"
)

// guard lets the end of a context interrupt a dial wherever it blocks, and keeps
// what has to be closed when it fails.
type guard struct {
	ctx context.Context
	top net.Conn // what was connected, below our TLS; nil until then

	mu      sync.Mutex
	watched []watched
}

// watched is a connection whose deadline follows the context.
type watched struct {
	stop  func() bool
	fired chan struct{}
}

// longAgo is a deadline that ends what blocks.
var longAgo = time.Unix(1, 0)

// dialer is a dial function whose connections are watched. Any goroutine may use it.
func (g *guard) dialer(dial netDialerFunc) netDialerFunc {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		nc, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		if err := g.watch(nc); err != nil {
			_ = nc.Close()
			return nil, err
		}
		return nc, nil
	}
}

// watch lets a connection's deadline be that of the context, or past when the
// context is cancelled.
func (g *guard) watch(nc net.Conn) error {
	if err := g.setDeadline(nc); err != nil {
		return err
	}
	if g.ctx.Done() == nil {
		return nil
	}
	w := watched{fired: make(chan struct{})}
	w.stop = context.AfterFunc(g.ctx, func() {
		_ = nc.SetDeadline(longAgo)
		close(w.fired)
	})
	g.mu.Lock()
	g.watched = append(g.watched, w)
	g.mu.Unlock()
	return nil
}

func (g *guard) setDeadline(nc net.Conn) error {
	if deadline, ok := g.ctx.Deadline(); ok {
		return nc.SetDeadline(deadline)
	}
	return nil
}

// connected makes nc the top. It may have come from a dialer of somebody else, who
// has cleared the deadline, as that for SOCKS does, or has not used ours at all.
func (g *guard) connected(nc net.Conn) error {
	g.top = nc
	g.mu.Lock()
	seen := len(g.watched) > 0
	g.mu.Unlock()
	if !seen {
		return g.watch(nc)
	}
	if err := g.setDeadline(nc); err != nil {
		return err
	}
	return g.ctx.Err() // one that ended before this may have been cleared with the deadline
}

// lift ends the watch, and answers why the context has ended, if it has.
func (g *guard) lift() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, w := range g.watched {
		if !w.stop() {
			<-w.fired
		}
	}
	g.watched = nil
	return g.ctx.Err()
}

// close closes what was connected, without the farewell of TLS: that would wait
// for a peer that does not read.
func (g *guard) close() {
	nc := g.top
	for {
		tc, ok := nc.(*tls.Conn)
		if !ok {
			break
		}
		nc = tc.NetConn()
	}
	if nc != nil {
		_ = nc.Close()
	}
}
