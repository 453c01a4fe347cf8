package websocket_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	gorilla "github.com/gorilla/websocket"
	"github.com/valyala/fasthttp"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/internal/reactor"
	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
)

// clogging is a listener of connections whose peers stop to read at some time.
type clogging struct {
	net.Listener
	clog chan struct{} // closed when they do
}

func (l clogging) Accept() (net.Conn, error) {
	nc, err := l.Listener.Accept()
	return &clogged{Conn: nc, clog: l.clog, closed: make(chan struct{})}, err
}

type clogged struct {
	net.Conn
	clog, closed chan struct{}
	once         sync.Once
}

func (c *clogged) Write(p []byte) (int, error) {
	select {
	case <-c.clog:
		<-c.closed
		return 0, net.ErrClosed
	default:
		return c.Conn.Write(p)
	}
}

func (c *clogged) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

// TestCutTLS lets a Shutdown without time end a connection of TLS whose peer does not read the farewell.
func TestCutTLS(t *testing.T) { // not parallel: it ends everybody's connections
	cert, pool := ownCertificate(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	under := clogging{ln, make(chan struct{})}
	addr := serveOn(t, tls.NewListener(under, &tls.Config{Certificates: []tls.Certificate{cert}}), func(ctx *fasthttp.RequestCtx) {
		_ = (&websocket.FastHTTPUpgrader{}).Upgrade(ctx, func(c *websocket.Conn) {
			_ = c.WriteControl(websocket.CloseMessage, nil, time.Now().Add(patience)) // nothing follows
			close(under.clog)
			_, _, _ = c.ReadMessage()
		})
	})
	d := gorilla.Dialer{TLSClientConfig: &tls.Config{RootCAs: pool, ServerName: "example.com"}}
	p, _, err := d.Dial("wss://"+addr, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	_ = within(t, "the handler", under.clog)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	done := make(chan error, 1)
	go func() { done <- reactor.Shutdown(ctx) }()
	if err := within(t, "Shutdown", done); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
