package websocket

import (
	"net"
	"syscall"
	"unsafe"
)

var (
	NewConn          = newConn
	ErrWriteTimeout  = errWriteTimeout
	ErrUnexpectedEOF = errUnexpectedEOF
)

const ConnSize = unsafe.Sizeof(Conn{})

// Queued is how many bytes wait for loops.
func Queued() int64 { return queued.Load() }

// Deflate agrees to compression.
func (c *Conn) Deflate() { c.deflate() }

// OnPark calls f when the reader of c is about to wait for its descriptor: does it hold a buffer?
func (c *Conn) OnPark(nc *net.TCPConn, f func(holds bool)) error {
	raw, err := nc.SyscallConn()
	if err != nil {
		return err
	}
	c.source, c.desc = sourceRaw, descriptor{spy{raw, c, f}, c.readable}
	return nil
}

type spy struct {
	syscall.RawConn
	c *Conn
	f func(bool)
}

func (s spy) Read(f func(uintptr) bool) error {
	return s.RawConn.Read(func(fd uintptr) bool {
		done := f(fd)
		if !done {
			s.f(s.c.in != nil)
		}
		return done
	})
}
