// Package stream serves and dials framed byte streams (raw TCP and Unix
// sockets) on the loops of package engine: a codec.Framing says where messages
// end, and a [Handler] gets them whole.
//
// The rules of package engine hold: callbacks run on the connection's loop and
// must not block, a *[Conn] may be used inside them only, and any other
// goroutine uses a [Handle].
package stream

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"

	"github.com/sockeye-io/sockeye/codec"
	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/internal/buffer"
)

// Handler is the application. Its methods run on the connection's loop, one at
// a time, and must not block.
type Handler interface {
	// OnOpen is called once, first. An error closes the connection, without
	// OnClose.
	OnOpen(c *Conn) error
	// OnMessage is given each message, without its framing as the Framing
	// defines it. p is valid until it returns and must not be changed.
	OnMessage(c *Conn, p []byte)
	// OnClose is called once for each OnOpen that returned nil, with the
	// cause: that of engine.Handler, or the error of the framing that the
	// peer's bytes caused.
	OnClose(c *Conn, err error)
}

// Conn is a framed connection on its loop.
type Conn struct {
	ec      *engine.Conn
	srv     *Server
	scanned int // bytes that a codec.Scanner need not look at again
	user    any
}

// WriteMessage frames and sends p. What is written inside a callback leaves
// together when the callback ends. It returns the error of the framing for a
// message that it cannot express, engine.ErrClosed after Close, or
// engine.ErrSlowConsumer when the peer left HighWater bytes unread: the
// connection is then being closed. It never blocks.
func (c *Conn) WriteMessage(p []byte) error {
	// Framings add little: what is far larger than p would be a framing of
	// another kind, and costs it an allocation.
	b := c.ec.AvailableBuffer()
	if len(p)+overhead <= cap(b) {
		b, err := c.srv.framing.Append(b, p)
		if err == nil {
			_, err = c.ec.Write(b)
		}
		return err
	}
	big := buffer.Get(len(p) + overhead)
	defer buffer.Put(big)
	var err error
	if big.B, err = c.srv.framing.Append(big.B, p); err == nil {
		_, err = c.ec.Write(big.B)
	}
	return err
}

const overhead = 32

// Close flushes and closes; OnClose is told nil.
func (c *Conn) Close() { c.ec.Close() }

// Abort closes without flushing; OnClose is told err.
func (c *Conn) Abort(err error) { c.ec.Abort(err) }

// Handle returns the name by which other goroutines may use the connection.
func (c *Conn) Handle() Handle { return Handle{c.ec.Handle()} }

// Conn returns the connection below. Writing to it would break the framing.
func (c *Conn) Conn() *engine.Conn { return c.ec }

// RemoteAddr returns the peer's address.
func (c *Conn) RemoteAddr() net.Addr { return c.ec.RemoteAddr() }

// Buffered returns the bytes that wait for the peer to read.
func (c *Conn) Buffered() int { return c.ec.Buffered() }

// SetUser keeps v with the connection.
func (c *Conn) SetUser(v any) { c.user = v }

// User returns what SetUser kept.
func (c *Conn) User() any { return c.user }

// Handle names a framed connection from any goroutine; see engine.Handle.
type Handle struct{ h engine.Handle }

// WriteMessage queues a copy of p as one message. Its errors are those of
// engine.Handle.Write; a message that the framing cannot express is dropped on
// the loop and counted in Stats.Unframed.
func (h Handle) WriteMessage(p []byte) error { return h.h.Mail(0, p) }

// Close closes the connection after what this goroutine wrote before.
func (h Handle) Close() error { return h.h.Close() }

// Post lets fn run on the loop, unless the connection is gone by then.
func (h Handle) Post(fn func(c *Conn)) error {
	return h.h.Post(func(ec *engine.Conn) { fn(ec.User().(*Conn)) })
}

// Server is an engine.Handler that frames. It may serve any number of
// listeners; its own methods may be called from any goroutine, the callbacks
// of engine.Handler are the engine's to call.
type Server struct {
	h       Handler
	framing codec.Framing
	scanner codec.Scanner // framing, when it can resume

	messagesIn, malformed, unframed atomic.Uint64
}

// Stats are counts since the server was made.
type Stats struct {
	MessagesIn uint64
	Malformed  uint64 // connections that were closed for the bytes they sent
	Unframed   uint64 // messages of Handle.WriteMessage that the framing cannot express
}

// NewServer makes a server. The error is that of codec.Validate. A message and
// its framing have to fit in the listener's MaxInbound.
func NewServer(h Handler, f codec.Framing) (*Server, error) {
	if h == nil {
		panic("stream: nil Handler")
	}
	if err := codec.Validate(f); err != nil {
		return nil, fmt.Errorf("stream: %w", err)
	}
	s := &Server{h: h, framing: f}
	s.scanner, _ = f.(codec.Scanner)
	return s, nil
}

// Dial connects with engine.Dial. Framings with a large maximum want a
// MaxInbound to match.
func Dial(ctx context.Context, e *engine.Engine, network, addr string, h Handler, f codec.Framing, o engine.DialOptions) (Handle, error) {
	s, err := NewServer(h, f)
	if err != nil {
		return Handle{}, err
	}
	eh, err := e.Dial(ctx, network, addr, s, o)
	return Handle{eh}, err
}

// Stats reads the counters.
func (s *Server) Stats() Stats {
	return Stats{MessagesIn: s.messagesIn.Load(), Malformed: s.malformed.Load(), Unframed: s.unframed.Load()}
}

// OnOpen tells the application.
func (s *Server) OnOpen(ec *engine.Conn) error {
	c := &Conn{ec: ec, srv: s}
	ec.SetUser(c)
	return s.h.OnOpen(c)
}

// OnData cuts messages.
func (s *Server) OnData(ec *engine.Conn, p []byte) (n int, err error) {
	c := ec.User().(*Conn)
	messages := uint64(0)
	for n < len(p) && !ec.Closing() {
		var msg []byte
		var k int
		if s.scanner != nil {
			msg, k, c.scanned, err = s.scanner.NextFrom(p[n:], c.scanned)
		} else {
			msg, k, err = s.framing.Next(p[n:])
		}
		if err != nil {
			s.malformed.Add(1)
			break
		}
		if k == 0 {
			break
		}
		n += k
		messages++
		s.h.OnMessage(c, msg)
	}
	s.messagesIn.Add(messages)
	return n, err
}

// OnClose tells the application.
func (s *Server) OnClose(ec *engine.Conn, err error) {
	s.h.OnClose(ec.User().(*Conn), err)
}

// OnMail sends for other goroutines.
func (s *Server) OnMail(ec *engine.Conn, _ int, p []byte) {
	err := ec.User().(*Conn).WriteMessage(p)
	if errors.Is(err, codec.ErrTooLong) || errors.Is(err, codec.ErrInvalidMessage) || errors.Is(err, codec.ErrDecodeOnly) {
		s.unframed.Add(1)
	}
}

// Broadcast frames p once and sends it to every connection of the server. Any
// goroutine may call it. The error is that of the framing, or that of
// engine.Engine.Each.
func (s *Server) Broadcast(e *engine.Engine, p []byte) error {
	frame, err := s.framing.Append(nil, p)
	if err != nil {
		return err
	}
	return e.Each(s, delivery(frame))
}

// delivery is a frame on its way to the connections of a server.
type delivery []byte

// Visit is called by the engine on the loops.
func (d delivery) Visit(ec *engine.Conn) { _ = ec.WriteShared(d) }

// Size tells the engine what the delivery holds while it waits.
func (d delivery) Size() int { return len(d) }
