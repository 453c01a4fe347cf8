// Package load drives a server with many connections over loopback, and measures what comes back: closed loops, open
// loops with latency from the intended time of sending, broadcasts, connections that come and go. It is made to be cheap
// rather than general, so that the server and not the load is what a benchmark measures: one thread, one epoll, frames
// built once, no allocation while it runs. When it was the limit nevertheless, Result.Saturated says so.
//
// It writes and reads WebSocket by itself, with none of Sockeye's code, so that a mistake of ours cannot cancel out, and on
// system calls of its own, because an open loop needs to know when it slept, when it was late and what it did not read. Our
// engine would be as cheap: TestLoadCPU of package bench measures that. Package second checks this one with two clients
// that share nothing with it.
//
// Main is the command, in a process of its own, which is how the benchmarks use it.
package load

import (
	"fmt"
	"math"
	"time"

	"golang.org/x/sys/unix"
)

// Load is a set of open connections to one server. It belongs to one goroutine. After an error only Close is left to call.
type Load struct {
	cfg     Config
	format  format
	request []byte
	target  unix.SockaddrInet4
	sources []unix.SockaddrInet4
	out     []byte // Depth encoded messages, one after the other
	frame   int    // bytes of one encoded message

	conns     table
	published int64          // messages of broadcasts so far
	dialed    int            // connections so far, to take the sources in turn
	answers   map[int][]byte // the answers to upgrades that have come in part, by connection: rare
	poller    poller
	in        []byte    // what one read can take
	epoch     time.Time // time 0: when the order that is being done began
	work      work
	news      int64 // when something came of what the server did last
	turns     uint  // of loop, to yield now and then

	// Of the order that is being done:
	count counts
	tally tally
}

// counts are what an order did, as in Result.
type counts struct {
	messages, checked, sent, lost, failed, ended, replaced int64
	why                                                    string
}

// never is later than every time.
const never = math.MaxInt64

// New makes a load without connections.
func New(cfg Config) (*Load, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	l := &Load{
		cfg:     cfg,
		format:  newFormat(cfg),
		request: upgradeRequest(cfg),
		target:  unix.SockaddrInet4{Addr: cfg.Address.Addr().As4(), Port: int(cfg.Address.Port())},
		answers: map[int][]byte{},
		in:      make([]byte, 256<<10),
		epoch:   time.Now(),
		work:    resting{},
		tally:   newTally(),
	}
	// 127.0.1.1 and its neighbours, all of which are local (RFC 1122, 3.2.1.3).
	for i := range cfg.Sources {
		l.sources = append(l.sources, unix.SockaddrInet4{Addr: [4]byte{127, 0, 1, byte(1 + i)}})
	}
	frame := l.format.encode()
	l.frame = len(frame)
	for range cfg.Depth {
		l.out = append(l.out, frame...)
	}
	var err error
	if l.poller, err = newPoller(); err != nil {
		return nil, err
	}
	return l, nil
}

// Close closes every connection without a closing handshake.
func (l *Load) Close() error {
	for i := range l.conns.len() {
		if c := l.conns.at(i); c.state != closed {
			unix.Close(int(c.fd))
		}
	}
	l.conns = table{}
	if err := unix.Close(l.poller.fd); err != nil {
		return fmt.Errorf("load: %w", err)
	}
	return nil
}

// Connections is how many are open.
func (l *Load) Connections() int { return l.conns.len() }

// now is nanoseconds since the order began, by the monotonic clock.
func (l *Load) now() int64 { return int64(time.Since(l.epoch)) }
