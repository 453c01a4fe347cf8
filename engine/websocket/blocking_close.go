package websocket

import (
	"errors"
	"io"
	"time"

	"github.com/sockeye-io/sockeye/codec/wsproto"
	"github.com/sockeye-io/sockeye/engine"
)

// Close does the closing handshake: it sends a close frame, as Conn.Close does,
// and waits for the peer's, no longer than CloseTimeout. Messages that the peer
// sent before go to a ReadMessage that is under way, else they are dropped. It
// returns nil after a closing handshake, whoever began it and whatever code the
// peer gave, else the *CloseError that ReadMessage returns too. In every case the
// connection is closed then.
func (c *Client) Close(code int, reason string) error {
	if code != CodeNoStatus && (code < 0 || code > 0xffff || !wsproto.ValidCloseCode(wsproto.StatusCode(code))) {
		panic("websocket: close code cannot be sent")
	}
	ctx, cancel := c.patience()
	defer cancel()
	_ = c.write(ctx, wsproto.OpClose, wsproto.AppendClose(nil, wsproto.StatusCode(code), reason))
	if c.reading.take(ctx) == nil {
		_, _, _ = c.next(ctx, true)
		c.hasRead()
	}
	c.end(&CloseError{Code: CodeAbnormal, Err: ErrCloseTimeout}) // if nothing else has
	err := c.outcome()
	if err.(*CloseError).Err == nil {
		return nil
	}
	return err
}

// CloseNow ends the connection at once, without a close frame. Calls that wait
// return; ReadMessage tells CodeAbnormal and engine.ErrClosed.
func (c *Client) CloseNow() { c.end(&CloseError{Code: CodeAbnormal, Err: engine.ErrClosed}) }

// closed answers the peer's close frame, RFC 6455 section 5.5.1, unless ours was
// the first.
func (c *Client) closed(payload []byte) error {
	code, reason, err := wsproto.ParseClose(payload)
	if err != nil {
		return c.fail(err.(*wsproto.Error))
	}
	return c.part(code, "", &CloseError{Code: int(code), Reason: string(reason)})
}

// fail answers a violation, RFC 6455 section 7.1.7.
func (c *Client) fail(e *wsproto.Error) error {
	return c.part(e.Code, e.Reason, &CloseError{Code: int(e.Code), Reason: e.Reason, Err: e})
}

// part sends the close frame that is the last of the conversation, unless one was
// sent before, and waits a moment until the peer has closed too: a connection
// that is closed over bytes that nobody has read is reset, and that may destroy
// what the peer has not read yet.
func (c *Client) part(code wsproto.StatusCode, reason string, cause *CloseError) error {
	ctx, cancel := c.patience()
	defer cancel()
	if c.writing.take(ctx) == nil { // else a write is stuck
		_ = c.send(ctx, wsproto.Header{OpCode: wsproto.OpClose}, wsproto.AppendClose(nil, code, reason))
		if c.linger > 0 && c.closeWrite() == nil {
			_ = c.nc.SetReadDeadline(time.Now().Add(c.linger))
			_, _ = io.Copy(io.Discard, c.nc)
		}
		c.writing.pass()
	}
	c.end(cause)
	return c.outcome()
}

func (c *Client) closeWrite() error {
	if h, ok := c.nc.(interface{ CloseWrite() error }); ok {
		return h.CloseWrite()
	}
	return errors.ErrUnsupported
}
