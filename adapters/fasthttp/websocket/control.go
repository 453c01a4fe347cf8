package websocket

import (
	"encoding/binary"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// control reads n bytes, the payload of a control frame, and handles it.
func (c *Conn) control(frameType, n int) error {
	if err := c.need(n); err != nil {
		c.early = nil
		return err
	}
	p := c.early[:n:n]
	c.early = c.early[n:]
	if c.isServer {
		wsproto.Mask(p, c.mask, 0)
	}
	r := c.rare.Load()
	switch frameType {
	case PingMessage:
		if r != nil && r.ping != nil {
			return r.ping(string(p))
		}
		c.answer(PongMessage, p)
	case PongMessage:
		if r != nil && r.pong != nil {
			return r.pong(string(p))
		}
	case CloseMessage:
		return c.closeFrame(p, r)
	}
	return nil
}

// answer writes a control frame as well as it can be done in a moment. Nearly always there is room for it in the socket:
// then it takes no deadline, whose timer would need more than the smallest stack. The caller is the one that reads.
func (c *Conn) answer(messageType int, p []byte) {
	out := c.controlFrame(messageType, p)
	if !c.sendAtOnce(out) {
		out.deadline = time.Now().Add(writeWait)
		out.until = out.deadline
		_ = c.send(out)
	}
	out.release()
}

// controlFrame is a control frame that is not sent yet.
//
//go:noinline
func (c *Conn) controlFrame(messageType int, p []byte) *buffer {
	out := borrow(maxHeaderSize + maxControlPayload)
	n := copy(out.b[maxHeaderSize:], p)
	c.frame(out, wsproto.Header{Fin: true, OpCode: wsproto.OpCode(messageType)}, maxHeaderSize+n, nil)
	return out
}

func (c *Conn) closeFrame(p []byte, r *rare) error {
	e := &CloseError{Code: CloseNoStatusReceived}
	switch {
	case len(p) >= 2:
		e.Code, e.Text = int(binary.BigEndian.Uint16(p)), string(p[2:])
	case len(p) == 1:
		// RFC 6455 section 5.5.1: "If there is a body, the first two bytes of the body MUST be a 2-byte unsigned
		// integer".
		return c.refuse(CloseProtocolError, "bad close payload")
	}
	if len(p) > 0 && !validCloseCode(e.Code) {
		return c.refuse(CloseProtocolError, "bad close code "+strconv.Itoa(e.Code))
	}
	if !utf8.ValidString(e.Text) {
		return c.refuse(CloseProtocolError, "invalid utf8 payload in close frame")
	}
	if r != nil && r.closed != nil {
		if err := r.closed(e.Code, e.Text); err != nil {
			return err
		}
	} else {
		c.answer(CloseMessage, FormatCloseMessage(e.Code, ""))
	}
	return e
}

// validCloseCode leaves out 1014, which was registered later than this API was made.
func validCloseCode(code int) bool {
	return code != 1014 && code <= 4999 && wsproto.ValidCloseCode(wsproto.StatusCode(code))
}

// SetPingHandler sets what is called with the payload of a ping; nil means to answer with a pong. It is called by the
// goroutine that reads, and reading ends with its error.
func (c *Conn) SetPingHandler(h func(appData string) error) {
	if c != nil && (h != nil || c.rare.Load() != nil) {
		c.more().ping = h
	}
}

// PingHandler returns what is called for a ping.
func (c *Conn) PingHandler() func(appData string) error {
	if c == nil {
		return nil
	}
	if r := c.rare.Load(); r != nil && r.ping != nil {
		return r.ping
	}
	return func(appData string) error {
		_ = c.WriteControl(PongMessage, []byte(appData), time.Now().Add(writeWait))
		return nil
	}
}

// SetPongHandler sets what is called with the payload of a pong; nil means nothing. It is called by the goroutine that
// reads, and reading ends with its error.
func (c *Conn) SetPongHandler(h func(appData string) error) {
	if c != nil && (h != nil || c.rare.Load() != nil) {
		c.more().pong = h
	}
}

// PongHandler returns what is called for a pong.
func (c *Conn) PongHandler() func(appData string) error {
	if c == nil {
		return nil
	}
	if r := c.rare.Load(); r != nil && r.pong != nil {
		return r.pong
	}
	return func(string) error { return nil }
}

// SetCloseHandler sets what is called for the close frame of the peer, with CloseNoStatusReceived when that is empty; nil
// means to answer with a close frame of the same code. It is called by the goroutine that reads. Reading ends
// with its error, or with a *CloseError.
func (c *Conn) SetCloseHandler(h func(code int, text string) error) {
	if c != nil && (h != nil || c.rare.Load() != nil) {
		c.more().closed = h
	}
}

// CloseHandler returns what is called for a close frame.
func (c *Conn) CloseHandler() func(code int, text string) error {
	if c == nil {
		return nil
	}
	if r := c.rare.Load(); r != nil && r.closed != nil {
		return r.closed
	}
	return func(code int, _ string) error {
		_ = c.WriteControl(CloseMessage, FormatCloseMessage(code, ""), time.Now().Add(writeWait))
		return nil
	}
}
