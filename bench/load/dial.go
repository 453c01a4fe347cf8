package load

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// dial begins to connect the closed connection i. The work hears of how it went: opened, or broken.
func (l *Load) dial(i int) error {
	c := l.conns.at(i)
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	c.fd, c.state, c.begun = int32(fd), dialing, l.now() // from here on kill closes it
	source := &l.sources[l.dialed%len(l.sources)]
	l.dialed++
	// A port is chosen at connect and not at bind, so that it is free if its pair with the server's address is.
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1); err != nil {
		return fmt.Errorf("setsockopt: %w", err)
	}
	if err := unix.Bind(fd, source); err != nil {
		return fmt.Errorf("bind: %w", err)
	}
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
		return fmt.Errorf("setsockopt: %w", err)
	}
	if err := unix.Connect(fd, &l.target); err != nil && err != unix.EINPROGRESS && err != unix.EINTR {
		return fmt.Errorf("connect: %w", err)
	}
	// Over loopback the connection stands by now, as a rule, and the request can go at once.
	if l.cfg.Protocol == WebSocket {
		if err := l.ask(c); err != nil {
			return err
		}
	}
	if c.state == upgrading {
		return l.poller.add(i, c, unix.EPOLLIN)
	}
	c.armed = true
	return l.poller.add(i, c, unix.EPOLLIN|unix.EPOLLOUT)
}

// ask sends the request for an upgrade, unless the connection does not stand yet.
func (l *Load) ask(c *conn) error {
	n, errno := rawWrite(int(c.fd), l.request)
	switch {
	case errno == unix.EAGAIN:
		return nil
	case errno != 0:
		return fmt.Errorf("connect: %w", errno)
	case n < len(l.request):
		return fmt.Errorf("request: only %d of %d bytes were taken", n, len(l.request))
	}
	c.state = upgrading
	return nil
}

// connected goes on when connect has ended, well or not.
func (l *Load) connected(i int, c *conn) error {
	errno, err := unix.GetsockoptInt(int(c.fd), unix.SOL_SOCKET, unix.SO_ERROR)
	if err != nil {
		return fmt.Errorf("getsockopt: %w", err)
	}
	if errno != 0 {
		return fmt.Errorf("connect: %w", unix.Errno(errno))
	}
	if err := l.arm(i, c, false); err != nil {
		return err
	}
	if l.cfg.Protocol == TCP {
		c.state = open
		return nil
	}
	return l.ask(c)
}
