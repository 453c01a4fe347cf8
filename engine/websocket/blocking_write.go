package websocket

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/sockeye-io/sockeye/codec/wsproto"
	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/internal/buffer"
)

// WriteMessage sends one message in one frame, compressed where that was agreed
// and is worth it, and returns when the kernel has taken it. p is not changed. It
// returns engine.ErrClosed when a close frame was sent, the connection has ended
// or an earlier write has failed; ReadMessage tells how. When ctx ends before it
// was this message's turn it returns the cause; when in the midst of it, that ends
// the connection, for half a frame cannot be taken back.
func (c *Client) WriteMessage(ctx context.Context, t MessageType, p []byte) error {
	if err := c.writing.take(ctx); err != nil {
		return fmt.Errorf("websocket: write: %w", err)
	}
	defer c.written()
	h := wsproto.Header{OpCode: wsproto.OpCode(t)}
	if !c.zip.deflates(len(p)) || !c.open() {
		return c.send(ctx, h, p)
	}
	z := c.zip.deflate(p, true)
	defer buffer.Put(z)
	if !c.zip.worth(len(z.B), len(p)) {
		return c.send(ctx, h, p)
	}
	c.zip.sent(p)
	h.Rsv = rsvDeflated
	return c.send(ctx, h, z.B)
}

// open tells that messages may be sent.
func (c *Client) open() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.closing
}

// Ping sends a ping and waits for its pong, which another goroutine's
// ReadMessage has to meet. It returns nil, the cause of ctx, what ended the
// connection, or the errors of WriteMessage.
func (c *Client) Ping(ctx context.Context) error {
	answered := make(chan struct{})
	c.mu.Lock()
	c.pings++
	id := c.pings
	c.waiting[id] = answered
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		delete(c.waiting, id)
		c.mu.Unlock()
	}()
	if err := c.write(ctx, wsproto.OpPing, binary.BigEndian.AppendUint64(nil, id)); err != nil {
		return err
	}
	select {
	case <-answered:
		return nil
	case <-c.over:
		return c.outcome()
	case <-ctx.Done():
		return fmt.Errorf("websocket: ping: %w", context.Cause(ctx))
	}
}

func (c *Client) write(ctx context.Context, op wsproto.OpCode, p []byte) error {
	if err := c.writing.take(ctx); err != nil {
		return fmt.Errorf("websocket: write: %w", err)
	}
	defer c.written()
	return c.send(ctx, wsproto.Header{OpCode: op}, p)
}

// written passes the turn to write on, and answers the ping that the reader has
// met in the meantime.
func (c *Client) written() {
	for {
		c.answerPing()
		c.writing.pass()
		c.mu.Lock()
		owed := c.pong != nil && !c.closing
		c.mu.Unlock()
		if !owed || !c.writing.try() {
			c.tidy()
			return
		}
	}
}

// answerPing sends the pong that is owed, if one is. A peer that leaves no room
// for it for CloseTimeout is as good as gone. The ctx of the call that happens to
// send it does not count: its end would end the connection.
func (c *Client) answerPing() {
	c.mu.Lock()
	p := c.pong
	c.pong = nil
	c.mu.Unlock()
	if p != nil {
		ctx, cancel := c.patience()
		defer cancel()
		_ = c.send(ctx, wsproto.Header{OpCode: wsproto.OpPong}, p)
	}
}

// patience ends after CloseTimeout.
func (c *Client) patience() (context.Context, context.CancelFunc) {
	if c.endTime <= 0 {
		return context.Background(), func() {}
	}
	return context.WithTimeoutCause(context.Background(), c.endTime, ErrCloseTimeout)
}

// send writes one frame, the last of its message. The caller has the turn to write.
func (c *Client) send(ctx context.Context, h wsproto.Header, p []byte) error {
	c.mu.Lock()
	closing := c.closing
	c.closing = closing || h.OpCode == wsproto.OpClose
	c.mu.Unlock()
	if closing {
		return engine.ErrClosed
	}
	b := buffer.Get(len(p) + wsproto.MaxHeaderSize)
	defer buffer.Put(b)
	h.Fin, h.Masked, h.Mask, h.Length = true, true, maskingKey(), int64(len(p))
	b.B = wsproto.AppendHeader(b.B, h)
	head := len(b.B)
	b.B = append(b.B, p...)
	wsproto.Mask(b.B[head:], h.Mask, 0)
	undo := interruptible(ctx, c.nc.SetWriteDeadline)
	_, err := c.nc.Write(b.B)
	undo()
	if err == nil {
		return nil
	}
	if ctx.Err() != nil && isTimeout(err) {
		err = context.Cause(ctx)
	}
	cause := &CloseError{Code: CodeAbnormal, Err: err}
	if h.OpCode == wsproto.OpClose || errors.Is(err, syscall.EPIPE) || errors.Is(err, syscall.ECONNRESET) {
		c.wentWrong(cause)
	} else {
		c.end(cause)
	}
	return fmt.Errorf("websocket: write: %w", err)
}

// wentWrong ends what is sent, not what is received: a server that has gone may
// have said why, and that may still have to be read.
func (c *Client) wentWrong(cause *CloseError) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closing = true
	if c.unsent == nil {
		c.unsent = cause
	}
}

func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
