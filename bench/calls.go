package bench

import (
	"context"

	"github.com/sockeye-io/sockeye/bench/load"
	"github.com/sockeye-io/sockeye/bench/trace"
)

// tracedMessages are enough to count system calls in, and few enough not to wait for: under strace a server is slow.
const tracedMessages = 2000

// traced is whether system calls are counted: where an answer sends the next message, as many as are asked for.
func (c *cell) traced() bool {
	return c.idle == nil && c.order.Work == load.Echo && c.order.Rate == 0 && !c.halfLoad
}

// calls counts the system calls per message of a closed loop, when perf or strace is there. It comes after the rounds,
// which it would spoil.
func (r *run) calls(ctx context.Context, c *cell, s *station) {
	if !c.traced() || s.server.Process == 0 {
		return
	}
	defer r.advance(callsCost)
	r.progress(c.scenario + ", " + c.title + ": system calls of " + s.Name)
	messages := 0.0
	calls, err := trace.Total(s.server.Process, func() error {
		res, err := s.do(ctx, load.Order{Work: load.Echo, Messages: tracedMessages})
		messages = float64(res.Messages)
		return err
	})
	if err == nil && messages > 0 { // else neither is there or allowed, as in some containers
		s.note("syscalls_per_message", float64(calls)/messages)
	}
}
