package fasthttp

import (
	"bytes"
	"errors"
	"net"
	"syscall"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/internal/reactor"
	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

var _ reactor.Held = (*conn)(nil)

// A hijacked connection stays with its loop until somebody reads from it, so that one
// that is handed to engine/websocket never costs a goroutine or a descriptor.

// hijack lets fasthttp's HijackHandler have the connection. What was received behind
// the request is the first that it reads.
func (c *conn) hijack() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != looping {
		_ = c.flush()
	}
	c.state = hijacked
	c.settle()
	c.s.stats.hijacked.Add(1)
}

// readHijacked is Read. c.mu is held, and given back.
func (c *conn) readHijacked(p []byte) (int, error) {
	defer c.mu.Unlock()
	if c.pos == c.size() {
		if err := c.detached(true); err != nil {
			return 0, err
		}
	}
	return c.readOn(p)
}

// SyscallConn lets the descriptor be waited for. What was received before has to be
// read with Read first.
func (c *conn) SyscallConn() (syscall.RawConn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != hijacked {
		return nil, net.ErrClosed
	}
	if err := c.detached(false); err != nil {
		return nil, err
	}
	sc, ok := c.nc.(syscall.Conn)
	if !ok {
		return nil, errors.New("fasthttp: the connection has no descriptor")
	}
	return sc.SyscallConn()
}

// closeHijacked is Close. c.mu is held.
func (c *conn) closeHijacked() error {
	if c.closed {
		return nil
	}
	c.closed = true
	c.wake()
	if c.nc == nil {
		_ = c.h.Close() // what was written is sent first
		return nil
	}
	c.state = over
	c.s.left(c, hijacked)
	return c.nc.Close()
}

// Adopt is reactor.Held's.
func (c *conn) Adopt(s *websocket.Server, early []byte, u websocket.Upgraded) (websocket.Handle, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != hijacked || c.closed {
		return websocket.Handle{}, net.ErrClosed
	}
	if len(early) == 0 && c.nc == nil && c.pos == c.size() && !c.leaving {
		h, err, ok := c.adoptInPlace(s, u)
		if ok {
			return h, err
		}
	}
	// There are bytes in hand that only a connection on its way in can bring along.
	if err := c.detached(false); err != nil {
		return websocket.Handle{}, err
	}
	nc, buffered := c.nc, append(bytes.Clone(early), c.in[c.pos:]...)
	c.drop()
	c.closed, c.state = true, over
	c.mu.Unlock()
	defer c.mu.Lock()
	defer c.s.left(c, hijacked)
	return s.Adopt(c.e, nc, buffered, u)
}

// adoptInPlace lets s have the connection on its loop. It answers false when more has
// been received meanwhile.
func (c *conn) adoptInPlace(s *websocket.Server, u websocket.Upgraded) (h websocket.Handle, err error, ok bool) {
	done, more := false, false
	err = c.h.Post(func(ec *engine.Conn) {
		c.mu.Lock()
		defer c.mu.Unlock()
		defer c.wake()
		done = true
		if more = c.pos < c.size() || c.eof; more {
			return
		}
		c.closed, c.state = true, over
		if err = s.Take(ec, u); err != nil {
			return
		}
		c.s.left(c, hijacked)
		h = ec.User().(*websocket.Conn).Handle()
	})
	if err != nil {
		return h, net.ErrClosed, true
	}
	for !done && !c.gone {
		c.waiters().Wait()
	}
	switch {
	case more:
		return h, nil, false
	case !done:
		return h, net.ErrClosed, true
	}
	return h, err, true
}
