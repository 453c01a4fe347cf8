package engine

import (
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// keepAlive is what finds peers that vanished: after idle, four probes half a
// minute apart.
func keepAlive(idle time.Duration) net.KeepAliveConfig {
	if idle == 0 {
		idle = 5 * time.Minute
	}
	return net.KeepAliveConfig{Enable: idle > 0, Idle: idle, Interval: 30 * time.Second, Count: 4}
}

// listenControl sets the options of a listening socket. Linux hands keep-alive
// settings down to accepted sockets, which saves four calls for each.
func listenControl(o ListenOptions) func(network, addr string, rc syscall.RawConn) error {
	return func(network, _ string, rc syscall.RawConn) (err error) {
		set := func(fd, level, opt, v int) {
			if err == nil {
				err = unix.SetsockoptInt(fd, level, opt, v)
			}
		}
		e := rc.Control(func(p uintptr) {
			fd := int(p)
			if o.ReusePort && network[0] != 'u' || o.ReusePort && network[1] == 'd' {
				set(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
			}
			if k := keepAlive(o.KeepAlive); network[0] == 't' && k.Enable {
				set(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1)
				set(fd, unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, int(max(k.Idle/time.Second, 1)))
				set(fd, unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, int(k.Interval/time.Second))
				set(fd, unix.IPPROTO_TCP, unix.TCP_KEEPCNT, k.Count)
			}
		})
		if err == nil {
			err = e
		}
		return err
	}
}

// enrollable tells the connections that gnet can hold. Asking it for any other
// would close them.
func enrollable(nc net.Conn) bool {
	switch c := nc.(type) {
	case *net.TCPConn:
		return true
	case *net.UnixConn:
		return c.LocalAddr().Network() == "unix"
	}
	return false
}

// descriptor returns the number behind a connection of package net.
func descriptor(nc net.Conn) (fd uintptr, ok bool) {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return 0, false
	}
	rc, err := sc.SyscallConn()
	if err != nil {
		return 0, false
	}
	err = rc.Control(func(p uintptr) { fd = p })
	return fd, err == nil
}

// unblock makes sure that a socket from elsewhere does not block. Blocking
// belongs to the open file, which others may share: File().Fd() of a net.Conn
// switches it on, and one blocking socket would stall a whole loop.
func unblock(nc net.Conn) (err error) {
	if fd, ok := descriptor(nc); ok && enrollable(nc) {
		err = unix.SetNonblock(int(fd), true)
	}
	return err
}

// abandon lets the close that follows be a reset, which also drops what the
// kernel holds for a peer that does not read: else that stays there for minutes,
// up to 4 MB a connection (tcp_wmem), in which the peer can come again for more.
func abandon(c *Conn) {
	if p, ok := c.link.(*pump); ok {
		p.abandon()
	} else if c.fd >= 0 {
		_ = unix.SetsockoptLinger(int(c.fd), unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	}
}

// msgTrunc is set by recvmsg when a packet was larger than the buffer.
const msgTrunc = unix.MSG_TRUNC
