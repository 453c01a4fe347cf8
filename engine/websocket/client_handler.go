package websocket

import (
	"fmt"
	"sync/atomic"

	"github.com/sockeye-io/sockeye/codec/wsproto"
	"github.com/sockeye-io/sockeye/engine"
)

// dialing is the engine.Handler of one client connection.
type dialing struct {
	ep      *endpoint
	req     *request
	answer  answer
	done    chan error  // the outcome of the handshake, once
	settled atomic.Bool // the outcome is decided: the loop's, or ctx came first
	opening bool        // it is decided, and done waits for what OnOpen returns
}

func newDialing(a *attempt, ep *endpoint) (*dialing, error) {
	req, err := a.request(ep.zip, ep.onFragment != nil)
	if err != nil {
		return nil, err
	}
	return &dialing{ep: ep, req: req, done: make(chan error, 1)}, nil
}

// OnOpen sends the request. How long the answer may take is Dial's to say.
func (d *dialing) OnOpen(ec *engine.Conn) error {
	ec.SetUser(&Conn{ec: ec, ep: d.ep, dec: wsproto.NewDecoder(&d.ep.codec)})
	_, err := ec.Write(d.req.head)
	return err
}

// OnData decodes the answer, then frames.
func (d *dialing) OnData(ec *engine.Conn, p []byte) (int, error) {
	c := ec.User().(*Conn)
	n := 0
	if c.state == stateHandshake {
		r, k, err := d.answer.find(p, d.ep.limits)
		if r == nil && err == nil {
			return k, nil
		}
		if err == nil {
			err = r.CheckUpgrade(&d.req.ClientRequest)
		}
		if err != nil {
			refusal := refused(r, err)
			d.settle(refusal)
			ec.Abort(refusal)
			return len(p), nil
		}
		if !d.settled.CompareAndSwap(false, true) {
			return len(p), nil // the caller has given up
		}
		d.opened(c, r)
		n = k
	}
	return n + c.frames(p[n:]), nil
}

// opened tells the application of the connection, then the caller of Dial.
func (d *dialing) opened(c *Conn, resp *wsproto.Response) {
	r := Request{conn: c, Subprotocol: string(resp.Protocol)}
	head := d.req.head
	if zip := d.req.accepted(resp); zip != nil {
		c.deflated(zip)
	}
	if _, err := r.Parse(head, wsproto.Limits{MaxHead: len(head) + 1, MaxHeaders: 1 << 20}, 0); err != nil {
		panic("websocket: our own request: " + err.Error())
	}
	d.req = nil // held no longer than needed
	d.opening = true
	err := c.open(&r)
	d.opening = false
	d.done <- err
}

func (d *dialing) settle(err error) {
	if d.settled.CompareAndSwap(false, true) {
		d.done <- err
	}
}

// OnClose tells the application, or the caller of Dial.
func (d *dialing) OnClose(ec *engine.Conn, err error) {
	c := ec.User().(*Conn)
	switch {
	case d.opening: // OnOpen did not return: it panicked
		d.done <- fmt.Errorf("websocket: %w", err)
	case c.state == stateHandshake:
		if err == nil {
			err = engine.ErrClosed
		}
		d.settle(fmt.Errorf("websocket: handshake: %w", err))
		d.req.drop()
	}
	c.release(err)
}

// OnTimer asks whether the peer is still there, and ends a close that takes too
// long.
func (d *dialing) OnTimer(ec *engine.Conn) { ec.User().(*Conn).expired() }

// OnWritable tells the application that the peer has read on.
func (d *dialing) OnWritable(ec *engine.Conn) { ec.User().(*Conn).relieved() }

// OnMail sends for other goroutines.
func (d *dialing) OnMail(ec *engine.Conn, tag int, p []byte) { ec.User().(*Conn).mail(tag, p) }

// OnDrain says goodbye.
func (d *dialing) OnDrain(ec *engine.Conn) {
	switch c := ec.User().(*Conn); c.state {
	case stateHandshake:
		d.settle(engine.ErrServerClosed)
		ec.Abort(engine.ErrServerClosed)
	case stateOpen:
		c.Close(CodeGoingAway, "")
	}
}
