package engine

import (
	"fmt"
	"log/slog"
	"math"
	"runtime"
	"time"
)

// Config sets up an Engine. The zero Config is a good server.
type Config struct {
	// Loops is the number of event loops. Zero means GOMAXPROCS; at most 256.
	// Negative is an error.
	Loops int

	// MaxConns is the most connections held at once, of all listeners, dials
	// and adoptions together. One more that is accepted is closed at once
	// and counted in Stats.Refused. Zero means no limit but the descriptors
	// of the process. Negative is an error.
	MaxConns int

	// ReadBuffer is the size in bytes of the one read buffer of each loop:
	// the most that one OnData brings of new bytes. Zero means 64 KiB; it is
	// rounded up to a power of two. Negative is an error.
	ReadBuffer int

	// MailboxBytes bounds what other goroutines may have waiting at one
	// loop: data bytes plus 64 for each call. Zero means 64 MiB. Negative is
	// an error.
	MailboxBytes int

	// Logger hears of faults of ours as errors, of the environment as
	// warnings, of peers as debug lines. Nil means slog.Default.
	Logger *slog.Logger
}

// Options are the limits of the connections of one listener or dial.
type Options struct {
	// HighWater is the number of bytes that may wait for a peer to read. A
	// write that finds as many waiting closes the connection with
	// ErrSlowConsumer; one write may go over the mark. Zero means 1 MiB,
	// negative no limit.
	HighWater int

	// LowWater is the number of waiting bytes at which OnWritable is called
	// after it was passed. Zero means a quarter of HighWater (or 256 KiB
	// when that has no limit). Negative is an error.
	LowWater int

	// MaxInbound is the number of bytes a handler may leave unconsumed. Zero
	// means 1 MiB and 64 KiB, so that a message of 1 MiB fits with its
	// framing; negative means no limit.
	MaxInbound int

	// IdleTimeout closes a connection that received nothing for so long.
	// Zero and negative mean never. As every duration here it is kept in
	// ticks of 100 ms: what it limits ends not before, and about 0.3 s after
	// it at the latest.
	IdleTimeout time.Duration

	// WriteTimeout closes a connection when output is waiting and the peer
	// took none of it for so long. Zero means 30 s, negative never.
	WriteTimeout time.Duration

	// Linger bounds how long a closed connection, after its last byte was
	// written, waits for the peer to close too, reading and discarding. It
	// keeps the reset that unread bytes cause from destroying the last
	// answer. Zero means 1 s, negative closes at once.
	Linger time.Duration
}

// ListenOptions are the options of Listen and ServeListener.
type ListenOptions struct {
	Options

	// KeepAlive is the idle time after which TCP asks whether the peer is
	// still there; two minutes without an answer close the connection. Zero
	// means 5 minutes, negative never. ServeListener leaves it as it is.
	KeepAlive time.Duration

	// ReusePort sets SO_REUSEPORT on a TCP or UDP listener, so that several
	// processes can share a port.
	ReusePort bool
}

// DialOptions are the options of Dial.
type DialOptions struct {
	Options
}

const (
	defaultMark    = 1 << 20
	defaultInbound = 1<<20 + 64<<10
	defaultStall   = 30 * time.Second
	tickLength     = 100 * time.Millisecond
)

func (c *Config) validate() error {
	switch {
	case c.Loops < 0 || c.Loops > 256:
		return fmt.Errorf("engine: Config.Loops is %d, want 0 to 256", c.Loops)
	case c.MaxConns < 0:
		return fmt.Errorf("engine: Config.MaxConns is %d, want 0 or more", c.MaxConns)
	case c.ReadBuffer < 0:
		return fmt.Errorf("engine: Config.ReadBuffer is %d, want 0 or more", c.ReadBuffer)
	case c.MailboxBytes < 0:
		return fmt.Errorf("engine: Config.MailboxBytes is %d, want 0 or more", c.MailboxBytes)
	}
	if c.Loops == 0 {
		c.Loops = min(runtime.GOMAXPROCS(0), 256)
	}
	if c.ReadBuffer == 0 {
		c.ReadBuffer = 64 << 10
	}
	if c.MailboxBytes == 0 {
		c.MailboxBytes = 64 << 20
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return nil
}

func (o *Options) validate() error {
	if o.LowWater < 0 {
		return fmt.Errorf("engine: Options.LowWater is %d, want 0 or more", o.LowWater)
	}
	if o.HighWater > 0 && o.LowWater > o.HighWater {
		return fmt.Errorf("engine: Options.LowWater %d is over HighWater %d", o.LowWater, o.HighWater)
	}
	switch {
	case o.HighWater == 0:
		o.HighWater = max(defaultMark, o.LowWater)
	case o.HighWater < 0:
		o.HighWater = math.MaxInt
	}
	if o.LowWater == 0 {
		o.LowWater = min(o.HighWater, defaultMark) / 4
	}
	switch {
	case o.MaxInbound == 0:
		o.MaxInbound = defaultInbound
	case o.MaxInbound < 0:
		o.MaxInbound = math.MaxInt
	}
	if o.WriteTimeout == 0 {
		o.WriteTimeout = defaultStall
	}
	if o.Linger == 0 {
		o.Linger = time.Second
	}
	return nil
}

// ticks rounds up, so that nothing fires early; what is not positive is never.
func ticks(d time.Duration) uint32 {
	if d <= 0 {
		return 0
	}
	n := (d-1)/tickLength + 1
	return uint32(min(n, 1<<30))
}

// since is ticks for what is counted from loop.now, which is behind by what has
// passed of the running tick and by what the last wake-up was late.
func since(d time.Duration) uint32 {
	if n := ticks(d); n > 0 {
		return n + 2
	}
	return 0
}
