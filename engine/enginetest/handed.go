package enginetest

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// handed is what Conn.Detach gives out: the peer is at its other end. Its methods
// may be called from any goroutine; deadlines are of the real clock, and for Read
// alone, since a Write never waits.
type handed struct {
	w *wire

	mu      sync.Mutex
	changed sync.Cond
	in      []byte
	out     []byte
	end     error // of in
	late    bool
	closed  bool
	shut    bool
	timer   *time.Timer
}

// HandOut is for the loop.
func (w *wire) HandOut() (net.Conn, error) {
	w.check("hand out")
	h := &handed{w: w}
	h.changed.L = &h.mu
	if w.left {
		h.end = io.EOF
	}
	w.handed = h
	return h, nil
}

// bring is what the peer sends, and how it ends.
func (h *handed) bring(b []byte, end error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.end == nil {
		h.in, h.end = append(h.in, b...), end
	}
	h.changed.Broadcast()
}

// take is what the peer has received.
func (h *handed) take() []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	b := h.out
	h.out = nil
	return b
}

func (h *handed) Read(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for {
		switch {
		case h.closed:
			return 0, net.ErrClosed
		case h.late:
			return 0, os.ErrDeadlineExceeded
		case len(h.in) > 0:
			n := copy(b, h.in)
			h.in = h.in[n:]
			return n, nil
		case h.end != nil:
			return 0, h.end
		}
		h.changed.Wait()
	}
}

func (h *handed) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed || h.shut {
		return 0, net.ErrClosed
	}
	h.out = append(h.out, b...)
	return len(b), nil
}

func (h *handed) CloseWrite() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.shut = true
	return nil
}

func (h *handed) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return net.ErrClosed
	}
	h.closed, h.shut = true, true
	h.stop()
	h.changed.Broadcast()
	return nil
}

func (h *handed) state() (shut, closed bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.shut, h.closed
}

func (h *handed) LocalAddr() net.Addr                { return h.w.Addr(false) }
func (h *handed) RemoteAddr() net.Addr               { return h.w.Addr(true) }
func (h *handed) SetDeadline(t time.Time) error      { return h.SetReadDeadline(t) }
func (h *handed) SetWriteDeadline(t time.Time) error { return nil }

func (h *handed) SetReadDeadline(t time.Time) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.stop()
	h.late = false
	if !t.IsZero() {
		var timer *time.Timer
		timer = time.AfterFunc(time.Until(t), func() {
			h.mu.Lock()
			defer h.mu.Unlock()
			if h.timer == timer {
				h.late = true
				h.changed.Broadcast()
			}
		})
		h.timer = timer
	}
	return nil
}

func (h *handed) stop() {
	if h.timer != nil {
		h.timer.Stop()
		h.timer = nil
	}
}
