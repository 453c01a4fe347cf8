package fasthttp

import (
	"crypto/tls"
	"net"
	"time"
)

// secured is what fasthttp looks for in a net.Conn to know of TLS.
type secured interface {
	Handshake() error
	ConnectionState() tls.ConnectionState
}

// secure is a conn over TLS, as fasthttp and the application see it.
type secure struct {
	*conn
	secured
}

// Handshake is done when the first request is there.
func (s *secure) Handshake() error { return nil }

// face is the net.Conn that fasthttp is given.
func (c *conn) face() net.Conn {
	if c.other != nil && c.other.tls != nil {
		return c.other.tls
	}
	return c
}

func connOf(nc net.Conn) *conn {
	if c, ok := nc.(*conn); ok {
		return c
	}
	return nc.(*secure).conn
}

// secureListener lets the engine hold TLS connections that a conn can ask for their
// state: through their address, which is all that an engine.Conn tells of them.
type secureListener struct{ net.Listener }

func (l secureListener) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	if err != nil {
		return nc, err
	}
	return withState(nc), nil
}

func withState(nc net.Conn) net.Conn {
	if t, ok := nc.(*tls.Conn); ok {
		return &secureConn{t}
	}
	return nc
}

type secureConn struct{ *tls.Conn }

func (c *secureConn) LocalAddr() net.Addr { return &secureAddr{c.Conn.LocalAddr(), c.Conn} }

type secureAddr struct {
	net.Addr
	conn *tls.Conn
}

// stripped takes off what engine.Conn.Detach has put around a connection that is no
// socket, so that the wrappers do not pile up when it comes and goes. What was read on
// the way is returned besides.
func stripped(nc net.Conn) (under net.Conn, early []byte) {
	if _, ok := nc.(*net.TCPConn); ok {
		return nc, nil
	}
	w, ok := nc.(interface{ NetConn() net.Conn })
	if !ok {
		return nc, nil
	}
	_ = nc.SetReadDeadline(time.Unix(1, 0))
	var p [4096]byte
	for {
		n, err := nc.Read(p[:])
		early = append(early, p[:n]...)
		if err == nil {
			continue
		}
		if t, ok := err.(net.Error); !ok || !t.Timeout() {
			return nc, early // its end is to be met there
		}
		return w.NetConn(), early
	}
}
