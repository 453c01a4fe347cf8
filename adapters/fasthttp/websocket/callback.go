package websocket

import (
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/internal/reactor"
	"github.com/sockeye-io/sockeye/codec/wsproto"
	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// events is what a connection on a loop has besides. It is made by OnMessage and
// OnClose; the loop has it once the connection is handed over.
type events struct {
	onMessage func(c *Conn, messageType int, p []byte)
	onClose   func(c *Conn, err error)

	// What follows is set when the connection is handed over.
	h        engine.Handle
	deadline atomic.Pointer[deadline] // nil until one is set
	addrs

	// Under the lock for writing:
	queue *queue // what is written while the loop is elsewhere; nil: nothing
	turn  *turn  // what is written while the loop is in a callback; nil: it is not
}

// post lets fn run on the loop.
func (ev *events) post(fn func(wc *websocket.Conn)) error {
	return ended(ev.h.Post(func(ec *engine.Conn) { fn(ec.User().(*websocket.Conn)) }))
}

// OnMessage lets f have every message, on a loop of the engine, and frees the
// goroutine of the connection: f must not block, and p is valid until it returns. The
// loop takes over when the handler that was given to FastHTTPUpgrader.Upgrade
// returns, at once for a connection of Upgrader.Upgrade; from then on
//
//   - reading fails with an error, and never blocks,
//   - writing never blocks: what the peer does not read waits, and a peer that leaves
//     a MiB unread is given up,
//   - pings and close frames are answered without anybody reading,
//   - a message has at most 16 MiB unless SetReadLimit says otherwise,
//   - a deadline for reading closes the connection when it passes.
//
// What was not read of a message before is left out, and waited for, as by NextReader. It
// fails on a connection that is closed, while somebody reads, and on one of a Dialer. A
// second call changes f for the messages after those that wait in the loop. A callback
// must not call it for another connection that is not on a loop yet: that waits for a
// loop, perhaps for this one.
func (c *Conn) OnMessage(f func(c *Conn, messageType int, p []byte)) error {
	if c == nil {
		return ErrNilConn
	}
	if f == nil {
		f = func(*Conn, int, []byte) {}
	}
	return c.register(func(ev *events) { ev.onMessage = f })
}

// OnClose lets f know how the connection ended, once: a *CloseError when the peer
// closed it or has gone, ErrReadLimit, or what else there was. It runs on the loop
// that OnMessage brought the connection to, or where OnMessage takes effect when that
// fails. It is not called for a connection that has no OnMessage. It should be called
// before OnMessage. It fails, and f is not called, when the connection has ended.
func (c *Conn) OnClose(f func(c *Conn, err error)) error {
	if c == nil {
		return ErrNilConn
	}
	return c.register(func(ev *events) { ev.onClose = f })
}

// register changes what the loop calls, and hands the connection over when it is time.
func (c *Conn) register(set func(*events)) error {
	switch nc := c.conn().(type) {
	case nil:
		return ErrNilNetConn
	case loopConn:
		return nc.post(func(*websocket.Conn) { set(nc.events) })
	}
	if !c.isServer {
		return errDialed
	}
	if c.events == nil {
		c.events = &events{}
	}
	set(c.events)
	if c.deferred || c.events.onMessage == nil {
		return nil
	}
	_, err := c.handOver(false)
	return err
}

var errDialed = errors.New("websocket: OnMessage is for connections of a server: see package engine/websocket for the others")

// ended says what the engine says in the words of package net.
func ended(err error) error {
	if errors.Is(err, engine.ErrClosed) || errors.Is(err, engine.ErrServerClosed) {
		return net.ErrClosed
	}
	return err
}

// handOver brings the connection to its loop. What others write meanwhile waits.
// When wait is asked for, gone tells of its end. An error has closed the connection
// and was told to OnClose.
func (c *Conn) handOver(wait bool) (gone chan struct{}, err error) {
	ev := c.events
	if wait {
		gone = make(chan struct{})
		c.more().gone = gone
	}
	defer func() {
		if err != nil {
			_ = c.Close()
			if ev.onClose != nil {
				ev.onClose(c, err)
			}
		}
	}()
	if c.counts.is.Load()&isReading != 0 {
		return nil, errReading
	}
	c.finish()
	// OnOpen gives the lock back, since Adopt waits for messages that came early too.
	c.lock.lock(time.Time{})
	defer func() {
		if _, landed := c.conn().(loopConn); !landed {
			c.lock.unlock()
		}
	}()
	if err = c.lock.failed(); err == ErrCloseSent {
		c.said, err = true, nil // the peer's answer is still to come
	}
	if err == nil {
		err = c.readErr
	}
	if err != nil {
		return nil, err
	}
	early := append([]byte(nil), c.early...)
	c.dropBuffer()
	c.readErr = errOnLoop
	nc := c.conn()
	ev.addrs.set(nc)
	s := onLoop{}.server(c)
	u := websocket.Upgraded{Subprotocol: c.subprotocol, User: c}
	if c.deflated {
		u.Deflate = &wsproto.Deflate{ServerNoTakeover: true, ClientNoTakeover: true}
	}
	if held, ok := nc.(reactor.Held); ok {
		_, err = held.Adopt(s, early, u)
	} else {
		var e *engine.Engine
		if e, err = reactor.Engine(); err == nil {
			_, err = s.Adopt(e, nc, early, u)
		}
	}
	return gone, err
}

var (
	errOnLoop  = errors.New("websocket: the connection is read by a loop")
	errReading = errors.New("websocket: OnMessage while the connection is read")
)

// The servers behind all connections on loops.
var (
	plainServer   = websocket.NewServer(onLoop{}, websocket.Options{})
	deflateServer = websocket.NewServer(onLoop{}, websocket.Options{Compression: &websocket.Compression{}})
)

// onLoop is what the loops call.
type onLoop struct{}

func (onLoop) server(c *Conn) *websocket.Server {
	if c.deflated {
		return deflateServer
	}
	return plainServer
}

// OnOpen makes the loop the place where everything goes, under the lock for writing
// that the goroutine which hands the connection over has taken.
func (h onLoop) OnOpen(wc *websocket.Conn, _ *websocket.Request) error {
	c := wc.User().(*Conn)
	ev := c.events
	ev.h = wc.Conn().Handle()
	if c.readLimit > 0 {
		wc.SetReadLimit(c.readLimit)
	}
	reactor.Settle(wc.Conn().Engine(), h.server(c))
	c.land()
	c.reading = nil
	c.landed = true
	c.below.Store(&onALoop)
	// Whoever changed the connection before may not have seen that it is another.
	if t := c.readDeadline(); !t.IsZero() {
		ev.setReadDeadline(t)
	}
	if c.counts.is.Load()&isClosed != 0 {
		wc.Conn().Close()
	}
	c.lock.unlock()
	return nil
}

// turn is a callback that runs.
type turn struct {
	frames  []byte
	closing *CloseError // the close frame that follows them; nil for none
}

var turns = sync.Pool{New: func() any { return new(turn) }}

// enter begins a callback. What anybody has written before goes out; what is written
// until exit is kept, and goes out before whatever the loop does next: a close frame that
// came in one read with a message is not answered before the message is.
func (c *Conn) enter(wc *websocket.Conn) {
	c.lock.lock(time.Time{})
	defer c.lock.unlock()
	c.fetch(wc)
	c.events.turn = turns.Get().(*turn)
	c.events.turn.frames = wc.Conn().AvailableBuffer()
}

// exit ends it, also when it panics.
func (c *Conn) exit(wc *websocket.Conn) {
	c.lock.lock(time.Time{})
	defer c.lock.unlock()
	t := c.events.turn
	c.events.turn = nil
	if len(t.frames) > 0 {
		_, _ = wc.Conn().Write(t.frames) // an error has ended the connection, and is counted there
	}
	if t.closing != nil {
		wc.Close(t.closing.Code, t.closing.Text)
	}
	*t = turn{}
	turns.Put(t)
}

// OnMessage is the application's turn.
func (onLoop) OnMessage(wc *websocket.Conn, t websocket.MessageType, p []byte) {
	c := wc.User().(*Conn)
	c.enter(wc)
	defer c.exit(wc)
	c.events.onMessage(c, int(t), p)
}

// OnPing answers, or lets the application answer.
func (onLoop) OnPing(wc *websocket.Conn, p []byte) {
	c := wc.User().(*Conn)
	r := c.rare.Load()
	if r == nil || r.ping == nil {
		_ = wc.Pong(p) // an error has ended the connection: OnClose follows
		return
	}
	c.handle(wc, func() error { return r.ping(string(p)) })
}

// OnPong tells the application.
func (onLoop) OnPong(wc *websocket.Conn, p []byte) {
	c := wc.User().(*Conn)
	if r := c.rare.Load(); r != nil && r.pong != nil {
		c.handle(wc, func() error { return r.pong(string(p)) })
	}
}

// OnCloseFrame lets the application answer otherwise than with the peer's code.
func (onLoop) OnCloseFrame(wc *websocket.Conn, code int, reason string) {
	c := wc.User().(*Conn)
	if r := c.rare.Load(); r != nil && r.closed != nil {
		c.handle(wc, func() error { return r.closed(code, reason) })
	}
	if c.said { // this is the answer
		wc.Conn().CloseWithError(&CloseError{Code: code, Text: reason})
	}
}

// handle calls a handler whose error ends the connection, after what it has written.
func (c *Conn) handle(wc *websocket.Conn, f func() error) {
	if err := c.within(wc, f); err != nil {
		wc.Conn().CloseWithError(err)
	}
}

func (c *Conn) within(wc *websocket.Conn, f func() error) error {
	c.enter(wc)
	defer c.exit(wc)
	return f()
}

// OnClose tells the application, in the words of the package.
func (h onLoop) OnClose(wc *websocket.Conn, err error) {
	c := wc.User().(*Conn)
	ev := c.events
	reactor.Unsettle(wc.Conn().Engine(), h.server(c))
	reactor.Callback.End()
	c.lock.lock(time.Time{})
	ev.dequeue() // in vain
	c.lock.unlock()
	ev.end()
	if r := c.rare.Load(); r != nil && r.gone != nil {
		defer close(r.gone)
	}
	if ev.onClose != nil {
		ev.onClose(c, translated(err))
	}
}

// translated is how a connection ended, as the methods for reading would tell it.
func translated(err error) error {
	var ce *websocket.CloseError
	if !errors.As(err, &ce) {
		return err
	}
	var bad *wsproto.Error
	switch {
	case ce.Err == nil:
		return &CloseError{Code: ce.Code, Text: ce.Reason}
	case ce.Code == CloseMessageTooBig:
		return ErrReadLimit
	case errors.Is(ce.Err, io.EOF):
		return errUnexpectedEOF
	case errors.As(ce.Err, &bad):
		return errors.New("websocket: " + bad.Error())
	}
	return ended(ce.Err)
}
