package enginetest

import (
	"io"
	"net"
	"os"
	"syscall"

	"github.com/sockeye-io/sockeye/engine"
)

// Peer is the far end of a connection. Its methods are for the goroutine of the
// test, and not for callbacks.
type Peer struct {
	l       *Loop
	id      int
	c       any // *engine.Conn, nil when OnOpen refused it
	handle  engine.Handle
	packets bool

	received []byte
	discard  bool
	taken    int
	writes   int
	window   int // bytes that are still taken; negative: all
	armed    bool
	broken   error
	shut     bool // our FIN
	closed   bool
	detached bool
	left     bool    // the peer's FIN, or its reset
	handed   *handed // the engine has detached our side
}

// Conn returns our side. It may be used where the loop is at rest, which is
// between two calls of the test; nothing flushes what is written so before the
// next callback ends.
func (p *Peer) Conn() *engine.Conn {
	c, _ := p.c.(*engine.Conn)
	return c
}

// Handle returns the handle of our side.
func (p *Peer) Handle() engine.Handle { return p.handle }

// Send brings b to our side, in reads of at most ReadBuffer bytes; OnData has
// run when it returns. The bytes that OnData saw are spoilt afterwards, so that
// a handler that keeps them is found. What is sent when our side has closed is
// lost, as on a socket.
func (p *Peer) Send(b []byte) {
	if p.left {
		p.l.t.Helper() // not before: it costs more than a message
		p.l.t.Fatal(errNoPeer)
	}
	if p.handed != nil {
		p.handed.bring(b, nil)
		return
	}
	for len(b) > 0 && !p.closed {
		n := copy(p.l.buf, b)
		b = b[n:]
		p.l.s.Received(p.c, p.l.buf[:n])
		spoil(p.l.buf[:n])
	}
}

// Received returns what our side has sent since the last call.
func (p *Peer) Received() []byte {
	b := p.received
	p.received = nil
	if p.handed != nil {
		b = append(b, p.handed.take()...)
	}
	return b
}

// Discard lets the peer drop what it receives from now on, counting it only.
// Received returns nothing more.
func (p *Peer) Discard() {
	p.discard, p.received = true, nil
}

// Taken returns how many bytes the peer has received in all.
func (p *Peer) Taken() int { return p.taken }

// Writes returns how many system calls our side would have made to write.
func (p *Peer) Writes() int { return p.writes }

// Window lets the peer's side take n more bytes and then none; negative means
// everything, which is how a peer begins. When our side waits for room and there
// is some it is told.
func (p *Peer) Window(n int) {
	p.window = n
	if p.armed && n != 0 && !p.closed {
		p.armed = false
		p.l.s.Ready(p.c, false)
	}
}

// CloseWrite is the peer's FIN. Nothing can be sent afterwards.
func (p *Peer) CloseWrite() {
	p.l.t.Helper()
	if p.left {
		p.l.t.Fatal(errNoPeer)
	}
	p.left = true
	if p.handed != nil {
		p.handed.bring(nil, io.EOF)
	}
	if !p.closed {
		p.l.s.Gone(p.c, io.EOF)
		p.letGo()
	}
}

// Reset is the peer's reset; nil means ECONNRESET. A half-closed connection is
// told only if it waits for something.
func (p *Peer) Reset(err error) {
	if err == nil {
		err = os.NewSyscallError("read", syscall.ECONNRESET)
	}
	half := p.left
	p.left, p.broken = true, err
	if p.handed != nil {
		p.handed.bring(nil, err)
	}
	switch {
	case p.closed:
	case !half:
		p.l.s.Gone(p.c, err)
		p.letGo()
	case p.armed:
		p.armed = false
		p.l.s.Ready(p.c, true)
	}
}

// Break lets every later write of our side fail with err, nil meaning EPIPE,
// and tells our side nothing.
func (p *Peer) Break(err error) {
	if err == nil {
		err = os.NewSyscallError("write", syscall.EPIPE)
	}
	p.broken = err
}

// letGo checks what a reactor relies on: what it lets go of has been closed, or
// detached.
func (p *Peer) letGo() {
	p.l.t.Helper()
	if !p.closed && !p.detached {
		p.l.t.Errorf("enginetest: the engine neither closed nor kept the connection of peer %d", p.id)
	}
}

// SawFIN tells whether our side has closed its sending direction.
func (p *Peer) SawFIN() bool {
	if p.handed != nil {
		shut, _ := p.handed.state()
		return p.shut || shut
	}
	return p.shut
}

// Closed tells whether our side has let go of the connection. What Detach has given
// out is still the peer's: Send, Received and the like go on with it, and it is
// closed when that is.
func (p *Peer) Closed() bool {
	if p.handed != nil {
		_, closed := p.handed.state()
		return closed
	}
	return p.closed
}

// wire is what the loop sees of a peer.
type wire Peer

func (w *wire) check(what string) {
	if w.closed {
		w.l.t.Helper()
		w.l.t.Errorf("enginetest: %s after the connection of peer %d was closed", what, w.id)
	}
}

func (w *wire) Write(b []byte) (int, error) {
	w.check("write")
	if w.shut {
		w.l.t.Errorf("enginetest: write to peer %d after FIN", w.id)
	}
	w.writes++
	return w.take(b)
}

func (w *wire) Writev(bufs [][]byte) (n int, err error) {
	w.check("writev")
	w.writes++
	for i, b := range bufs {
		k, err := w.take(b)
		n += k
		if err != nil || k < len(b) {
			return n, err
		}
		bufs[i] = nil // a wire may change the slice; nobody may rely on it
	}
	return n, nil
}

func (w *wire) take(b []byte) (int, error) {
	if w.broken != nil {
		return 0, w.broken
	}
	n := len(b)
	if w.window >= 0 {
		n = min(n, w.window)
		if w.packets && n < len(b) {
			n = 0 // a packet is taken whole or not at all
		}
		w.window -= n
	}
	w.taken += n
	if !w.discard {
		w.received = append(w.received, b[:n]...)
	}
	return n, nil
}

func (w *wire) Arm() {
	w.check("arm")
	w.armed = true
}

func (w *wire) Shut() {
	w.check("shut")
	w.shut = true
}

func (w *wire) Detach() {
	w.check("detach")
	w.detached = true
}

func (w *wire) Close() {
	w.check("close")
	w.closed, w.armed = true, false
}

func (w *wire) Addr(remote bool) net.Addr {
	s := "127.0.0.1:80"
	if remote {
		s = w.l.addr(w.id)
	}
	a, err := net.ResolveTCPAddr("tcp", s)
	if err != nil {
		w.l.t.Fatal(err)
	}
	return a
}
