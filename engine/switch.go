package engine

import (
	"io"
	"reflect"
)

// SetHandler lets another handler go on with the connection, under other options,
// because the protocol changes: STARTTLS, an upgrade of HTTP. h's OnOpen is called
// before SetHandler returns, and from then on h has the connection, its OnClose
// included; the handler so far hears no more of it. What is received and not
// consumed, after what a running OnData is going to answer, goes to h when the
// running callback has returned, without waiting for more.
//
// What was written is sent, and writes go on in order. A timer is cancelled. User
// is kept until h sets it. Handles are kept too: what other goroutines have written
// or mailed for the handler so far may still come, and is h's. If the peer's FIN
// has come h hears of it, as EOFHandler says.
//
// h and o may be the same as before. It allocates nothing where h is a pointer and
// few pairs of h and o are in use.
//
// Errors: ErrClosed, that of bad Options, or ErrServerClosed while the engine is
// shutting down: the handler stays then, and nothing has changed. When OnOpen
// returns an error that is returned, or when it panics a *PanicError: the handler
// so far has the connection again, which is being closed with that error.
func (c *Conn) SetHandler(h Handler, o Options) error {
	if c.Closing() {
		return ErrClosed
	}
	l := c.loop
	if l.draining() {
		return ErrServerClosed
	}
	svc, err := l.made.find(h, o)
	if err != nil {
		return err
	}
	return l.switchTo(c, svc)
}

func (l *loop) switchTo(c *Conn, svc *service) error {
	old, user := c.svc, c.user
	l.adjust(c, svc)
	if err := l.callOpen(c); err != nil {
		if c.svc == svc { // OnOpen has not gone on to a third
			l.adjust(c, old)
			c.user = user
		}
		l.fail(c, err)
		return err
	}
	l.stats.switched.Add(1)
	c.flags |= flagSwitched
	l.touch(c)
	return nil
}

// adjust lets everything that depends on the service be as svc has it.
func (l *loop) adjust(c *Conn, svc *service) {
	c.svc = svc
	if c.flags.has(flagClosing) {
		return
	}
	c.flags &^= flagTimer | flagOver | flagBusy
	c.active = l.now
	l.waits(c)
	l.reschedule(c)
}

// switched gives the new handler of c what the old one left.
func (l *loop) switched(c *Conn) {
	c.flags &^= flagSwitched
	if c.in != nil && !c.flags.has(flagClosing) {
		l.enter(c)
		l.consume(c, nil)
		l.settle(c)
	}
	switch {
	case !c.flags.has(flagEOF) || c.flags.has(flagClosing|flagSwitched):
	case c.svc.onEOF == nil:
		l.beginClose(c, io.EOF)
	default:
		l.enter(c)
		l.call(c, callEOF)
		l.settle(c)
	}
}

// draining tells whether nothing new is taken.
func (l *loop) draining() bool {
	if l.engine == nil {
		return l.goodbye
	}
	select {
	case <-l.engine.draining:
		return true
	default:
		return false
	}
}

// services are those that SetHandler has made last, so that connections which
// switch to the same share one. Handlers that are made for one connection push them
// out.
type services struct {
	made [8]switchedTo
	next int
}

type switchedTo struct {
	h   Handler
	o   Options
	svc *service
}

func (s *services) find(h Handler, o Options) (*service, error) {
	same := h != nil && reflect.TypeOf(h).Kind() == reflect.Pointer // others may panic when they are compared
	if same {
		for i := range s.made {
			if m := &s.made[i]; m.o == o && m.h == h {
				return m.svc, nil
			}
		}
	}
	svc, err := newService(h, o)
	if err == nil && same {
		s.made[s.next] = switchedTo{h, o, svc}
		s.next = (s.next + 1) % len(s.made)
	}
	return svc, err
}
