package websocket

import "io"

// source says how the bytes are read.
type source uint8

const (
	sourceUnknown source = iota
	sourceRaw            // by the descriptor: nothing is held while waiting
	sourcePlain          // by Read: a buffer is held while waiting
)

// maxEmptyReads is how often a net.Conn may read nothing, and have no error, at a time.
const maxEmptyReads = 100

// fill waits until there is more in early than there is. The error is that of the connection.
func (c *Conn) fill() error {
	if c.source == sourceUnknown {
		if c.conn() == nil {
			return ErrNilNetConn
		}
		c.endRequest()
		before := len(c.early)
		if c.openSource(); len(c.early) > before {
			return nil
		}
	}
	have := len(c.early)
	if have == 0 && c.source == sourceRaw {
		c.dropBuffer()
		if err := c.wait(); err != nil {
			c.dropBuffer()
			return err
		}
		c.early, c.in.dst = c.in.b[:c.in.n], nil
		return nil
	}
	in := c.in
	if in == nil {
		in = borrow(int(c.readBufSize))
	}
	copy(in.b, c.early)
	c.in, c.early = in, in.b[:have]
	n, err := c.read(in.b[have:])
	c.early = in.b[:have+n]
	return err
}

// read reads into p, which is not empty, in any way.
func (c *Conn) read(p []byte) (n int, err error) {
	if c.source == sourceRaw {
		in := c.in
		direct := in == nil
		if direct {
			in = shells.Get().(*buffer)
			c.in = in
		}
		in.dst = p
		err = c.wait()
		n = in.n
		in.dst, in.n = nil, 0
		if direct {
			c.dropBuffer()
		}
		return n, err
	}
	if r := c.rare.Load(); r != nil && r.readErr != nil {
		err, r.readErr = r.readErr, nil
		return 0, err
	}
	for range maxEmptyReads {
		n, err = c.conn().Read(p)
		if n > 0 && err != nil {
			c.more().readErr, err = err, nil
		}
		if n != 0 || err != nil {
			return n, err
		}
	}
	return 0, io.ErrNoProgress
}

// need waits until n bytes are in early, no more than a control frame has.
func (c *Conn) need(n int) error {
	for len(c.early) < n {
		if err := c.fill(); err == io.EOF {
			return errUnexpectedEOF
		} else if err != nil {
			return err
		}
	}
	return nil
}

// idle gives the buffer back if nothing is left in it.
func (c *Conn) idle() {
	if len(c.early) == 0 && c.source == sourceRaw {
		c.dropBuffer()
	}
}

func (c *Conn) dropBuffer() {
	c.early = nil
	if c.in != nil {
		c.in.release()
		c.in = nil
	}
}

// direct reads the payload of a frame to where it belongs, because that is longer than the buffer.
func (c *Conn) direct(p []byte) (n int, err error) {
	if c.source == sourceRaw {
		c.dropBuffer()
		return c.read(p)
	}
	if c.source == sourceUnknown { // early bytes only, until now
		if c.conn() == nil {
			return 0, ErrNilNetConn
		}
		if c.openSource(); len(c.early) > 0 {
			n = copy(p, c.early)
			c.early = c.early[n:]
			return n, nil
		}
	}
	return c.read(p)
}
