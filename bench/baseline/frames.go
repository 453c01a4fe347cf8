package baseline

import "github.com/sockeye-io/sockeye/codec/wsproto"

// ending is how a connection is over by the protocol, the last words being said. Zero is that it is not.
type ending int

const (
	agreed ending = iota + 1 // the closing handshake is done
	faulty                   // the peer has broken a rule
)

// frames handles all that has been read. An error is that of a write.
func (c *Conn) frames() (ending, error) {
	for {
		ev, n, err := c.dec.Next(c.in.unread())
		if err != nil {
			return faulty, c.fail(err)
		}
		if n == 0 {
			return 0, nil
		}
		c.in.consume(n)
		switch ev.Op {
		case wsproto.OpText, wsproto.OpBinary:
			err = c.piece(&ev)
		case wsproto.OpPing:
			err = c.control(wsproto.OpPong, ev.Payload)
		case wsproto.OpClose:
			return c.closed(ev.Payload)
		}
		if err != nil {
			return 0, err
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
func (c *Conn) closed(payload []byte) (ending, error) {
	code, _, err := wsproto.ParseClose(payload)
	if err != nil {
		return faulty, c.fail(err)
	}
	return agreed, c.goodbye(code, "")
}

func (c *Conn) goodbye(code wsproto.StatusCode, reason string) error {
	return c.control(wsproto.OpClose, wsproto.AppendClose(nil, code, reason))
}
