package load

import (
	"errors"
	"fmt"
	"net/netip"
	"time"
)

// Protocol is what the server speaks.
type Protocol string

const (
	TCP       Protocol = "tcp" // bytes, unframed: a message is Payload bytes
	WebSocket Protocol = "ws"  // one binary frame per message, or one text frame
)

// Config says what to send. Address and Protocol are required.
type Config struct {
	Address  netip.AddrPort
	Protocol Protocol
	Path     string // of the WebSocket request; empty is "/"
	Text     bool   // send text rather than binary messages; WebSocket only
	Payload  int    // bytes of a message, 0 is 20, negative is an error
	Depth    int    // messages in flight per connection in a closed loop, 0 is 1, negative is an error
	// Batch sends the next Depth messages only when all of the last have come back, in one write. Without it every
	// reply is followed by a message at once, as they come. Closed loop only.
	Batch bool
	// Sources is over how many addresses of 127.0.0.0/8 the connections are spread, since each has ports for some
	// 28,000 of them to one server. 0 is 8, at most 250; negative is an error.
	Sources int
	// Check compares the content of every Check-th message that a connection receives, besides the length and the
	// header, which are always checked. 0 is 16, negative never.
	Check int
	// Stall is how long to wait with no part of a message arriving before giving up (pings are none): 0 is 10 s, negative waits for ever.
	Stall time.Duration
}

func (c *Config) validate() error {
	if !c.Address.IsValid() || !c.Address.Addr().Is4() {
		return fmt.Errorf("load: address %v: want IPv4 and a port", c.Address)
	}
	if c.Protocol != TCP && c.Protocol != WebSocket {
		return fmt.Errorf("load: protocol %q: want %q or %q", c.Protocol, TCP, WebSocket)
	}
	if c.Text && c.Protocol == TCP {
		return errors.New("load: text messages need WebSocket")
	}
	if c.Payload < 0 || c.Depth < 0 || c.Sources < 0 {
		return errors.New("load: payload, depth and sources must not be negative")
	}
	if c.Sources > 250 {
		return fmt.Errorf("load: %d sources, at most 250", c.Sources)
	}
	if c.Path == "" {
		c.Path = "/"
	}
	if c.Payload == 0 {
		c.Payload = 20
	}
	if c.Depth == 0 {
		c.Depth = 1
	}
	if c.Sources == 0 {
		c.Sources = 8
	}
	if c.Check == 0 {
		c.Check = 16
	}
	if c.Stall == 0 {
		c.Stall = 10 * time.Second
	}
	return nil
}
