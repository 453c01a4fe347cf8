package websocket

import (
	"slices"
	"sync/atomic"

	"github.com/sockeye-io/sockeye/codec/wsproto"
	"github.com/sockeye-io/sockeye/engine"
)

// Server is an engine.Handler that speaks WebSocket. It may serve any number of
// listeners, of one engine or of several. Its own methods may be called from
// any goroutine; the callbacks of engine.Handler are the engine's to call.
type Server struct {
	ep      *endpoint
	policy  policy
	engines atomic.Pointer[[]*engine.Engine]
}

// NewServer makes a server of h, which must not be nil. It copies o. It panics
// with the error of o.Validate, where there is one.
func NewServer(h Handler, o Options) *Server {
	p, err := newPolicy(&o)
	if err != nil {
		panic(err.Error())
	}
	return &Server{ep: newEndpoint(h, &o, false), policy: p}
}

// OnOpen begins the handshake, unless Adopt or Take has brought the connection.
func (s *Server) OnOpen(ec *engine.Conn) error {
	s.learn(ec.Engine())
	switch a := ec.User().(type) {
	case *adoption:
		return a.opened(s, ec)
	case *Accepted:
		return a.open(ec)
	}
	c := &Conn{ec: ec, ep: s.ep, dec: wsproto.NewDecoder(&s.ep.codec)}
	ec.SetUser(c)
	ec.SetTimer(s.ep.hsTime)
	return nil
}

// learn remembers the engines whose connections a broadcast has to reach.
func (s *Server) learn(e *engine.Engine) {
	if e == nil { // enginetest has none
		return
	}
	for {
		p := s.engines.Load()
		if p != nil && slices.Contains(*p, e) {
			return
		}
		var list []*engine.Engine
		if p != nil {
			list = slices.Clone(*p)
		}
		list = append(list, e)
		if s.engines.CompareAndSwap(p, &list) {
			return
		}
	}
}

// forget is the opposite of learn.
func (s *Server) forget(e *engine.Engine) {
	for {
		p := s.engines.Load()
		list := slices.DeleteFunc(slices.Clone(*p), func(other *engine.Engine) bool { return other == e })
		if s.engines.CompareAndSwap(p, &list) {
			return
		}
	}
}

// OnData decodes the handshake, then frames.
func (s *Server) OnData(ec *engine.Conn, p []byte) (int, error) {
	c := ec.User().(*Conn)
	n := 0
	if c.state == stateHandshake {
		n = s.upgrade(c, p)
		if c.state == stateHandshake {
			return n, nil
		}
	}
	return n + c.frames(p[n:]), nil
}

// OnClose tells the application.
func (s *Server) OnClose(ec *engine.Conn, err error) { ec.User().(*Conn).release(err) }

// OnTimer ends a handshake that takes too long, and a close that does.
func (s *Server) OnTimer(ec *engine.Conn) {
	c := ec.User().(*Conn)
	if c.state == stateHandshake && c.scanned > 0 {
		// RFC 9110 15.5.9: 408 for a request that did not come whole in time. Who
		// sent nothing asked for nothing.
		_, _ = ec.Write(wsproto.AppendErrorResponse(ec.AvailableBuffer(), 408, nil, ""))
	}
	c.expired()
}

// OnWritable tells the application that the peer has read on.
func (s *Server) OnWritable(ec *engine.Conn) { ec.User().(*Conn).relieved() }

// OnMail sends for other goroutines.
func (s *Server) OnMail(ec *engine.Conn, tag int, p []byte) { ec.User().(*Conn).mail(tag, p) }

// OnDrain tells the peer that the server goes away.
func (s *Server) OnDrain(ec *engine.Conn) {
	switch c := ec.User().(*Conn); c.state {
	case stateHandshake:
		ec.Close()
	case stateOpen:
		c.Close(CodeGoingAway, "")
	}
}

// upgrade answers the opening handshake, when it has arrived whole, and answers
// how many bytes it took.
func (s *Server) upgrade(c *Conn, p []byte) int {
	r := requests.Get().(*Request)
	defer r.free()
	n, err := r.Parse(p, s.ep.limits, int(c.scanned))
	if err == nil && n == 0 {
		c.scanned = int32(len(p))
		return 0
	}
	if err == nil {
		r.conn = c
		err = s.check(r)
	}
	if err != nil {
		s.refuse(c, r, err)
		return len(p)
	}
	var room [256]byte
	extra := s.negotiate(c, r, append(room[:0], s.policy.lines(r)...))
	if _, err := c.ec.Write(wsproto.AppendUpgradeResponse(c.ec.AvailableBuffer(), r.Key, r.Subprotocol, extra)); err != nil {
		c.state = stateClosed // Authorize has ended the connection: there is none to open
		return len(p)
	}
	s.ep.stats.handshakes.Add(1)
	_ = c.open(r) // the peer and the counters are told
	return n
}

// negotiate agrees on permessage-deflate, if both sides want it, and appends the
// line that says so.
func (s *Server) negotiate(c *Conn, r *Request, lines []byte) []byte {
	if s.ep.zip == nil {
		return lines
	}
	zip, d := s.ep.zip.accept(&r.Request, s.ep.onFragment != nil)
	if zip == nil {
		return lines
	}
	c.deflated(zip)
	lines = append(lines, "Sec-WebSocket-Extensions: "...)
	return append(wsproto.AppendDeflate(lines, d), "\r\n"...)
}

// open begins the life of the connection that the application sees.
func (c *Conn) open(r *Request) error {
	c.state = stateOpen
	c.watch()
	err := c.ep.h.OnOpen(c, r)
	if err != nil {
		if c.state == stateOpen {
			c.writeClose(wsproto.StatusInternalServerError, "")
		}
		c.end(&CloseError{Code: CodeInternalError, Err: err})
	} else if c.ec.Closing() { // a write in OnOpen found a slow consumer, say
		c.state = stateClosed
	}
	c.known = err == nil
	return err
}
