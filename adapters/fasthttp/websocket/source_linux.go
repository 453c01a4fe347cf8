package websocket

import (
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/internal/reactor"
)

// openSource finds out how to read.
func (c *Conn) openSource() {
	c.source = sourcePlain
	if held, ok := c.conn().(reactor.Held); ok {
		c.comeOut(held)
	}
	if !c.parks() {
		return
	}
	raw, err := c.conn().(syscall.Conn).SyscallConn()
	if err == nil {
		c.source, c.desc = sourceRaw, descriptor{raw, c.readable}
	}
}

// comeOut takes the connection away from its loop. Writers wait meanwhile.
func (c *Conn) comeOut(held reactor.Held) {
	c.lock.lock(time.Time{})
	defer c.lock.unlock()
	nc, unread, err := held.Out()
	if err != nil {
		return // it will say so itself
	}
	c.early = append(c.early, unread...)
	c.below.Store(&nc)
	if c.counts.is.Load()&isClosed != 0 { // by somebody who may not have seen nc
		_ = nc.Close()
	}
}

// parks tells whether the connection is read by its descriptor: only one that is known to have nothing of its own above
// it. A type that embeds one of them may mean something by its Read.
func (c *Conn) parks() bool {
	switch c.conn().(type) {
	case *net.TCPConn, *net.UnixConn, reactor.Held:
		return true
	}
	return false
}

// descriptor is what it takes to wait for a descriptor.
type descriptor struct {
	syscall.RawConn
	readable func(fd uintptr) bool // of the Conn, made only once
}

// wait reads once, into in.dst or, if in is nil, into a buffer that it borrows when there is something to read.
// The goroutine waits in the poller, for the descriptor and for the deadline of the connection.
func (c *Conn) wait() error {
	if err := c.desc.Read(c.desc.readable); err != nil {
		return asRead(err)
	}
	switch in := c.in; {
	case in.err != nil:
		err := in.err
		in.err = nil
		return c.opError(err)
	case in.n == 0:
		return io.EOF
	}
	return nil
}

// readable is called by the poller when there may be something to read.
func (c *Conn) readable(fd uintptr) bool {
	in := c.in
	if in == nil {
		in = borrow(int(c.readBufSize))
		in.dst = in.b
	}
	for {
		n, err := unix.Read(int(fd), in.dst)
		switch err {
		case unix.EINTR:
			continue
		case unix.EAGAIN:
			if c.in == nil {
				in.release()
			}
			return false
		}
		in.n, in.err = max(n, 0), err
		c.in = in
		return true
	}
}

// opError is what net.Conn's Read makes of an error of the system.
func (c *Conn) opError(err error) error {
	e := &net.OpError{Op: "read", Source: c.conn().LocalAddr(), Addr: c.conn().RemoteAddr(), Err: os.NewSyscallError("read", err)}
	if e.Source != nil {
		e.Net = e.Source.Network()
	}
	return e
}

// asRead is what net.Conn's Read would have returned for an error of RawConn's.
func asRead(err error) error {
	e, ok := err.(*net.OpError)
	if !ok || e.Op == "read" {
		return err
	}
	read := *e
	read.Op = "read"
	return &read
}
