package websocket

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/sockeye-io/sockeye/codec/wsproto"
	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// write gives the loop one or more whole frames, of which the last goes on in rest.
// Close frames go by way of engine/websocket, which has to know that the closing
// handshake has begun. The lock for writing is held. An error is permanent for the Conn,
// but for engine.ErrMailboxFull.
func (ev *events) write(frame, rest []byte, closing bool, deadline time.Time) error {
	if !deadline.IsZero() && !time.Now().Before(deadline) {
		return errWriteTimeout
	}
	if closing {
		return ev.writeClose(frame[2:]) // a server's control frame has two bytes of header
	}
	if t := ev.turn; t != nil {
		t.frames = append(append(t.frames, frame...), rest...)
		return nil
	}
	return ev.enqueue(frame, rest)
}

// writeClose begins the closing handshake.
func (ev *events) writeClose(payload []byte) error {
	code, text := websocket.CodeNoStatus, ""
	if len(payload) > 0 {
		if len(payload) == 1 {
			return errInvalidControlFrame
		}
		code, text = int(binary.BigEndian.Uint16(payload)), string(payload[2:])
		if !wsproto.ValidCloseCode(wsproto.StatusCode(code)) {
			return fmt.Errorf("websocket: bad close code %d", code)
		}
	}
	if t := ev.turn; t != nil {
		t.closing = &CloseError{Code: code, Text: text}
		return nil
	}
	return ev.post(func(wc *websocket.Conn) { wc.Close(code, text) })
}

// deadline closes a connection on a loop when it passes.
type deadline struct {
	mu    sync.Mutex
	timer *time.Timer
	at    time.Time // zero: none
	over  bool      // the connection has ended
}

// setReadDeadline makes a deadline when there is the first.
func (ev *events) setReadDeadline(at time.Time) {
	if ev.deadline.Load() == nil {
		if at.IsZero() {
			return
		}
		ev.deadline.CompareAndSwap(nil, &deadline{})
	}
	ev.deadline.Load().set(ev, at)
}

// end is for the end of the connection: no deadline shall hold it.
func (ev *events) end() {
	ev.deadline.CompareAndSwap(nil, &deadline{})
	ev.deadline.Load().stop()
}

// set replaces the time; the zero time means never. Any goroutine may call it.
func (d *deadline) set(ev *events, at time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at = at
	switch {
	case d.over:
	case at.IsZero():
		if d.timer != nil {
			d.timer.Stop()
		}
	case d.timer == nil:
		d.timer = time.AfterFunc(time.Until(at), func() { d.passed(ev) })
	default:
		d.timer.Reset(time.Until(at))
	}
}

// passed ends the connection, unless the deadline was moved meanwhile.
func (d *deadline) passed(ev *events) {
	err := ev.post(func(wc *websocket.Conn) {
		d.mu.Lock()
		due := !d.at.IsZero() && !time.Now().Before(d.at)
		d.mu.Unlock()
		if due {
			wc.Abort(os.ErrDeadlineExceeded)
		}
	})
	// Any other error means that the loop or the connection has ended already.
	if errors.Is(err, engine.ErrMailboxFull) {
		d.mu.Lock()
		defer d.mu.Unlock()
		if !d.over && !d.at.IsZero() {
			d.timer.Reset(writeWait)
		}
	}
}

// stop is for the end of the connection.
func (d *deadline) stop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.over = true
	if d.timer != nil {
		d.timer.Stop()
	}
}

// loopConn is the net.Conn of a connection on a loop: what is written to it goes
// out between the frames, and there is nothing to read.
type loopConn struct{ *events }

// Read fails: the loop reads.
func (loopConn) Read([]byte) (int, error) { return 0, errOnLoop }

// Write queues p for the loop.
func (n loopConn) Write(p []byte) (int, error) {
	if err := ended(n.h.Write(p)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close ends the connection without a close frame, after what was written.
func (n loopConn) Close() error { return ended(n.h.Close()) }

// LocalAddr is as it was before.
func (n loopConn) LocalAddr() net.Addr { return n.local() }

// RemoteAddr is as it was before.
func (n loopConn) RemoteAddr() net.Addr { return n.remote() }

// SetDeadline is SetReadDeadline: writing does not wait.
func (n loopConn) SetDeadline(t time.Time) error { return n.SetReadDeadline(t) }

// SetReadDeadline lets the connection end with a timeout when t has come.
func (n loopConn) SetReadDeadline(t time.Time) error {
	n.setReadDeadline(t)
	return nil
}

// SetWriteDeadline does nothing: writing does not wait.
func (loopConn) SetWriteDeadline(time.Time) error { return nil }

// setReadLimit is for messages whose frames have not begun when the loop hears of it.
func (n loopConn) setReadLimit(limit int64) {
	_ = n.post(func(wc *websocket.Conn) { wc.SetReadLimit(max(limit, 0)) })
}
