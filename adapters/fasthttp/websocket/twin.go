package websocket

import (
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// twin makes another connection of the same socket. Package net sets options of its
// own at every net.Conn that it makes: the socket gets its own back.
func twin(sc syscall.Conn) (net.Conn, error) {
	raw, err := sc.SyscallConn()
	if err != nil {
		return nil, err
	}
	fd, dupErr := -1, error(nil)
	if err := raw.Control(func(of uintptr) { fd, dupErr = unix.FcntlInt(of, unix.F_DUPFD_CLOEXEC, 0) }); err != nil {
		return nil, err
	}
	if dupErr != nil {
		return nil, os.NewSyscallError("dup", dupErr)
	}
	f := os.NewFile(uintptr(fd), "")
	defer f.Close()
	options := optionsOf(fd)
	nc, err := net.FileConn(f)
	options.restore(fd)
	return nc, err
}

// netOptions are those that package net sets.
var netOptions = [...][2]int{
	{unix.IPPROTO_TCP, unix.TCP_NODELAY},
	{unix.SOL_SOCKET, unix.SO_KEEPALIVE},
	{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE},
	{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL},
	{unix.IPPROTO_TCP, unix.TCP_KEEPCNT},
}

// socketOptions are the values of netOptions; -1: the socket has no such option.
type socketOptions [len(netOptions)]int

func optionsOf(fd int) (o socketOptions) {
	for i, name := range netOptions {
		v, err := unix.GetsockoptInt(fd, name[0], name[1])
		if err != nil {
			v = -1
		}
		o[i] = v
	}
	return o
}

func (o *socketOptions) restore(fd int) {
	for i, name := range netOptions {
		if o[i] >= 0 {
			_ = unix.SetsockoptInt(fd, name[0], name[1], o[i])
		}
	}
}
