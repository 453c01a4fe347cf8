package engine

import (
	"net"
	"sync"
	"time"

	"github.com/sockeye-io/sockeye/engine/internal/buffer"
)

// pump is the wire of a connection that gnet cannot hold: a unixpacket socket,
// a TLS connection, a pipe. One goroutine reads and waits until the loop has
// handled what it read, so that the peer is held back; another writes what the
// loop has left in pending, which is bounded, so that the loop sees the same
// full and writable as with a socket.
type pump struct {
	l      *loop
	nc     net.Conn
	handle Handle
	turn   chan verdict // the loop has come to a read

	mu      sync.Mutex
	wake    sync.Cond // pending, broken, fin or closed changed
	pending *buffer.Buf
	sizes   []int // of the packets in pending, for a packet connection
	packet  bool
	armed   bool
	fin     bool
	closed  bool
	broken  error
	victim  net.Conn // the socket of a peer that was given up, below nc
	deaf    bool     // the reader has ended
	handed  *handed  // after Detach
}

// pumpWindow is how many bytes a pump takes before it reports itself full.
const pumpWindow = 64 << 10

// pump hands nc to the loop that has the fewest connections and waits until its
// OnOpen has run.
func (r *reactor) pump(nc net.Conn, en *enrolment) error {
	l := r.loops[0]
	for _, m := range r.loops[1:] {
		if m.open() < l.open() {
			l = m
		}
	}
	p := &pump{l: l, nc: nc, turn: make(chan verdict, 1)}
	p.wake.L = &p.mu
	c := en.c
	c.link, c.fd, c.flags = p, -1, c.flags|flagOwnWire
	c.setRemote(nc.RemoteAddr())
	if u, ok := nc.(*net.UnixConn); ok && u.LocalAddr().Network() == "unixpacket" {
		p.packet, c.flags = true, c.flags|flagPacket
	}
	done := make(chan struct{})
	err := l.mail.put(task{kind: taskLoop, loop: func() {
		defer close(done)
		en.opened = true
		en.err = l.opened(c, en.early)
		en.handle = c.Handle()
		p.handle = en.handle
	}}, nil, true)
	if err != nil {
		_ = nc.Close()
		return err
	}
	<-done
	go p.writeAll()
	if en.err == nil {
		go p.readAll()
	} else {
		p.deafen()
	}
	return en.err
}

// writeAll writes what the loop leaves, and closes at the end.
func (p *pump) writeAll() {
	defer p.letGo()
	for {
		p.mu.Lock()
		for p.pending == nil && !p.fin && !p.closed && p.handed == nil {
			p.wake.Wait()
		}
		b, sizes := p.pending, p.sizes
		p.pending, p.sizes = nil, nil
		shut, closed := p.fin, p.closed
		p.mu.Unlock()
		switch {
		case b != nil:
			err := p.writeOut(b.B, sizes)
			buffer.Put(b)
			p.written(err)
		case closed || !shut: // !shut: handed out
			return
		default:
			if cw, ok := p.nc.(interface{ CloseWrite() error }); ok {
				_ = cw.CloseWrite()
			} else {
				_ = p.nc.Close() // the nearest there is: the peer hears the end
			}
			p.mu.Lock()
			for !p.closed && p.handed == nil {
				p.wake.Wait()
			}
			p.mu.Unlock()
			return
		}
	}
}

func (p *pump) writeOut(b []byte, sizes []int) error {
	if !p.packet {
		_, err := p.nc.Write(b)
		return err
	}
	for _, n := range sizes {
		if _, err := p.nc.Write(b[:n]); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// written tells the loop that there is room again, or that the end has come.
func (p *pump) written(err error) {
	p.mu.Lock()
	p.broken = err
	ring := p.armed || err != nil
	p.armed = false
	p.mu.Unlock()
	if ring {
		t := task{kind: taskReady, slot: p.handle.slot, gen: p.handle.gen}
		if err != nil {
			t.tag = tagBroken
		}
		_ = p.l.mail.put(t, nil, true)
	}
}

func (p *pump) write(c *Conn, b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken != nil {
		return 0, p.broken
	}
	have := 0
	if p.pending != nil {
		have = len(p.pending.B)
	}
	n := min(len(b), pumpWindow-have)
	if p.packet && n < len(b) && have > 0 {
		n = 0 // packets are not cut
	} else if p.packet {
		n = len(b)
	}
	if n <= 0 {
		return 0, errAgain
	}
	if p.pending == nil {
		p.pending = buffer.Get(n)
	}
	p.pending = buffer.Append(p.pending, b[:n])
	if p.packet {
		p.sizes = append(p.sizes, n)
	}
	p.wake.Signal()
	return n, nil
}

func (p *pump) writev(c *Conn, bufs [][]byte) (n int, err error) {
	for _, b := range bufs {
		k, err := p.write(c, b)
		n += k
		if err == errAgain || err == nil && k < len(b) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

func (p *pump) arm(c *Conn) error {
	p.mu.Lock()
	full := p.pending != nil && p.broken == nil
	p.armed = full
	p.mu.Unlock()
	if !full && c.out != nil { // the writer was quicker
		return p.l.mail.put(task{kind: taskReady, slot: c.slot, gen: c.gen()}, nil, true)
	}
	return nil
}

func (p *pump) shut(*Conn) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fin = true
	p.wake.Signal()
	return nil
}

// detach has nothing to do: the reader has ended, the writer goes on.
func (p *pump) detach(*Conn) error { return nil }

// pumpFarewell is how long a pump goes on writing what it has taken after the
// loop has let go of it, as the kernel does for a socket.
const pumpFarewell = time.Second

// abandon is for abandon in socket.go: it finds the socket below, and spares the
// peer the farewells.
func (p *pump) abandon() {
	nc := p.nc
	for {
		over, ok := nc.(interface{ NetConn() net.Conn }) // TLS
		if !ok {
			break
		}
		nc = over.NetConn()
	}
	if s, ok := nc.(interface{ SetLinger(sec int) error }); ok && s.SetLinger(0) == nil {
		p.mu.Lock()
		p.victim = nc
		p.mu.Unlock()
	}
}

// letGo closes the connection. TLS would write a last record, for which it waits
// 5 s if the peer does not read.
func (p *pump) letGo() {
	p.mu.Lock()
	victim, h := p.victim, p.handed
	p.mu.Unlock()
	switch {
	case h != nil:
		close(h.written)
	case victim != nil:
		_ = victim.Close()
	default:
		_ = p.nc.Close()
	}
}

// close ends the reader, and lets the writer close the connection when it has
// written what it took. After an Abort, and for a peer that was given up, that is
// dropped.
func (p *pump) close(c *Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.handed != nil {
		return
	}
	p.closed = true
	until := time.Now().Add(pumpFarewell)
	if c.flags.has(flagDoomed) || p.victim != nil {
		until = time.Unix(1, 0)
		buffer.Put(p.pending)
		p.pending = nil
	}
	_ = p.nc.SetReadDeadline(time.Unix(1, 0))
	_ = p.nc.SetWriteDeadline(until)
	p.wake.Signal()
}

func (p *pump) addr(_ *Conn, remote bool) net.Addr {
	if remote {
		return p.nc.RemoteAddr()
	}
	return p.nc.LocalAddr()
}
