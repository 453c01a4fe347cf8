package websocket

import (
	"encoding/binary"
	"math/rand/v2"
	"net"
	"net/netip"

	"github.com/sockeye-io/sockeye/codec/wsproto"
	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/internal/buffer"
)

// MessageType tells text from binary, with the numbers of RFC 6455 section 11.8.
type MessageType uint8

// The types of a message.
const (
	Text   = MessageType(wsproto.OpText)
	Binary = MessageType(wsproto.OpBinary)
)

// Handler is the application. Its methods run on the connection's loop, one at
// a time, and must not block.
type Handler interface {
	// OnOpen is called after the opening handshake. r lives until it returns;
	// on a dialled connection it is what we sent. An error closes with 1011,
	// without OnClose. To refuse earlier, use Options.Authorize.
	OnOpen(c *Conn, r *Request) error
	// OnMessage is given each message, whole. p is valid until it returns and
	// may be changed.
	OnMessage(c *Conn, t MessageType, p []byte)
	// OnClose is called once for each OnOpen that returned nil. err is always
	// a *CloseError. Writes answer engine.ErrClosed by now.
	OnClose(c *Conn, err error)
}

// Conn is a WebSocket connection on its loop. Only the callbacks of its Handler
// and functions given to Handle.Post may use it; other goroutines have Handle.
type Conn struct {
	ec      *engine.Conn
	ep      *endpoint
	dec     wsproto.Decoder
	msg     *buffer.Buf // the pieces of a message that has not arrived whole
	zip     *deflation  // nil: nothing is compressed
	user    any         // the application's
	scanned int32       // bytes of the handshake's head that were searched
	state   state
	known   bool // to the application: its OnOpen returned nil
	alive   aliveness
	sending fragmenting
}

type state uint8

const (
	stateHandshake state = iota
	stateOpen
	stateClosing // our close frame is sent
	stateClosed  // nothing is read any more
)

// WriteMessage sends one message in one frame, compressed where that was agreed
// and is worth it. What is written inside a callback leaves together when the
// callback ends. It returns engine.ErrClosed after Close, ErrFragmented inside a
// message that WriteFragment has not ended, or engine.ErrSlowConsumer when the
// peer left HighWater bytes unread: the connection is then being closed. It never
// blocks.
func (c *Conn) WriteMessage(t MessageType, p []byte) error {
	if err := c.begin(); err != nil {
		return err
	}
	if c.zip.deflates(len(p)) {
		return c.writeDeflated(wsproto.OpCode(t), p)
	}
	return c.writeFrame(wsproto.OpCode(t), p)
}

// begin says whether a message may be sent, and counts it.
func (c *Conn) begin() error {
	switch {
	case c.state != stateOpen:
		return engine.ErrClosed
	case c.sending != 0:
		return ErrFragmented
	}
	c.ep.stats.messagesOut.Add(1)
	return nil
}

// WritePrepared sends a prepared message. The errors are those of WriteMessage.
func (c *Conn) WritePrepared(m *Prepared) error {
	if c.ep.codec.Client { // every frame has another mask
		return c.WriteMessage(m.t, m.payload())
	}
	if err := c.begin(); err != nil {
		return err
	}
	if c.zip.deflates(len(m.payload())) {
		if frame := m.deflated(c.zip); frame != nil {
			c.zip.sent(m.payload())
			return c.ec.WriteShared(frame)
		}
	}
	return c.ec.WriteShared(m.frame)
}

// Close begins the closing handshake with a code that may be sent (1000, 1001,
// 3000 to 4999 and the like; any other is a bug and panics) or CodeNoStatus for
// an empty close frame. A reason over 123 bytes is cut. OnClose follows when the
// peer has answered, or after CloseTimeout; until then messages that the peer
// sent before still arrive. A second Close does nothing.
func (c *Conn) Close(code int, reason string) {
	if code != CodeNoStatus && (code < 0 || code > 0xffff || !wsproto.ValidCloseCode(wsproto.StatusCode(code))) {
		panic("websocket: close code cannot be sent")
	}
	if c.state != stateOpen {
		return
	}
	c.writeClose(wsproto.StatusCode(code), reason)
	c.state = stateClosing
	c.ec.SetTimer(c.ep.endTime)
}

// CloseSent reports whether a close frame of ours waits for the peer's answer: that of
// Close, or of a Shutdown. No message may follow it.
func (c *Conn) CloseSent() bool { return c.state == stateClosing }

// Abort ends the connection at once, without a close frame. OnClose is told err
// in a *CloseError with CodeAbnormal.
func (c *Conn) Abort(err error) {
	c.state = stateClosed
	c.ec.Abort(err)
}

// Handle returns the name by which other goroutines may use the connection.
func (c *Conn) Handle() Handle { return Handle{c.ec.Handle()} }

// Conn returns the connection below. Writing to it would break the framing; its
// SetUser and SetTimer belong to this package.
func (c *Conn) Conn() *engine.Conn { return c.ec }

// SetUser keeps v with the connection.
func (c *Conn) SetUser(v any) { c.user = v }

// User returns what SetUser kept.
func (c *Conn) User() any { return c.user }

// Compressed reports whether permessage-deflate was agreed.
func (c *Conn) Compressed() bool { return c.zip != nil }

// Buffered returns the bytes that wait for the peer to read.
func (c *Conn) Buffered() int { return c.ec.Buffered() }

// RemoteAddr returns the peer's address.
func (c *Conn) RemoteAddr() net.Addr { return c.ec.RemoteAddr() }

// RemoteAddrPort returns the peer's address without allocating; it is invalid
// for Unix sockets.
func (c *Conn) RemoteAddrPort() netip.AddrPort { return c.ec.RemoteAddrPort() }

func (c *Conn) appendFrame(b []byte, op wsproto.OpCode, p []byte) []byte {
	if !c.ep.codec.Client {
		return wsproto.AppendFrame(b, op, p)
	}
	return wsproto.AppendMaskedFrame(b, op, p, maskingKey())
}

// maskingKey is one that nobody can foresee (RFC 6455 section 5.3): the generator
// of math/rand/v2 is ChaCha8, seeded by the system.
func maskingKey() (key [4]byte) {
	binary.LittleEndian.PutUint32(key[:], rand.Uint32())
	return key
}

// writeFrame writes one frame, put together where it leaves from when it fits
// there.
func (c *Conn) writeFrame(op wsproto.OpCode, p []byte) error {
	b := c.ec.AvailableBuffer()
	if len(p)+wsproto.MaxHeaderSize <= cap(b) {
		_, err := c.ec.Write(c.appendFrame(b, op, p))
		return err
	}
	return c.writePart(wsproto.Header{Fin: true, OpCode: op}, p)
}

// writePart writes any data frame. A payload that is too large to be copied leaves
// from where it is, in one writev with its header.
func (c *Conn) writePart(h wsproto.Header, p []byte) error {
	h.Length = int64(len(p))
	if !c.ep.codec.Client {
		if _, err := c.ec.Write(wsproto.AppendHeader(c.ec.AvailableBuffer(), h)); err != nil {
			return err
		}
		_, err := c.ec.Write(p)
		return err
	}
	h.Masked, h.Mask = true, maskingKey()
	b := buffer.Get(wsproto.MaxHeaderSize + len(p))
	b.B = wsproto.AppendHeader(b.B, h)
	head := len(b.B)
	b.B = append(b.B, p...)
	wsproto.Mask(b.B[head:], h.Mask, 0)
	_, err := c.ec.Write(b.B)
	buffer.Put(b)
	return err
}
