package engine_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockeye-io/sockeye/engine"
)

func TestListenErrors(t *testing.T) {
	t.Parallel()
	e := start(t, engine.Config{Loops: 1})
	busy := listen(t, e, "tcp", "127.0.0.1:0", echo{}, engine.ListenOptions{})
	dir := t.TempDir()
	listen(t, e, "unix", dir+"/busy", echo{}, engine.ListenOptions{})
	if err := os.WriteFile(dir+"/file", []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, network, addr string
		o                   engine.ListenOptions
		is                  error
		says                string
	}{
		{"busy tcp", "tcp", busy.Addr().String(), engine.ListenOptions{}, syscall.EADDRINUSE, ""},
		{"busy unix", "unix", dir + "/busy", engine.ListenOptions{}, syscall.EADDRINUSE, ""},
		{"a file that is no socket", "unix", dir + "/file", engine.ListenOptions{}, syscall.EADDRINUSE, ""},
		{"no such directory", "unix", dir + "/no/s", engine.ListenOptions{}, syscall.ENOENT, ""},
		{"unknown network", "sctp", "127.0.0.1:0", engine.ListenOptions{}, nil, "sctp"},
		{"no network", "", "127.0.0.1:0", engine.ListenOptions{}, nil, "listen"},
		{"bad address", "tcp", "127.0.0.1:http:x", engine.ListenOptions{}, nil, "engine:"},
		{"udp without OnPacket", "udp", "127.0.0.1:0", engine.ListenOptions{}, nil, "OnPacket"},
		{"low over high water", "tcp", "127.0.0.1:0", engine.ListenOptions{Options: engine.Options{HighWater: 1, LowWater: 2}}, nil, "LowWater 2 is over HighWater 1"},
		{"negative low water", "tcp", "127.0.0.1:0", engine.ListenOptions{Options: engine.Options{LowWater: -1}}, nil, "LowWater"},
	} {
		_, err := e.Listen(tt.network, tt.addr, echo{}, tt.o)
		if err == nil || tt.is != nil && !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.says) || !strings.HasPrefix(err.Error(), "engine: ") {
			t.Errorf("%s: %v", tt.name, err)
		}
	}
	if b, err := os.ReadFile(dir + "/file"); err != nil || string(b) != "precious" {
		t.Errorf("the file was touched: %q, %v", b, err)
	}
}

func TestConfigErrors(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]engine.Config{
		"Loops": {Loops: -1}, "Loops is 257": {Loops: 257}, "MaxConns": {MaxConns: -1},
		"ReadBuffer": {ReadBuffer: -1}, "MailboxBytes": {MailboxBytes: -1},
	} {
		if _, err := engine.New(cfg); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
}

// TestReusePort lets two engines share a port, as two processes would.
func TestReusePort(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"tcp4", "udp4"} {
		a, b := start(t, engine.Config{Loops: 1}), start(t, engine.Config{Loops: 1})
		shared := engine.ListenOptions{ReusePort: true}
		ln := listen(t, a, network, "127.0.0.1:0", udpEcho{}, shared)
		if _, err := b.Listen(network, ln.Addr().String(), udpEcho{}, engine.ListenOptions{}); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("%s: a second listener without ReusePort: %v", network, err)
		}
		listen(t, b, network, ln.Addr().String(), udpEcho{}, shared)
		for range 20 {
			roundTrip(t, dial(t, ln.Addr()), "x")
		}
	}
}

// TestListenStaleSocketFile replaces the file of a server that died.
func TestListenStaleSocketFile(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"unix", "unixpacket"} {
		path := t.TempDir() + "/s"
		old, err := net.ListenUnix(network, &net.UnixAddr{Name: path, Net: network})
		if err != nil {
			t.Fatal(err)
		}
		old.SetUnlinkOnClose(false)
		_ = old.Close()
		e := start(t, engine.Config{Loops: 1})
		ln := listen(t, e, network, path, echo{}, engine.ListenOptions{})
		roundTrip(t, dial(t, ln.Addr()), "hello")
		// Closing takes our file away, so that the next finds none.
		_ = ln.Close()
		if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: the socket file is still there: %v", network, err)
		}
	}
}

// TestListenerClose stops accepting and leaves the connections alone.
func TestListenerClose(t *testing.T) {
	t.Parallel()
	e := start(t, engine.Config{Loops: 2})
	ln := listen(t, e, "tcp", "127.0.0.1:0", echo{}, engine.ListenOptions{})
	nc := dial(t, ln.Addr())
	roundTrip(t, nc, "before")
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
	_ = ln.Close() // twice is allowed
	if other, err := net.Dial("tcp", ln.Addr().String()); err == nil {
		_ = other.Close()
		t.Error("a closed listener accepts")
	}
	roundTrip(t, nc, "after")
	again := listen(t, e, "tcp", ln.Addr().String(), echo{}, engine.ListenOptions{})
	roundTrip(t, dial(t, again.Addr()), "on the same port")
}

// TestListenerCloseWhileAccepting wants no OnOpen after Close has returned.
func TestListenerCloseWhileAccepting(t *testing.T) {
	t.Parallel()
	e := start(t, engine.Config{Loops: 2})
	for range 20 {
		var mu sync.Mutex
		closed := false
		ln := listen(t, e, "tcp", "127.0.0.1:0", &funcs{open: func(*engine.Conn) error {
			mu.Lock()
			defer mu.Unlock()
			if closed {
				t.Error("OnOpen after Listener.Close has returned")
			}
			return nil
		}}, engine.ListenOptions{})
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for {
					nc, err := net.Dial("tcp", ln.Addr().String())
					if err != nil {
						return
					}
					_ = nc.Close()
				}
			})
		}
		roundTripRaw(t, ln.Addr())
		_ = ln.Close()
		mu.Lock()
		closed = true
		mu.Unlock()
		wg.Wait()
	}
}

