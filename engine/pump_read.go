package engine

import (
	"errors"
	"io"
	"net"
)

// verdict is what has become of a read.
type verdict uint8

const (
	readOn   verdict = iota // it was handled
	readLast                // it was, and another is not wanted
	readGone                // the connection was gone before
)

// firstRead is the read buffer of a pump whose peer sends little at a time, in bytes.
const firstRead = 4 << 10

// readAll brings the loop one read at a time.
func (p *pump) readAll() {
	defer p.deafen()
	buf := make([]byte, firstRead)
	if p.packet {
		buf = make([]byte, maxDatagram)
	}
	for p.isHanded() == nil {
		n, err := p.read(buf)
		if n == 0 && err == nil {
			continue
		}
		v := p.bring(buf[:n], err)
		if v == readOn {
			if !p.packet {
				buf = fitting(buf, n)
			}
			continue
		}
		if h := p.isHanded(); h != nil && v == readLast {
			h.keep(nil, err)
		} else if h != nil {
			h.keep(buf[:n], err)
		}
		return
	}
}

// fitting returns the buffer for the read after one that brought n bytes: larger when
// it was full, the first again when most of it was not needed.
func fitting(buf []byte, n int) []byte {
	switch {
	case n == len(buf) && n < maxDatagram:
		return make([]byte, 2*n)
	case n < len(buf)/4 && len(buf) > firstRead:
		return make([]byte, firstRead)
	}
	return buf
}

// bring gives the loop what was read and waits until it has come to it.
func (p *pump) bring(b []byte, err error) verdict {
	if p.post(func(c *Conn) {
		if p.isHanded() != nil { // and gone, when the running batch is over
			p.turn <- readGone
			return
		}
		if len(b) > 0 {
			p.l.received(c, b)
		}
		if err != nil && c.flags.has(flagOpen) {
			p.l.gone(c, err)
		}
		if c.flags.has(flagOpen) && err == nil {
			p.turn <- readOn
		} else {
			p.turn <- readLast
		}
	}) != nil {
		return readGone
	}
	select {
	case v := <-p.turn:
		return v
	case <-p.l.engine.stopped:
		return readGone // the loop has ended before it came to that task
	}
}

func (p *pump) read(buf []byte) (n int, err error) {
	if p.packet {
		var flags int
		n, _, flags, _, err = p.nc.(*net.UnixConn).ReadMsgUnix(buf, nil)
		if err == nil && flags&msgTrunc != 0 {
			return 0, ErrPacketTooLong
		}
	} else {
		n, err = p.nc.Read(buf)
	}
	if err != nil && (errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed)) {
		err = io.EOF
	}
	return max(n, 0), err // recvmsg says -1
}

// post lets fn run on the loop unless the connection is gone by then; then the
// reader is told to stop.
func (p *pump) post(fn func(*Conn)) error {
	return p.l.mail.put(task{kind: taskLoop, loop: func() {
		if c := p.l.slots.get(p.handle.slot, p.handle.gen); c != nil {
			p.l.visit(c, VisitorFunc(fn))
		} else {
			p.turn <- readGone
		}
	}}, nil, true)
}
