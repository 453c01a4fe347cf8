package engine

import (
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// handed is the net.Conn of a pump after Detach. The reader may be waiting in a Read
// and the writer in a Write of what it took: both end there. The first Read here
// waits for that one and has its bytes; a Write waits for that Write.
type handed struct {
	net.Conn
	p       *pump
	read    chan struct{} // closed when the reader has ended
	written chan struct{} // closed when the writer has

	mu   sync.Mutex
	rest []byte // of the last read
	err  error
}

func (p *pump) handOut(*Conn) (net.Conn, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken != nil {
		return nil, p.broken
	}
	p.handed = &handed{Conn: p.nc, p: p, read: make(chan struct{}), written: make(chan struct{})}
	if p.deaf {
		close(p.handed.read)
	}
	p.wake.Signal()
	return p.handed, nil
}

// deafen tells that there is no reader any more.
func (p *pump) deafen() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.deaf = true
	if p.handed != nil {
		close(p.handed.read)
	}
}

func (p *pump) isHanded() *handed {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.handed
}

// keep takes over what the reader brought too late for the loop. The end of a stream
// is there to be read again, and a deadline says again that it has passed.
func (h *handed) keep(b []byte, err error) {
	if errors.Is(err, io.EOF) || errors.Is(err, os.ErrDeadlineExceeded) {
		err = nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.rest, h.err = append([]byte(nil), b...), err
}

func (h *handed) Read(b []byte) (int, error) {
	<-h.read // a deadline or a Close ends it as it would end this Read
	if n, err, kept := h.kept(b); kept {
		return n, err
	}
	return h.Conn.Read(b)
}

// kept reads what keep has taken over.
func (h *handed) kept(b []byte) (n int, err error, kept bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.rest) == 0 {
		err, h.err = h.err, nil
		return 0, err, err != nil
	}
	n = copy(b, h.rest)
	h.rest = h.rest[n:]
	if h.p.packet {
		h.rest = nil // a packet that is too long for b is cut
	}
	return n, nil, true
}

func (h *handed) Write(b []byte) (int, error) {
	if err := h.flushed(); err != nil {
		return 0, err
	}
	return h.Conn.Write(b)
}

// flushed waits for the writer and tells how it ended.
func (h *handed) flushed() error {
	<-h.written
	h.p.mu.Lock()
	defer h.p.mu.Unlock()
	return h.p.broken
}

// CloseWrite is that of the connection below, if it has one.
func (h *handed) CloseWrite() error {
	cw, ok := h.Conn.(interface{ CloseWrite() error })
	if !ok {
		return errors.ErrUnsupported
	}
	if err := h.flushed(); err != nil {
		return err
	}
	return cw.CloseWrite()
}

// Close gives what was written before Detach as long as the engine would have.
func (h *handed) Close() error {
	t := time.NewTimer(pumpFarewell)
	defer t.Stop()
	select {
	case <-h.written:
	case <-t.C:
	}
	return h.Conn.Close()
}

// NetConn returns the connection below. What the engine was reading or writing at
// the time of Detach goes past it.
func (h *handed) NetConn() net.Conn { return h.Conn }
