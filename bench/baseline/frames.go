package baseline

import "github.com/sockeye-io/sockeye/codec/wsproto"

// frames handles all that has been read. Ended is that the connection is over by the protocol, and the last words are
// said; an error is that of a write.
func (c *Conn) frames() (ended bool, err error) {
	for {
		ev, n, bad := c.dec.Next(c.in.unread())
		if bad != nil {
			return true, c.fail(bad)
		}
		if n == 0 {
			return false, nil
		}
		c.in.consume(n)
		switch ev.Op {
		case wsproto.OpText, wsproto.OpBinary:
			err = c.piece(&ev)
		case wsproto.OpPing:
			err = c.control(wsproto.OpPong, ev.Payload)
		case wsproto.OpClose:
			return true, c.closed(ev.Payload)
		}
		if err != nil {
			return false, err
		}
	}
}

// piece hands a message over: from where it was read when it came whole, else from the front of the buffer.
func (c *Conn) piece(ev *wsproto.Event) error {
	size := len(ev.Payload) // the last bytes that were consumed
	switch {
	case ev.First && ev.Last:
		return c.srv.handle(c, ev.Op, ev.Payload)
	case ev.First:
		c.in.begin(size)
	default:
		c.in.extend(size)
	}
	if ev.Last {
		return c.srv.handle(c, ev.Op, c.in.message())
	}
	return nil
}

// fail answers a violation, RFC 6455 section 7.1.7.
func (c *Conn) fail(err error) error {
	bad := err.(*wsproto.Error)
	return c.goodbye(bad.Code, bad.Reason)
}

// closed answers the peer's close frame, RFC 6455 section 5.5.1.
func (c *Conn) closed(payload []byte) error {
	code, _, err := wsproto.ParseClose(payload)
	if err != nil {
		return c.fail(err)
	}
	return c.goodbye(code, "")
}

func (c *Conn) goodbye(code wsproto.StatusCode, reason string) error {
	return c.control(wsproto.OpClose, wsproto.AppendClose(nil, code, reason))
}