func roundTripRaw(t testing.TB, a net.Addr) {
	t.Helper()
	nc := dial(t, a)
	_ = nc.Close()
}

// TestListenBeforeServe keeps what dials meanwhile waiting.
func TestListenBeforeServe(t *testing.T) {
	t.Parallel()
	e, err := engine.New(engine.Config{Loops: 1})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := e.Listen("tcp", "127.0.0.1:0", echo{}, engine.ListenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if a := ln.Addr().(*net.TCPAddr); a.Port == 0 {
		t.Error("port 0 tells no port")
	}
	nc := dial(t, ln.Addr())
	closed := listen(t, e, "tcp", "127.0.0.1:0", echo{}, engine.ListenOptions{})
	if err := closed.Close(); err != nil {
		t.Errorf("Close before Serve: %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	done := make(chan error, 1)
	go func() { done <- e.Serve(ctx) }()
	roundTrip(t, nc, "at last")
	late := listen(t, e, "unix", "@sockeye-test-late", echo{}, engine.ListenOptions{})
	roundTrip(t, dial(t, late.Addr()), "added while serving")
	cancel(errOwn)
	if err := wait(t, done, "end of Serve"); !errors.Is(err, errOwn) {
		t.Errorf("Serve: %v, want the cause of its context", err)
	}
	if _, err := io.ReadAll(nc); err == nil && e.Stats().Open != 0 {
		t.Error("the connection outlived Serve")
	}
	if err := e.Serve(t.Context()); !errors.Is(err, engine.ErrServerClosed) {
		t.Errorf("Serve again: %v", err)
	}
}

// TestServeListener serves listeners made by others.
func TestServeListener(t *testing.T) {
	t.Parallel()
	e := start(t, engine.Config{Loops: 1})
	for _, tt := range []struct{ network, addr string }{
		{"tcp", "127.0.0.1:0"}, {"unix", t.TempDir() + "/s"}, {"unixpacket", t.TempDir() + "/p"},
	} {
		inner, err := net.Listen(tt.network, tt.addr)
		if err != nil {
			t.Fatal(err)
		}
		ln, err := e.ServeListener(inner, echo{}, engine.ListenOptions{})
		if err != nil {
			t.Fatal(err)
		}
		roundTrip(t, dial(t, ln.Addr()), "hello")
	}
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.ServeListener(inner, echo{}, engine.ListenOptions{Options: engine.Options{LowWater: -1}}); err == nil {
		t.Error("bad options were accepted")
	}
	if _, err := inner.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the refused listener was not closed: %v", err)
	}
}

func TestMaxConns(t *testing.T) {
	t.Parallel()
	e := start(t, engine.Config{Loops: 2, MaxConns: 3})
	opened, closed := make(chan engine.Handle, 10), make(chan error, 10)
	ln := listen(t, e, "tcp", "127.0.0.1:0", &noting{&funcs{
		open: func(c *engine.Conn) error { opened <- c.Handle(); return nil },
		data: echo{}.OnData,
	}, closed}, engine.ListenOptions{Options: abrupt})
	var held []net.Conn
	for range 3 {
		nc := dial(t, ln.Addr())
		roundTrip(t, nc, "in")
		held = append(held, nc)
	}
	for range 5 {
		nc := dial(t, ln.Addr())
		if n, err := nc.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Fatal("one connection too many is served")
		}
	}
	for _, nc := range held {
		roundTrip(t, nc, "still here")
	}
	_ = held[0].Close()
	if err := wait(t, closed, "OnClose"); !errors.Is(err, io.EOF) {
		t.Errorf("closed with %v, want EOF", err)
	}
	// The count goes down just after OnClose.
	for {
		nc := dial(t, ln.Addr())
		if _, err := nc.Write([]byte("x")); err == nil {
			if n, _ := nc.Read(make([]byte, 1)); n == 1 {
				break
			}
		}
	}
	st := e.Stats()
	if st.Open != 3 || st.Refused < 5 || st.Accepted != st.Refused+4 {
		t.Errorf("Open %d, Refused %d, Accepted %d", st.Open, st.Refused, st.Accepted)
	}
}

// TestKeepAlive reads back what Listen has set on the connections.
func TestKeepAlive(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		set     time.Duration
		seconds int // 0: off
	}{{0, 300}, {time.Minute, 60}, {10 * time.Millisecond, 1}, {-1, 0}} {
		e := start(t, engine.Config{Loops: 1})
		ln := listen(t, e, "tcp", "127.0.0.1:0", echo{}, engine.ListenOptions{KeepAlive: tt.set})
		nc := dial(t, ln.Addr())
		roundTrip(t, nc, "x")
		on, idle := -1, -1
		for _, fd := range connectedTo(nc.LocalAddr()) {
			on, _ = unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE)
			idle, _ = unix.GetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPIDLE)
		}
		if on != min(tt.seconds, 1) || tt.seconds > 0 && idle != tt.seconds {
			t.Errorf("KeepAlive %v: on %d, idle %d s, want %d", tt.set, on, idle, tt.seconds)
		}
	}
}

// connectedTo returns the descriptors of this process whose peer is a, an IPv4
// address.
func connectedTo(a net.Addr) (fds []int) {
	for name := range descriptors() {
		fd, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		sa, err := unix.Getpeername(fd)
		if in4, ok := sa.(*unix.SockaddrInet4); err == nil && ok &&
			netip.AddrPortFrom(netip.AddrFrom4(in4.Addr), uint16(in4.Port)).String() == a.String() {
			fds = append(fds, fd)
		}
	}
	return fds
}
