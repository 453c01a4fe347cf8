package websocket

import (
	"github.com/sockeye-io/sockeye/codec/wsproto"
	"github.com/sockeye-io/sockeye/engine"
)

// Handle names a WebSocket connection from any goroutine. It is a small
// comparable value that never dangles: once the connection is gone every method
// answers engine.ErrClosed. Calls of one goroutine take effect in their order;
// nil means that the call was queued for the loop.
type Handle struct{ h engine.Handle }

// What a mail to a connection means: a message type or, with mailClose, a close
// code. A message type with mailFragment is one fragment, with mailLast the last.
const (
	mailClose = 1 << (16 + iota)
	mailFragment
	mailLast
)

// WriteMessage queues a copy of p as one message. It returns engine.ErrClosed,
// engine.ErrMailboxFull (nothing was queued; the connection stays open) or
// engine.ErrServerClosed.
func (h Handle) WriteMessage(t MessageType, p []byte) error { return h.h.Mail(int(t), p) }

// WriteFragment queues a copy of p as a fragment of a message; see
// Conn.WriteFragment. One goroutine at a time sends the fragments of a message:
// what others write to the connection meanwhile is dropped, and counted. The
// errors are those of WriteMessage.
func (h Handle) WriteFragment(t MessageType, p []byte, last bool) error {
	tag := mailFragment | int(t)
	if last {
		tag |= mailLast
	}
	return h.h.Mail(tag, p)
}

// Ping queues a ping with at most 125 bytes. The errors are those of
// WriteMessage, and ErrControlTooLong.
func (h Handle) Ping(p []byte) error { return h.control(wsproto.OpPing, p) }

// Pong queues a pong with at most 125 bytes; see Conn.Pong. The errors are those
// of Ping.
func (h Handle) Pong(p []byte) error { return h.control(wsproto.OpPong, p) }

func (h Handle) control(op wsproto.OpCode, p []byte) error {
	if len(p) > wsproto.MaxControlPayload {
		return ErrControlTooLong
	}
	return h.h.Mail(int(op), p)
}

// Close begins the closing handshake as Conn.Close does, after what this
// goroutine wrote before. A code that cannot be sent panics. The errors are those
// of WriteMessage: with engine.ErrMailboxFull the connection stays open.
func (h Handle) Close(code int, reason string) error {
	if code != CodeNoStatus && (code < 0 || code > 0xffff || !wsproto.ValidCloseCode(wsproto.StatusCode(code))) {
		panic("websocket: close code cannot be sent")
	}
	return h.h.Mail(mailClose|code, []byte(reason))
}

// Post lets fn run on the loop. fn is dropped when the connection is gone by
// then, or its opening handshake is not done; OnClose tells.
func (h Handle) Post(fn func(c *Conn)) error {
	return h.h.Post(func(ec *engine.Conn) {
		if c, ok := ec.User().(*Conn); ok && c.state != stateHandshake {
			fn(c)
		}
	})
}

// mail does on the loop what a Handle was asked for.
func (c *Conn) mail(tag int, p []byte) {
	var err error
	switch {
	case tag&mailClose != 0:
		c.Close(tag&^mailClose, string(p))
	case tag&mailFragment != 0:
		err = c.WriteFragment(MessageType(tag&0xf), p, tag&mailLast != 0)
	case tag == int(wsproto.OpPing), tag == int(wsproto.OpPong):
		err = c.control(wsproto.OpCode(tag), p)
	default:
		err = c.WriteMessage(MessageType(tag), p)
	}
	if err != nil {
		c.ep.stats.dropped.Add(1)
	}
}
