package baseline

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// Server serves one role to the connections of any number of listeners. Its methods may be called from any goroutine.
type Server struct {
	handle    Handler
	queued    bool // connections write from a queue
	accepted  atomic.Uint64
	closed    atomic.Uint64
	dropped   atomic.Uint64
	listeners []net.Listener

	mu    sync.Mutex
	conns []*Conn
	over  bool
	wg    sync.WaitGroup // of all goroutines of connections
}

// Handler is given each message, in the goroutine of its connection. p is valid until it returns. An error ends the
// connection.
type Handler func(c *Conn, op wsproto.OpCode, p []byte) error

// Echo sends everything back.
func Echo(c *Conn, op wsproto.OpCode, p []byte) error { return c.WriteMessage(op, p) }

// Roles are what New takes.
var Roles = [...]string{"echo", "broadcast"}

// New makes a server of a role.
func New(role string) (*Server, error) {
	switch role {
	case "echo":
		return &Server{handle: Echo}, nil
	case "broadcast":
		return &Server{handle: Broadcast, queued: true}, nil
	}
	return nil, fmt.Errorf("baseline: handler %q, want one of %v", role, Roles)
}

// Stats are counts since the server was made.
type Stats struct {
	Accepted, Closed uint64 // connections
	Dropped          uint64 // of those closed, slow consumers
}

// Stats reads the counters.
func (s *Server) Stats() Stats {
	return Stats{Accepted: s.accepted.Load(), Closed: s.closed.Load(), Dropped: s.dropped.Load()}
}

// Serve accepts connections until Close, and returns nil then. When there are no descriptors left, and at any other
// error of accept that passes, it tries again a little later.
func (s *Server) Serve(ln net.Listener) error {
	s.mu.Lock()
	s.listeners = append(s.listeners, ln)
	over := s.over
	s.mu.Unlock()
	if over {
		return ln.Close()
	}
	const shortest, longest = 5 * time.Millisecond, time.Second
	delay := shortest
	for {
		nc, err := ln.Accept()
		switch {
		case err == nil:
			delay = shortest
			s.start(nc)
		case errors.Is(err, net.ErrClosed):
			return nil
		default:
			time.Sleep(delay)
			delay = min(2*delay, longest)
		}
	}
}

// start gives a connection its goroutine.
func (s *Server) start(nc net.Conn) {
	c := &Conn{srv: s, nc: nc, dec: wsproto.NewDecoder(nil)}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		_ = nc.Close()
		return
	}
	s.accepted.Add(1)
	c.index = len(s.conns)
	s.conns = append(s.conns, c)
	s.wg.Go(c.serve)
}

// opened lets a connection take part in broadcasts.
func (c *Conn) opened() {
	s := c.srv
	if !s.queued {
		return
	}
	_ = c.flush() // the handshake's answer; an error comes again
	s.mu.Lock()
	defer s.mu.Unlock()
	c.mail = newQueue()
	c.open = true
	s.wg.Go(c.deliver)
}

func (s *Server) forget(c *Conn) {
	s.closed.Add(1)
	s.mu.Lock()
	defer s.mu.Unlock()
	c.open = false
	last := len(s.conns) - 1
	s.conns[c.index] = s.conns[last]
	s.conns[c.index].index = c.index
	s.conns[last] = nil
	s.conns = s.conns[:last]
}

// Close closes all listeners and connections, without a closing handshake, and waits until their goroutines have ended.
func (s *Server) Close() error {
	s.mu.Lock()
	s.over = true
	for _, ln := range s.listeners {
		_ = ln.Close()
	}
	for _, c := range s.conns {
		_ = c.nc.Close()
	}
	s.mu.Unlock()
	s.wg.Wait()
	return nil
}
