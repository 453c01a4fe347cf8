package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime/debug"
)

// PacketConn is the socket of a udp listener. Its methods may be called from
// any goroutine.
type PacketConn struct {
	e    *Engine
	conn *net.UDPConn
}

// WriteTo sends p as one datagram. An error means that it was not sent, and is
// counted in Stats.PacketsDropped. Nothing is queued.
func (pc *PacketConn) WriteTo(p []byte, to netip.AddrPort) error {
	_, err := pc.conn.WriteToUDPAddrPort(p, to)
	if err != nil {
		pc.e.packetsDropped.Add(1)
	}
	return err
}

// LocalAddr returns the bound address.
func (pc *PacketConn) LocalAddr() net.Addr { return pc.conn.LocalAddr() }

// maxDatagram is more than UDP can carry.
const maxDatagram = 64 << 10

// listenPacket serves UDP with a goroutine of our own rather than with gnet's
// listener: that one allocates a connection for every datagram, gives each loop
// another port when asked for port 0, and takes half a second to stop.
func (e *Engine) listenPacket(lc net.ListenConfig, network, addr string, h Handler) (*Listener, error) {
	ph, ok := h.(PacketHandler)
	if !ok {
		return nil, fmt.Errorf("engine: listen %s: %T has no OnPacket", network, h)
	}
	c, err := lc.ListenPacket(context.Background(), network, addr)
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	pc := &PacketConn{e, c.(*net.UDPConn)}
	l := &Listener{e: e, packet: pc, closed: make(chan struct{}), done: make(chan struct{})}
	return l, e.add(l, func() { l.receive(ph) })
}

func (l *Listener) receive(h PacketHandler) {
	buf := make([]byte, maxDatagram)
	for {
		n, from, err := l.packet.conn.ReadFromUDPAddrPort(buf)
		switch {
		case err == nil:
			l.e.packets.Add(1)
			l.callPacket(h, buf[:n], from)
		case errors.Is(err, net.ErrClosed):
			return
		default: // of one datagram, or passing
			l.e.acceptErrors.Add(1)
			if !l.sleep(minPause) {
				return
			}
		}
	}
}

func (l *Listener) callPacket(h PacketHandler, p []byte, from netip.AddrPort) {
	defer func() {
		if v := recover(); v != nil {
			l.e.panics.Add(1)
			l.e.cfg.Logger.Error("engine: handler panic", "addr", l.Addr().String(), "panic", v, "stack", string(debug.Stack()))
		}
	}()
	h.OnPacket(l.packet, p, from)
}
