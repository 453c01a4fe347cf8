package main

import (
	"bytes"
	"net/netip"

	"github.com/sockeye-io/sockeye/engine"
)

// The handlers of raw connections and datagrams. Bytes are taken as they come.

// quiet is the part of a handler that most leave empty.
type quiet struct{}

func (quiet) OnOpen(*engine.Conn) error   { return nil }
func (quiet) OnClose(*engine.Conn, error) {}

// rawEcho sends everything back.
type rawEcho struct{ quiet }

func (rawEcho) OnData(c *engine.Conn, p []byte) (int, error) {
	_, _ = c.Write(p) // a connection that fails is closed by the engine
	return len(p), nil
}

func (rawEcho) OnPacket(pc *engine.PacketConn, p []byte, from netip.AddrPort) {
	_ = pc.WriteTo(p, from)
}

// rawGreet answers the first read, as the TCP server of the course notes does
// with its buffer of 1024 bytes, and closes.
type rawGreet struct{ quiet }

const (
	greeting    = "Thanks! Got your message:"
	greetBuffer = 1024
)

func (rawGreet) OnData(c *engine.Conn, p []byte) (int, error) {
	_, _ = c.Write(greet(p[:min(len(p), greetBuffer)]))
	c.Close()
	return len(p), nil
}

func (rawGreet) OnPacket(pc *engine.PacketConn, p []byte, from netip.AddrPort) {
	_ = pc.WriteTo(greet(p[:min(len(p), greetBuffer)]), from)
}

// greet is one write: on a unixpacket socket it must be one packet.
func greet(p []byte) []byte { return append([]byte(greeting), p...) }

// rawBroadcast sends what one connection sends to all connections of its
// listener.
type rawBroadcast struct {
	quiet
	name string // not empty: engine.Each compares handlers, and pointers to nothing may be equal
}

func (b *rawBroadcast) OnData(c *engine.Conn, p []byte) (int, error) {
	m := bytes.Clone(p)
	// The sender has its copy at once: it may have said all it wanted, and be
	// gone before the loops come to it.
	_, _ = c.Write(m)
	_ = c.Engine().Each(b, passOn{m, c}) // a loop that cannot keep up misses it: counted
	return len(p), nil
}

// passOn gives bytes to all but one.
type passOn struct {
	p    []byte
	from *engine.Conn
}

func (o passOn) Visit(c *engine.Conn) {
	if c != o.from {
		_ = c.WriteShared(o.p)
	}
}

// Size counts against the engine's MailboxBytes.
func (o passOn) Size() int { return len(o.p) }

// rawDiscard drops everything.
type rawDiscard struct{ quiet }

func (rawDiscard) OnData(_ *engine.Conn, p []byte) (int, error) { return len(p), nil }

func (rawDiscard) OnPacket(*engine.PacketConn, []byte, netip.AddrPort) {}
