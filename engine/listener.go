package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Listener accepts connections for a Handler. We accept ourselves, in a
// goroutine, and hand the connections to the loops: so no error of accept ends
// the engine, and listeners come and go while it runs. Its methods may be called
// from any goroutine.
//
// A unixpacket listener works like the others, but gnet cannot hold such
// sockets (it knows stream sockets and datagrams only) and a plain read cannot
// tell that a packet was cut: each of its connections is read and written by two
// goroutines of ours and handled on a loop like any other Conn.
//
// A udp listener has no connections. One goroutine reads its socket and calls
// OnPacket; it is the loop of that socket.
type Listener struct {
	e      *Engine
	svc    *service
	ln     net.Listener // nil for udp
	packet *PacketConn
	once   sync.Once
	closed chan struct{} // closed by Close
	done   chan struct{} // closed when the goroutine has ended
}

// Listen binds addr and, once Serve runs, accepts. Networks are tcp, tcp4, tcp6
// (port 0 picks a free port, see Addr), unix (a path, or @name for an abstract
// name; a socket file that nobody listens on is replaced), unixpacket, and udp,
// udp4, udp6, whose handler must be a PacketHandler. It may be called before
// and while the engine serves.
func (e *Engine) Listen(network, addr string, h Handler, o ListenOptions) (*Listener, error) {
	svc, err := newService(h, o.Options)
	if err != nil {
		return nil, err
	}
	lc := net.ListenConfig{KeepAlive: -1, Control: listenControl(o)}
	switch network {
	case "tcp", "tcp4", "tcp6":
	case "unix", "unixpacket":
		removeStale(network, addr)
	case "udp", "udp4", "udp6":
		return e.listenPacket(lc, network, addr, h)
	default:
		return nil, fmt.Errorf("engine: listen: %w", net.UnknownNetworkError(network))
	}
	ln, err := lc.Listen(context.Background(), network, addr)
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	return e.serve(ln, svc)
}

// ServeListener is Listen on a listener that exists: inherited from systemd or
// from an older process. It is the engine's from here on. Connections that are
// not TCP or Unix stream sockets (those of tls.NewListener, say) cost two
// goroutines each.
func (e *Engine) ServeListener(ln net.Listener, h Handler, o ListenOptions) (*Listener, error) {
	svc, err := newService(h, o.Options)
	if err != nil {
		_ = ln.Close()
		return nil, err
	}
	return e.serve(ln, svc)
}

func (e *Engine) serve(ln net.Listener, svc *service) (*Listener, error) {
	l := &Listener{e: e, svc: svc, ln: ln, closed: make(chan struct{}), done: make(chan struct{})}
	return l, e.add(l, l.accept)
}

// add registers l and starts its goroutine, which waits for Serve.
func (e *Engine) add(l *Listener, run func()) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.state >= stateDraining {
		_ = l.shut()
		return ErrServerClosed
	}
	e.listeners[l] = struct{}{}
	go func() {
		defer close(l.done)
		select {
		case <-e.serving:
			run()
		case <-l.closed:
		}
	}()
	return nil
}

// Addr returns the bound address, with the port that was picked.
func (l *Listener) Addr() net.Addr {
	if l.ln == nil {
		return l.packet.LocalAddr()
	}
	return l.ln.Addr()
}

// Close stops accepting; connections that were accepted stay. When it returns
// no further OnOpen of this listener begins, so it must not be called from a
// callback.
func (l *Listener) Close() error {
	l.e.mu.Lock()
	delete(l.e.listeners, l)
	l.e.mu.Unlock()
	err := l.shut()
	<-l.done
	return err
}

func (l *Listener) shut() (err error) {
	l.once.Do(func() {
		close(l.closed)
		if l.ln == nil {
			err = l.packet.conn.Close()
		} else {
			err = l.ln.Close()
		}
	})
	return err
}

const (
	minPause = 5 * time.Millisecond
	maxPause = time.Second
)

func (l *Listener) accept() {
	pause := time.Duration(0)
	for {
		nc, err := l.ln.Accept()
		if err == nil {
			l.e.accepted.Add(1)
			if !l.haveDescriptor(nc) {
				_ = nc.Close()
				return
			}
			_, err = l.e.admit(nc, l.svc, nil)
			if err == nil || !exhausted(err) {
				pause = 0
				continue
			}
		}
		if errors.Is(err, net.ErrClosed) {
			return
		}
		l.e.acceptErrors.Add(1)
		if pause == 0 { // once for each row of failures
			l.e.cfg.Logger.Warn("engine: accept", "addr", l.Addr().String(), "err", err)
		}
		pause = min(max(2*pause, minPause), maxPause)
		if !l.sleep(pause) {
			return
		}
	}
}

// sleep answers false when the listener was closed meanwhile.
func (l *Listener) sleep(d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-l.closed:
		return false
	case <-t.C:
		return true
	}
}

// haveDescriptor waits until the copy can be made that enrolling nc takes, so
// that a connection accepted with the last descriptor is served later instead
// of being lost: gnet closes what it cannot copy. The number of nc tells nothing
// about how many are left, since the lowest free one is given out first; trying
// costs half a microsecond.
func (l *Listener) haveDescriptor(nc net.Conn) bool {
	if !enrollable(nc) {
		return true
	}
	for pause := minPause; ; pause = min(2*pause, maxPause/10) {
		fd, err := unix.FcntlInt(uintptr(l.e.reactor.watch.fd), unix.F_DUPFD_CLOEXEC, 0)
		if err == nil {
			_ = unix.Close(fd)
			return true
		}
		if !exhausted(err) {
			return true // no reason to wait
		}
		l.e.acceptErrors.Add(1)
		if pause == minPause {
			l.e.cfg.Logger.Warn("engine: accept", "addr", l.Addr().String(), "err", err)
		}
		if !l.sleep(pause) {
			return false
		}
	}
}

// exhausted tells errors of a lack of resources, which passes.
func exhausted(err error) bool {
	for _, e := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// removeStale removes the socket file of a server that is gone.
func removeStale(network, path string) {
	if path == "" || path[0] == '@' {
		return
	}
	if st, err := os.Lstat(path); err != nil || st.Mode()&os.ModeSocket == 0 {
		return
	}
	c, err := net.Dial(network, path)
	if err == nil {
		_ = c.Close()
	} else if errors.Is(err, syscall.ECONNREFUSED) {
		_ = os.Remove(path)
	}
}
