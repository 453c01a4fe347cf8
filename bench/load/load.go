// Package load drives an echo server and counts what comes back: many connections, each with a few messages in flight,
// closed loop, over loopback. It is made to be cheap rather than general, so that the server and not the load is what a
// benchmark measures: one thread, one epoll, frames built once, no allocation while it runs.
//
// It writes and reads WebSocket by itself, with none of Sockeye's code, so that a mistake of ours cannot cancel out.
//
// The command bench/cmd/load runs it in a process of its own, which is how the benchmarks use it.
package load

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// Protocol is what the server echoes.
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
	Depth    int    // messages in flight per connection, 0 is 1, negative is an error
	// Batch sends the next Depth messages only when all of the last have come back, in one write. Without it every
	// reply is followed by a message at once, as they come.
	Batch bool
	// Sources is over how many addresses of 127.0.0.0/8 the connections are spread, since each has ports for some
	// 28,000 of them to one server. 0 is 8, at most 250; negative is an error.
	Sources int
	// Check compares the content of every Check-th message that a connection receives, besides the length and the
	// header, which are always checked. 0 is 16, negative never.
	Check int
	// Stall is how long to wait with nothing at all arriving before giving up: 0 is 10 s, negative waits for ever.
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

// Load is a set of open connections to one server. It belongs to one goroutine, which should be locked to its thread.
// After an error only Close is left to call.
type Load struct {
	cfg    Config
	epoll  int
	conns  []conn
	out    []byte // Depth encoded messages, one after the other
	frame  int    // bytes of one encoded message
	body   []byte // the payload of every message
	in     []byte // what one read can take
	events []unix.EpollEvent

	// Of the window that runs:
	left     int64 // messages that may still be sent
	inflight int64
	done     int64
	checked  int64
}

// New makes a load without connections.
func New(cfg Config) (*Load, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("load: epoll_create1: %w", err)
	}
	l := &Load{
		cfg:    cfg,
		epoll:  epoll,
		body:   payload(cfg.Payload),
		in:     make([]byte, 256<<10),
		events: make([]unix.EpollEvent, 512),
	}
	frame := l.body
	if cfg.Protocol == WebSocket {
		op := byte(opBinary)
		if cfg.Text {
			op = opText
		}
		frame = maskedFrame(op, l.body)
	}
	l.frame = len(frame)
	for range cfg.Depth {
		l.out = append(l.out, frame...)
	}
	return l, nil
}

// Close closes every connection without a closing handshake.
func (l *Load) Close() error {
	for i := range l.conns {
		unix.Close(l.conns[i].fd)
	}
	l.conns = nil
	return unix.Close(l.epoll)
}

// Connections is how many are open.
func (l *Load) Connections() int { return len(l.conns) }

// Window is how much to send: Messages over all connections, or for Duration, whichever ends first; at least one of
// them must be positive.
type Window struct {
	Messages int64
	Duration time.Duration
}

// Run sends one window and waits for the last reply. It fails when a connection ends, when a reply is not the echo of
// what was sent, and when nothing arrives for as long as Config.Stall.
func (l *Load) Run(w Window) (Result, error) {
	if w.Messages <= 0 && w.Duration <= 0 {
		return Result{}, errors.New("load: a window without an end")
	}
	if len(l.conns) == 0 {
		return Result{}, errors.New("load: no connections")
	}
	l.left, l.done, l.checked = w.Messages, 0, 0
	if w.Messages <= 0 {
		l.left = 1 << 62
	}
	start := time.Now()
	for i := range l.conns {
		if err := l.refill(i); err != nil {
			return Result{}, fmt.Errorf("load: connection %d: %w", i, err)
		}
	}
	if err := l.finish(start, w.Duration); err != nil {
		return Result{}, err
	}
	return Result{
		Connections: len(l.conns),
		Messages:    l.done,
		Checked:     l.checked,
		Elapsed:     time.Since(start),
	}, nil
}

// visit sends one message on one connection and waits for the reply.
func (l *Load) visit(i int) error {
	l.left = 1
	if err := l.refill(i); err != nil {
		return fmt.Errorf("load: connection %d: %w", i, err)
	}
	return l.finish(time.Now(), 0)
}

// finish waits until everything that was sent has come back, and lets more be sent until the duration has passed, if it
// is not 0.
func (l *Load) finish(start time.Time, duration time.Duration) error {
	for l.inflight > 0 {
		n, err := l.wait(l.cfg.Stall)
		if err != nil {
			return err
		}
		if n == 0 {
			return fmt.Errorf("load: nothing arrived for %v, %d messages in flight", l.cfg.Stall, l.inflight)
		}
		if duration > 0 && time.Since(start) >= duration {
			l.left = 0 // only the replies still come in
		}
		if err := l.handle(l.events[:n]); err != nil {
			return err
		}
	}
	return nil
}

// Rest keeps the connections for d without sending messages: it answers pings, and fails when a connection ends.
func (l *Load) Rest(d time.Duration) error {
	l.left = 0
	end := time.Now().Add(d)
	for {
		left := time.Until(end)
		if left <= 0 {
			return nil
		}
		n, err := l.wait(left)
		if err != nil {
			return err
		}
		if err := l.handle(l.events[:n]); err != nil {
			return err
		}
	}
}

// wait is epoll_wait for at most d, rounded up to milliseconds; a negative d waits for ever.
func (l *Load) wait(d time.Duration) (int, error) {
	ms := -1
	if d >= 0 {
		ms = int((d + time.Millisecond - 1) / time.Millisecond)
	}
	for {
		n, err := unix.EpollWait(l.epoll, l.events, ms)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return 0, fmt.Errorf("load: epoll_wait: %w", err)
		}
		return n, nil
	}
}

func (l *Load) handle(events []unix.EpollEvent) error {
	for _, ev := range events {
		if err := l.ready(int(ev.Fd), ev.Events); err != nil {
			return err
		}
	}
	return nil
}
