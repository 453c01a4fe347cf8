package fasthttp

import (
	"log/slog"
	"net"
	"runtime/debug"
	"syscall"

	"github.com/valyala/fasthttp"
)

// maxBurst is how many requests of one connection run before others get a turn.
const maxBurst = 128

// run lets fasthttp serve the request that is whole, and those that have followed it
// meanwhile. fasthttp is given one request at a time, and told io.EOF between two of
// them when there is no other: it ends without a word then, as for a client that has
// closed. run answers whether the connection goes on.
func (s *server) run(c *conn) (keep bool) {
	c.given, c.ended, c.broken, c.hold, c.hijacking = false, false, false, false, false
	c.burst = maxBurst
	defer func() {
		if v := recover(); v != nil { // in a callback of the Server
			s.panicked(v)
			keep = false
			c.forget()
		}
	}()
	err := s.http.ServeConn(c.face())
	s.count(err)
	return c.ended && !c.broken && c.fail == noFailure
}

// forget lets s.http lose c, which it does when it has served a connection, but not
// when that panicked.
func (c *conn) forget() {
	defer func() { _ = recover() }()
	c.mu.Lock()
	c.closed, c.end, c.fail = true, c.pos, failEOF
	c.boundary = true
	c.mu.Unlock()
	_ = c.s.http.ServeConn(c.face())
}

func (s *server) panicked(v any) {
	s.stats.panics.Add(1)
	stack := debug.Stack()
	if l := s.http.Logger; l != nil {
		l.Printf("fasthttp: handler panic: %v\n%s", v, stack)
		return
	}
	slog.Error("fasthttp: handler panic", "panic", v, "stack", string(stack))
}

// work is run, on a goroutine other than the loop.
func (s *server) work(c *conn) {
	keep := s.run(c)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.state == hijacked {
		return
	}
	for c.leaving && !c.gone {
		c.wait(0)
	}
	if c.nc != nil {
		s.returned(c, keep)
		return
	}
	if c.gone {
		c.state = over
		c.drop()
		c.out.free(c.take())
		c.out = nil
		return
	}
	tag := mailKeep
	if !keep {
		tag = mailClose
		c.closed = true
	}
	s.mail(c, tag, c.take())
	c.out.free(nil)
	c.out = nil
}

// take returns what is held of a response.
func (c *conn) take() []byte {
	if c.out == nil {
		return nil
	}
	return c.out.b
}

// begin is called when a request is there for the handler. It answers false when it
// is not the one that the scan saw: it must not run then.
func (c *conn) begin() bool {
	c.served++
	c.hold = false
	if c.state == alone || c.fail == noFailure && c.given && !c.broken && c.rest() == 0 {
		c.given = false
		return true
	}
	c.broken = true
	return false
}

// rest is what fasthttp has not read of the request at hand.
func (c *conn) rest() int32 {
	if c.s.http.StreamRequestBody {
		return 0 // the handler is about to
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.end - c.pos
}

// handled is called when the handler has returned. The response may be held back to
// leave together with what follows, unless that may take its time.
func (c *conn) handled(stream, hijack bool) {
	c.hold = !stream && c.state != alone
	c.hijacking = hijack
}

// last reports whether no request may follow the one at hand.
func (c *conn) last() bool {
	if c.s.maxRequests > 0 && int(c.served) >= c.s.maxRequests {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.drain
}

// active is called when fasthttp has the first byte of a request.
func (c *conn) active() {
	if c.boundary && c.state != alone {
		c.broken = true // it is left over from the one before
	}
	c.boundary = false
}

// count tells the stats what became of a run.
func (s *server) count(err error) {
	switch err.(type) {
	case nil:
	case *fasthttp.ErrSmallBuffer:
		s.stats.bad.Add(1)
	case *net.OpError, syscall.Errno:
	case *fasthttp.ErrBodyStreamWritePanic:
		s.stats.panics.Add(1)
	default:
		switch err {
		case fasthttp.ErrBodyTooLarge:
			s.stats.tooLarge.Add(1)
		case fasthttp.ErrConcurrencyLimit:
			s.stats.refused.Add(1)
		case net.ErrClosed:
		default:
			s.stats.bad.Add(1)
		}
	}
}
