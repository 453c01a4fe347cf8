package engine

import (
	"net"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The sockets are non-blocking, so these calls return at once and need not tell
// the Go scheduler that the thread may be away: that saves the switch of the
// processor, about 5 % of an echo (facts/performance.md).

func rawWrite(fd int, p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		n, _, e := unix.RawSyscall(unix.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)))
		if e != unix.EINTR {
			return int(n), writeError("write", e, &n)
		}
	}
}

func rawWritev(fd int, bufs [][]byte) (int, error) {
	var iov [maxIov]unix.Iovec
	k := 0
	for _, b := range bufs {
		if len(b) > 0 && k < len(iov) {
			iov[k].Base = &b[0]
			iov[k].SetLen(len(b))
			k++
		}
	}
	if k == 0 {
		return 0, nil
	}
	for {
		n, _, e := unix.RawSyscall(unix.SYS_WRITEV, uintptr(fd), uintptr(unsafe.Pointer(&iov[0])), uintptr(k))
		if e != unix.EINTR {
			return int(n), writeError("writev", e, &n)
		}
	}
}

func writeError(name string, e unix.Errno, n *uintptr) error {
	if e == 0 {
		return nil
	}
	*n = 0
	if e == unix.EAGAIN || e == unix.ENOBUFS {
		return errAgain
	}
	return os.NewSyscallError(name, e)
}

// socketError is the error that waits for fd, or otherwise when there is none. A
// reset that is only half done shows in an event as an error and nothing to read.
func socketError(fd int, otherwise error) error {
	if n, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR); err == nil && n != 0 {
		return os.NewSyscallError("read", unix.Errno(n))
	}
	return otherwise
}

// socketAddr asks the kernel for an address of fd.
func socketAddr(fd int, remote bool) net.Addr {
	ask := unix.Getsockname
	if remote {
		ask = unix.Getpeername
	}
	sa, err := ask(fd)
	if err != nil {
		return nil
	}
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return &net.TCPAddr{IP: sa.Addr[:], Port: sa.Port}
	case *unix.SockaddrInet6:
		a := &net.TCPAddr{IP: sa.Addr[:], Port: sa.Port}
		if sa.ZoneId != 0 {
			if i, err := net.InterfaceByIndex(int(sa.ZoneId)); err == nil {
				a.Zone = i.Name
			}
		}
		return a
	case *unix.SockaddrUnix:
		return &net.UnixAddr{Name: sa.Name, Net: "unix"}
	}
	return nil
}
