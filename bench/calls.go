package bench

import (
	"context"
	"os/exec"
	"path/filepath"

	"github.com/sockeye-io/sockeye/bench/load"
	"github.com/sockeye-io/sockeye/bench/trace"
)

// tracedMessages are enough to count system calls in, and few enough not to wait for: a traced server is slow.
const tracedMessages = 2000

// calls counts the system calls per message of a closed loop, when strace is there. It comes after the rounds, which it
// would spoil.
func (r *run) calls(ctx context.Context, c *cell, s *station) {
	if c.order.Work != load.Echo || c.order.Rate > 0 || s.server.Process == 0 {
		return
	}
	if _, err := exec.LookPath("strace"); err != nil {
		return
	}
	r.progress(c.scenario + ", " + c.title + ": system calls of " + s.Name)
	t, err := trace.Start(s.server.Process, filepath.Join(r.dir, "strace"))
	if err != nil {
		return // not allowed to trace, in a container for example
	}
	res, err := s.do(ctx, load.Order{Work: load.Echo, Messages: tracedMessages})
	calls, stopped := t.Stop()
	if err != nil || stopped != nil || res.Messages == 0 {
		return
	}
	n := 0
	for _, counts := range []map[string]int{calls.TCP, calls.Other} {
		for _, k := range counts {
			n += k
		}
	}
	s.note("syscalls_per_message", float64(n)/float64(res.Messages))
}
