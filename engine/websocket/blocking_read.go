package websocket

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net"
	"syscall"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"github.com/sockeye-io/sockeye/codec/wsproto"
	"github.com/sockeye-io/sockeye/engine/internal/buffer"
)

// The read buffer grows from the one to the other when reads fill it.
const (
	minRead = 4 << 10
	maxRead = 64 << 10
)

// ReadMessage waits for the next message. p is the caller's. When ctx ends first
// it returns the cause of ctx and nothing is lost: the next call goes on where
// this one was. Once the connection has ended the error is always the same
// *CloseError.
func (c *Client) ReadMessage(ctx context.Context) (t MessageType, p []byte, err error) {
	if err := c.reading.take(ctx); err != nil {
		return 0, nil, fmt.Errorf("websocket: read: %w", err)
	}
	defer c.hasRead()
	return c.next(ctx, false)
}

// hasRead passes the turn to read on.
func (c *Client) hasRead() {
	c.reading.pass()
	c.tidy()
}

// next reads up to the end of a message, or of the connection when messages are
// dropped. The caller has the turn to read.
func (c *Client) next(ctx context.Context, drop bool) (t MessageType, p []byte, err error) {
	undo := func() {}
	defer func() { undo() }()
	for waits := false; ; {
		if err := c.outcome(); err != nil {
			return 0, nil, err
		}
		ev, n, bad := c.dec.Next(c.in)
		if bad != nil {
			return 0, nil, c.fail(bad.(*wsproto.Error))
		}
		c.in = c.in[n:]
		if n == 0 {
			if !waits {
				undo, waits = interruptible(ctx, c.nc.SetReadDeadline), true
			}
			if err := c.fill(); err != nil {
				if ctx.Err() != nil && isTimeout(err) {
					return 0, nil, fmt.Errorf("websocket: read: %w", context.Cause(ctx))
				}
				c.end(c.lost(err))
			}
			continue
		}
		switch ev.Op {
		case wsproto.OpText, wsproto.OpBinary:
			if drop {
				c.msg = nil
				continue
			}
			c.msg = append(c.msg, ev.Payload...) // grows with what arrives, not with what was announced
			if ev.Last {
				p, c.msg = c.msg, nil
				if c.dec.Compressed() {
					p, err = c.inflate(ev.Op, p)
				}
				return MessageType(ev.Op), p, err
			}
		case wsproto.OpPing:
			c.pinged(ev.Payload)
		case wsproto.OpPong:
			c.ponged(ev.Payload)
		case wsproto.OpClose:
			return 0, nil, c.closed(ev.Payload)
		}
	}
}

// inflate makes a compressed message readable, or ends the connection.
func (c *Client) inflate(op wsproto.OpCode, p []byte) ([]byte, error) {
	packed := buffer.Get(len(p) + len(wsproto.DeflateTail))
	limit := c.codec.MaxMessage
	switch {
	case limit == 0:
		limit = wsproto.DefaultMaxMessage
	case limit < 0:
		limit = math.MaxInt64
	}
	msg, err := c.zip.inflate(buffer.Append(packed, p), limit)
	if err != nil {
		var bad *wsproto.Error
		if !errors.As(err, &bad) {
			panic("websocket: inflate: " + err.Error())
		}
		return nil, c.fail(bad)
	}
	defer buffer.Put(msg)
	if op == wsproto.OpText && !c.codec.SkipUTF8 && !utf8.Valid(msg.B) {
		return nil, c.fail(wsproto.ErrInvalidUTF8)
	}
	return append([]byte(nil), msg.B...), nil
}

// fill reads once. What was not decoded is a header or a control frame at most.
func (c *Client) fill() error {
	to := c.buf
	if c.full && len(to) < maxRead {
		to = make([]byte, 4*len(to))
	}
	have := copy(to, c.in)
	n, err := c.nc.Read(to[have:])
	c.buf, c.in = to, to[:have+n]
	c.full = have+n == len(to)
	if n > 0 {
		return nil // an error comes again
	}
	return err
}

// lost is how the connection ended whose reading came to err. The error of a
// write was there before, and a reset is told once.
func (c *Client) lost(err error) *CloseError {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.unsent != nil {
		return c.unsent
	}
	return &CloseError{Code: CodeAbnormal, Err: err}
}

// pinged answers a ping. RFC 6455 5.5.3: who has not answered a ping yet "MAY
// elect to send a Pong frame for only the most recently processed Ping frame". So
// while another goroutine writes, or there is no room, the reader does not wait
// for that, as the peer may wait for the reader.
func (c *Client) pinged(p []byte) {
	c.mu.Lock()
	c.pong = append(make([]byte, 0, wsproto.MaxControlPayload), p...)
	c.mu.Unlock()
	switch {
	case !c.writing.try():
	case hasRoom(bare(c.nc)):
		c.written()
	default:
		go c.written() // ends with the connection at the latest
	}
}

// hasRoom reports that a control frame can be written without waiting.
func hasRoom(nc net.Conn) (room bool) {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return false
	}
	rc, err := sc.SyscallConn()
	if err != nil {
		return false
	}
	err = rc.Control(func(fd uintptr) {
		p := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
		n, err := unix.Poll(p, 0)
		room = n > 0 && err == nil // an error too: the write tells it
	})
	return room && err == nil
}

// ponged lets those know who wait for this pong, or for one to an earlier ping.
func (c *Client) ponged(p []byte) {
	if len(p) != 8 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	last := binary.BigEndian.Uint64(p)
	if last > c.pings { // RFC 6455 5.5.3: "A Pong frame MAY be sent unsolicited."
		return
	}
	for id, answered := range c.waiting {
		if id <= last {
			close(answered)
			delete(c.waiting, id)
		}
	}
}
