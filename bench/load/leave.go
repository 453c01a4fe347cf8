package load

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// Who closes first: a server does (RFC 6455 section 7.1.1), so that TIME_WAIT is on its side, whose port is the same for
// all and is not used up: a new connection from the same address and port is let in at once, because its first sequence
// number is higher. Therefore leave sends a close frame, and only when the server has answered it and closed is the
// socket closed here. A server that leaves the closing to the client is a failure after patience. Raw TCP has no closing
// handshake: there leave ends the stream, and TIME_WAIT is on this side; Linux takes such a port again after a second on
// loopback (net.ipv4.tcp_tw_reuse), and Config.Sources multiplies the ports.

var (
	errClosing  = errors.New("a frame with first byte 0x88 in place of an echo: the server closes")
	errEnd      = errors.New("closed by the server")
	errUnclean  = errors.New("closed by the server without the closing handshake")
	errLate     = errors.New("not done in time")
	closeNormal = maskedFrame(opClose, []byte{0x03, 0xe8})
)

// leave begins to close the open connection i. The work hears gone, or broken.
func (l *Load) leave(c *conn) error {
	c.state, c.begun = leaving, l.now()
	if l.cfg.Protocol == TCP {
		if err := unix.Shutdown(int(c.fd), unix.SHUT_WR); err != nil {
			return fmt.Errorf("shutdown: %w", err)
		}
		return nil
	}
	if c.unsent > 0 {
		return errors.New("close: a message is half sent")
	}
	n, errno := rawWrite(int(c.fd), closeNormal)
	if errno != 0 {
		return fmt.Errorf("close: %w", errno)
	}
	if n < len(closeNormal) {
		return errors.New("close: the frame was taken in part")
	}
	return nil
}

// ended is whether a connection broke because the server closed it, politely or not.
func ended(why error) bool {
	return errors.Is(why, errClosing) || errors.Is(why, errEnd) || errors.Is(why, errUnclean) ||
		errors.Is(why, unix.ECONNRESET) || errors.Is(why, unix.EPIPE)
}
