package websocket

import (
	"net"
	"net/netip"
	"unique"
)

// addrs are the addresses of a connection whose net.Conn is gone: in 40 bytes, and
// without what a net.Addr points to, where they are those of TCP.
type addrs struct {
	here  unique.Handle[netip.AddrPort] // of many connections
	there [16]byte
	other *[2]net.Addr // nil: both are of TCP, and have no zone
	port  uint16
}

func (a *addrs) set(nc net.Conn) {
	l, lok := nc.LocalAddr().(*net.TCPAddr)
	r, rok := nc.RemoteAddr().(*net.TCPAddr)
	if !lok || !rok || !l.AddrPort().IsValid() || !r.AddrPort().IsValid() || r.Zone != "" {
		a.other = &[2]net.Addr{nc.LocalAddr(), nc.RemoteAddr()}
		return
	}
	a.here = unique.Make(l.AddrPort())
	a.there, a.port = r.AddrPort().Addr().As16(), uint16(r.Port)
}

func (a *addrs) local() net.Addr {
	if a.other != nil {
		return a.other[0]
	}
	return net.TCPAddrFromAddrPort(a.here.Value())
}

func (a *addrs) remote() net.Addr {
	if a.other != nil {
		return a.other[1]
	}
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.AddrFrom16(a.there).Unmap(), a.port))
}
