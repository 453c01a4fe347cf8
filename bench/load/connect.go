package load

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Grow opens connections, one after the other, until n are open. It gives each 5 s for connecting and the handshake.
func (l *Load) Grow(n int) error {
	for i := len(l.conns); i < n; i++ {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("load: connection %d: socket: %w", i, err)
		}
		l.conns = append(l.conns, conn{fd: fd}) // from here on Close closes it
		if err := l.connect(i); err != nil {
			return fmt.Errorf("load: connection %d: %w", i, err)
		}
	}
	return nil
}

func (l *Load) connect(i int) error {
	c := &l.conns[i]
	// A port is chosen at connect and not at bind, so that it is free if its pair with the server's address is.
	if err := unix.SetsockoptInt(c.fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1); err != nil {
		return fmt.Errorf("setsockopt: %w", err)
	}
	if err := unix.Bind(c.fd, &unix.SockaddrInet4{Addr: l.source(i)}); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	timeout := unix.NsecToTimeval((5 * time.Second).Nanoseconds())
	for _, opt := range [...]int{unix.SO_RCVTIMEO, unix.SO_SNDTIMEO} {
		if err := unix.SetsockoptTimeval(c.fd, unix.SOL_SOCKET, opt, &timeout); err != nil {
			return fmt.Errorf("setsockopt: %w", err)
		}
	}
	sa := &unix.SockaddrInet4{Addr: l.cfg.Address.Addr().As4(), Port: int(l.cfg.Address.Port())}
	err := uninterrupted(func() error { return unix.Connect(c.fd, sa) })
	if err != nil && err != unix.EISCONN { // that is, connected while it was interrupted
		return fmt.Errorf("connect: %w", err)
	}
	if err := unix.SetsockoptInt(c.fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
		return fmt.Errorf("setsockopt: %w", err)
	}
	if l.cfg.Protocol == WebSocket {
		early, err := l.handshake(c.fd)
		if err != nil {
			return err
		}
		if err := l.arrived(i, early); err != nil {
			return err
		}
	}
	if err := unix.SetNonblock(c.fd, true); err != nil {
		return err
	}
	ev := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(i)}
	if err := unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, c.fd, &ev); err != nil {
		return fmt.Errorf("epoll_ctl: %w", err)
	}
	return nil
}

// source spreads the connections over 127.0.1.1 and its neighbours, all of which are local (RFC 1122, 3.2.1.3).
func (l *Load) source(i int) [4]byte {
	return [4]byte{127, 0, 1, byte(1 + i%l.cfg.Sources)}
}

// The example of RFC 6455 section 1.3, the same for every connection: the answer is known without computing it.
const (
	key    = "dGhlIHNhbXBsZSBub25jZQ=="
	accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
)

// handshake is RFC 6455 section 4.1, on a socket that blocks. What the server sent right behind its answer, a ping for
// instance, is early; it is valid until the next read.
func (l *Load) handshake(fd int) (early []byte, err error) {
	request := "GET " + l.cfg.Path + " HTTP/1.1\r\nHost: " + l.cfg.Address.String() +
		"\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " + key +
		"\r\nSec-WebSocket-Version: 13\r\n\r\n"
	err = uninterrupted(func() error { _, err := unix.Write(fd, []byte(request)); return err })
	if err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	const limit = 4096
	got := 0
	for {
		var n int
		err := uninterrupted(func() (err error) { n, err = unix.Read(fd, l.in[got:limit]); return err })
		if err != nil {
			return nil, fmt.Errorf("answer: %w", err)
		}
		got += n
		if head, early, ok := bytes.Cut(l.in[:got], []byte("\r\n\r\n")); ok {
			return early, checkAnswer(string(head))
		}
		if n == 0 {
			return nil, fmt.Errorf("the server closed after the answer %.120q", l.in[:got])
		}
		if got == limit {
			return nil, fmt.Errorf("the answer has no end: %.40q", l.in[:got])
		}
	}
}

// checkAnswer looks at what shows that this is a WebSocket now.
func checkAnswer(head string) error {
	status, rest, _ := strings.Cut(head, "\r\n")
	if !strings.HasPrefix(status, "HTTP/1.1 101 ") {
		return fmt.Errorf("the server answered %q", status)
	}
	for line := range strings.SplitSeq(rest, "\r\n") {
		name, value, _ := strings.Cut(line, ":")
		if strings.EqualFold(name, "Sec-WebSocket-Accept") && strings.TrimSpace(value) == accept {
			return nil
		}
	}
	return fmt.Errorf("no valid Sec-WebSocket-Accept in %q", head)
}

// uninterrupted calls again what a signal ended. Go's scheduler sends itself signals, and a socket with a timeout is one
// of the cases where the kernel does not resume by itself (signal(7)).
func uninterrupted(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}
