package load_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/gorilla/websocket"

	"github.com/sockeye-io/sockeye/bench/load"
)

func newLoad(t *testing.T, cfg load.Config) *load.Load {
	t.Helper()
	l, err := load.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// gorillaEcho is a WebSocket echo that is none of ours; opened, if given, is called before its first read.
func gorillaEcho(t *testing.T, opened func(*websocket.Conn)) netip.AddrPort {
	t.Helper()
	return gorillaServer(t, func(c *websocket.Conn) {
		if opened != nil {
			opened(c)
		}
		for {
			kind, p, err := c.ReadMessage()
			if err != nil {
				return
			}
			if err := c.WriteMessage(kind, p); err != nil {
				return
			}
		}
	})
}

// gorillaServer gives each connection to serve, in a goroutine of its own, and closes it after.
func gorillaServer(t *testing.T, serve func(*websocket.Conn)) netip.AddrPort {
	t.Helper()
	var upgrader websocket.Upgrader
	var handlers sync.WaitGroup
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handlers.Add(1)
		defer handlers.Done()
		c, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer c.Close()
		serve(c)
	}))
	t.Cleanup(func() { server.Close(); handlers.Wait() })
	return netip.MustParseAddrPort(server.Listener.Addr().String())
}

// tcpServer gives each connection to serve, in a goroutine of its own, and closes it after.
func tcpServer(t *testing.T, serve func(net.Conn)) netip.AddrPort {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer c.Close()
				serve(c)
			})
		}
	})
	t.Cleanup(func() { ln.Close(); running.Wait() })
	return netip.MustParseAddrPort(ln.Addr().String())
}

// acceptUpgrade is the server's half of the handshake with the key of RFC 6455 section 1.3.
func acceptUpgrade(t *testing.T, c net.Conn) io.Reader {
	t.Helper()
	r := bufio.NewReader(c)
	request, err := http.ReadRequest(r)
	if err != nil {
		t.Error(err)
		return r
	}
	if key := request.Header.Get("Sec-WebSocket-Key"); key != "dGhlIHNhbXBsZSBub25jZQ==" {
		t.Errorf("key %q", key)
	}
	fmt.Fprint(c, "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n"+
		"sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")
	return r
}

// validated adds what a Config must have to cfg, for tests that connect to nobody.
func validated(cfg load.Config) load.Config {
	cfg.Address, cfg.Protocol = netip.MustParseAddrPort("127.0.0.1:9"), load.WebSocket
	return cfg
}

// nobody is an address where nobody listens.
func nobody(t *testing.T) netip.AddrPort {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return netip.MustParseAddrPort(ln.Addr().String())
}

// stoppable is an echo that takes no more connections once stop has returned.
func stoppable(t *testing.T) (addr netip.AddrPort, stop func()) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer c.Close()
				_, _ = io.Copy(c, c)
			})
		}
	})
	t.Cleanup(func() { ln.Close(); running.Wait() })
	return netip.MustParseAddrPort(ln.Addr().String()), func() { ln.Close() }
}

func histogram(t *testing.T, text string) *hdrhistogram.Histogram {
	t.Helper()
	h, err := load.Histogram(text)
	if err != nil {
		t.Fatal(err)
	}
	return h
}
