package websocket_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync/atomic"
	"testing"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/enginetest"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// conformTarget is what is tested: an echo endpoint on the public API. connect
// makes a connection to it, or lets it make one.
type conformTarget interface {
	connect() (conformWire, error)
	close(t *testing.T)
}

// conformEcho echoes, and counts.
type conformEcho struct{ opened, closed, failed atomic.Int64 }

func (e *conformEcho) OnOpen(*websocket.Conn, *websocket.Request) error {
	e.opened.Add(1)
	return nil
}

func (e *conformEcho) OnMessage(c *websocket.Conn, t websocket.MessageType, p []byte) {
	if err := c.WriteMessage(t, p); err != nil {
		e.failed.Add(1)
	}
}

func (e *conformEcho) OnClose(_ *websocket.Conn, err error) {
	if _, ok := err.(*websocket.CloseError); ok {
		e.closed.Add(1)
	}
}

// check wants one OnClose for each OnOpen, and every echo to have been possible.
func (e *conformEcho) check(t *testing.T) {
	t.Helper()
	if o, c, f := e.opened.Load(), e.closed.Load(), e.failed.Load(); o != c || f != 0 {
		t.Errorf("%d times OnOpen, %d times OnClose, %d writes failed", o, c, f)
	}
}

// A fuzzer that has not read yet is waited for: only then is a reset our fault.
var conformLimits = engine.Options{Linger: patience}

// conformServer is our server, on a socket.
type conformServer struct {
	echo    *conformEcho
	e       *engine.Engine
	network string
	addr    string
	served  chan error
}

func newConformServer(t *testing.T, network string, o websocket.Options) conformTarget {
	t.Helper()
	s := &conformServer{echo: &conformEcho{}, network: network, served: make(chan error, 1)}
	s.e = conformEngine(t, s.served)
	addr := "127.0.0.1:0"
	if network == "unix" {
		addr = t.TempDir() + "/s"
	}
	ln, err := s.e.Listen(network, addr, websocket.NewServer(s.echo, o), engine.ListenOptions{Options: conformLimits})
	if err != nil {
		t.Fatal(err)
	}
	s.addr = ln.Addr().String()
	return s
}

// conformEngine is an engine that close ends, because the callbacks have to be
// counted after its end.
func conformEngine(t *testing.T, served chan<- error) *engine.Engine {
	t.Helper()
	e, err := engine.New(engine.Config{Loops: 2})
	if err != nil {
		t.Fatal(err)
	}
	go func() { served <- e.Serve(context.Background()) }()
	t.Cleanup(func() { _ = e.Close() }) // if close is not reached
	return e
}

func (s *conformServer) connect() (conformWire, error) {
	nc, err := net.Dial(s.network, s.addr)
	if err != nil {
		return nil, err
	}
	return nc.(conformWire), nil
}

func (s *conformServer) close(t *testing.T) {
	_ = s.e.Close()
	if err := wait(t, s.served, "end of Serve"); !errors.Is(err, engine.ErrServerClosed) {
		t.Errorf("Serve: %v, want ErrServerClosed", err)
	}
	s.echo.check(t)
}

// conformClient is our client, on a socket. It serves cases one at a time.
type conformClient struct {
	conformServer
	ln      net.Listener
	options websocket.Options
}

func newConformClient(t *testing.T, network string, options websocket.Options) conformTarget {
	t.Helper()
	k := &conformClient{options: options}
	k.echo, k.network, k.served = &conformEcho{}, network, make(chan error, 1)
	k.e = conformEngine(t, k.served)
	addr := "127.0.0.1:0"
	if network == "unix" {
		addr = t.TempDir() + "/s"
	}
	var err error
	if k.ln, err = net.Listen(network, addr); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = k.ln.Close() })
	k.addr = k.ln.Addr().String()
	return k
}

func (k *conformClient) connect() (conformWire, error) {
	go func() {
		// What goes wrong here is what the fuzzer sees.
		_, _ = websocket.Dial(context.Background(), k.e, "ws://fuzzer/", k.echo, websocket.DialOptions{
			Options: k.options, Network: k.network, Addr: k.addr, Engine: engine.DialOptions{Options: conformLimits},
		})
	}()
	nc, err := k.ln.Accept()
	if err != nil {
		return nil, err
	}
	return nc.(conformWire), nil
}

// conformMemory is our server or our client on a loop in memory: there every
// byte is a segment for certain.
type conformMemory struct {
	echo *conformEcho
	t    *testing.T
	l    *enginetest.Loop
	h    func() (engine.Handler, error)
}

func newConformMemory(t *testing.T, h func(echo *conformEcho) (engine.Handler, error)) conformTarget {
	t.Helper()
	m := &conformMemory{echo: &conformEcho{}, t: t, l: memory(t)}
	m.h = func() (engine.Handler, error) { return h(m.echo) }
	return m
}

func (m *conformMemory) connect() (conformWire, error) {
	h, err := m.h()
	if err != nil {
		return nil, err
	}
	p, err := m.l.Try(h, conformLimits, nil)
	if err != nil {
		return nil, fmt.Errorf("OnOpen: %w", err)
	}
	return &memoryWire{Peer: p}, nil
}

func (m *conformMemory) close(t *testing.T) {
	m.l.Close()
	m.echo.check(t)
}
