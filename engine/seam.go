package engine

import (
	"net"

	"github.com/sockeye-io/sockeye/engine/internal/seam"
)

// This is the side of package seam that belongs to the engine: enginetest as a
// reactor, and its peers as wires.

func init() {
	seam.NewLoop = func(config any, clock func() uint32, ring func()) (seam.Loop, error) {
		cfg := config.(Config)
		if err := cfg.validate(); err != nil {
			return nil, err
		}
		l := newLoop(0, &cfg, clock)
		l.mail.ring = ring
		return &seamLoop{l, cfg.ReadBuffer}, nil
	}
}

type seamLoop struct {
	l    *loop
	read int
}

func (s *seamLoop) Open(w seam.Wire, handler, options any, packet bool, early []byte) (any, error) {
	svc, err := newService(handler.(Handler), options.(Options))
	if err != nil {
		return nil, err
	}
	c := &Conn{svc: svc, link: &seamWire{w}, fd: -1, flags: flagOwnWire}
	if packet {
		c.flags |= flagPacket
	}
	c.setRemote(w.Addr(true))
	if err := s.l.opened(c, early); err != nil {
		return nil, err
	}
	return c, nil
}

func (s *seamLoop) Received(c any, p []byte) { s.l.received(c.(*Conn), p) }
func (s *seamLoop) Gone(c any, err error)    { s.l.gone(c.(*Conn), err) }
func (s *seamLoop) Drain()                   { s.l.drain() }
func (s *seamLoop) ReadBuffer() int          { return s.read }
func (s *seamLoop) CloseMailbox()            { s.l.mail.close() }

func (s *seamLoop) Ready(c any, broken bool) {
	if c := c.(*Conn); c.flags.has(flagOpen) {
		s.l.begin()
		s.l.ready(c, broken)
		s.l.flushDirty()
		s.l.rest(turnSlice)
	}
}

func (s *seamLoop) Shutdown() {
	s.l.goodbye = true
	_ = s.l.mail.put(task{kind: taskSweep, visitor: VisitorFunc(sayGoodbye)}, nil, true)
}

func (s *seamLoop) Close() {
	s.l.goodbye = true
	_ = s.l.mail.put(task{kind: taskSweep, visitor: VisitorFunc(hangUp)}, nil, true)
}

func (s *seamLoop) Stats() any {
	var st Stats
	s.l.addTo(&st)
	return st
}

type seamWire struct{ w seam.Wire }

func (s *seamWire) write(_ *Conn, p []byte) (int, error) {
	n, err := s.w.Write(p)
	if n == 0 && err == nil && len(p) > 0 {
		err = errAgain
	}
	return n, err
}

func (s *seamWire) writev(_ *Conn, bufs [][]byte) (int, error) {
	n, err := s.w.Writev(bufs)
	if n == 0 && err == nil {
		err = errAgain
	}
	return n, err
}

func (s *seamWire) arm(*Conn) error                    { s.w.Arm(); return nil }
func (s *seamWire) shut(*Conn) error                   { s.w.Shut(); return nil }
func (s *seamWire) detach(*Conn) error                 { s.w.Detach(); return nil }
func (s *seamWire) close(*Conn)                        { s.w.Close() }
func (s *seamWire) handOut(*Conn) (net.Conn, error)    { return s.w.HandOut() }
func (s *seamWire) addr(_ *Conn, remote bool) net.Addr { return s.w.Addr(remote) }
