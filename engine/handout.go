package engine

import (
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// handOut makes a net.Conn of c's descriptor, or rather of a copy: package net takes
// none but copies. It also switches TCP_NODELAY and keep-alive on, with times of its
// own, for the socket that both share: they are set back. Closing our descriptor
// would leave it in the watcher's set while a copy lives on.
func handOut(c *Conn, watch *watcher) (net.Conn, error) {
	fd, err := unix.FcntlInt(uintptr(c.fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, os.NewSyscallError("dup", err)
	}
	f := os.NewFile(uintptr(fd), "detached")
	defer f.Close()
	var tcp tcpOptions
	if !c.flags.has(flagUnix) {
		tcp.read(fd)
	}
	nc, err := net.FileConn(f)
	if err != nil {
		return nil, err
	}
	tcp.restore(fd)
	if nc.RemoteAddr() == nil { // the peer has reset the connection
		_ = nc.Close()
		return nil, os.NewSyscallError("getpeername", unix.ENOTCONN)
	}
	watch.forget(c)
	return nc, nil
}

// tcpOptions are those that package net sets on its own account.
type tcpOptions struct {
	known  bool
	values [len(tcpOptionNames)]int
}

var tcpOptionNames = [...][2]int{
	{unix.IPPROTO_TCP, unix.TCP_NODELAY},
	{unix.SOL_SOCKET, unix.SO_KEEPALIVE},
	{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE},
	{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL},
	{unix.IPPROTO_TCP, unix.TCP_KEEPCNT},
}

func (o *tcpOptions) read(fd int) {
	o.known = true
	for i, name := range tcpOptionNames {
		v, err := unix.GetsockoptInt(fd, name[0], name[1])
		o.values[i], o.known = v, o.known && err == nil
	}
}

func (o *tcpOptions) restore(fd int) {
	for i, name := range tcpOptionNames {
		if o.known {
			_ = unix.SetsockoptInt(fd, name[0], name[1], o.values[i])
		}
	}
}
