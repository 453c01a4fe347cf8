package fasthttp

import (
	"bytes"
	"net"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/internal/reactor"
)

// own is a hijacked connection whose owner is not fasthttp's hijack handler.
type own struct{ *conn }

var _ reactor.Held = own{}

// Leave is reactor.Held's.
func (c *conn) Leave() reactor.Held {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.owned = true
	return own{c}
}

// Close is the owner's.
func (o own) Close() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.state != hijacked {
		return net.ErrClosed
	}
	return o.closeHijacked()
}

// Out is reactor.Held's.
func (c *conn) Out() (nc net.Conn, unread []byte, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state != hijacked || c.closed {
		return nil, nil, net.ErrClosed
	}
	if err := c.detached(false); err != nil {
		return nil, nil, err
	}
	nc, unread = c.nc, bytes.Clone(c.in[c.pos:])
	c.drop()
	c.closed, c.state = true, over
	c.s.left(c, hijacked)
	return nc, unread, nil
}
