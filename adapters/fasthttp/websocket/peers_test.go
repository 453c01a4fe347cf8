package websocket_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	gorilla "github.com/gorilla/websocket"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
	"github.com/sockeye-io/sockeye/engine"
	sockeye "github.com/sockeye-io/sockeye/engine/websocket"
)

// settings are what the two ends agree on, or not.
type settings struct {
	server, client bool // compression
	protocols      []string
	secure         bool
}

func (s settings) String() string {
	return fmt.Sprintf("compression %t %t, subprotocols %q, TLS %t", s.server, s.client, s.protocols, s.secure)
}

// eachSettings runs a test with every combination of settings. want is what must be agreed.
func eachSettings(t *testing.T, run func(t *testing.T, s settings, deflated bool, subprotocol string)) {
	for i := range 8 {
		for protocols, subprotocol := range map[string]string{"": "", "x": "", "x,q,p": "q"} {
			s := settings{server: i&1 > 0, client: i&2 > 0, secure: i&4 > 0}
			if protocols != "" {
				s.protocols = strings.Split(protocols, ",")
			}
			t.Run(s.String(), func(t *testing.T) {
				t.Parallel()
				run(t, s, s.server && s.client, subprotocol)
			})
		}
	}
}

func (s settings) dialer() *websocket.Dialer {
	return &websocket.Dialer{EnableCompression: s.client, Subprotocols: s.protocols, TLSClientConfig: trusting()}
}

// check looks at what a Conn has agreed, and talks with an echo.
func check(t testing.TB, c *websocket.Conn, deflated bool, subprotocol string) {
	t.Helper()
	if c.Deflated() != deflated || c.Subprotocol() != subprotocol {
		t.Errorf("deflated %t, subprotocol %q; want %t, %q", c.Deflated(), c.Subprotocol(), deflated, subprotocol)
	}
	exchange(t, c)
}

// TestPeersOurs: our Dialer and our Upgrader.
func TestPeersOurs(t *testing.T) {
	t.Parallel()
	eachSettings(t, func(t *testing.T, s settings, deflated bool, subprotocol string) {
		at := served(t, s.secure, echoes(websocket.Upgrader{EnableCompression: s.server, Subprotocols: []string{"p", "q"}}))
		c, _, err := s.dialer().Dial(at, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		check(t, c, deflated, subprotocol)
	})
}

// TestPeersGorillaServer: our Dialer, and gorilla's server.
func TestPeersGorillaServer(t *testing.T) {
	t.Parallel()
	eachSettings(t, func(t *testing.T, s settings, deflated bool, subprotocol string) {
		u := gorilla.Upgrader{EnableCompression: s.server, Subprotocols: []string{"q"}}
		at := served(t, s.secure, func(w http.ResponseWriter, r *http.Request) {
			c, err := u.Upgrade(w, r, nil)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			echoUntilClosed(c)
		})
		c, _, err := s.dialer().Dial(at, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		check(t, c, deflated, subprotocol)
	})
}

// TestPeersGorillaClient: gorilla's client, and our Upgrader.
func TestPeersGorillaClient(t *testing.T) {
	t.Parallel()
	eachSettings(t, func(t *testing.T, s settings, deflated bool, subprotocol string) {
		at := served(t, s.secure, echoes(websocket.Upgrader{EnableCompression: s.server, Subprotocols: []string{"q"}}))
		d := gorilla.Dialer{EnableCompression: s.client, Subprotocols: s.protocols, TLSClientConfig: trusting()}
		c, resp, err := d.Dial(at, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if got := resp.Header.Get("Sec-Websocket-Extensions") != ""; got != deflated || c.Subprotocol() != subprotocol {
			t.Errorf("deflated %t, subprotocol %q; want %t, %q", got, c.Subprotocol(), deflated, subprotocol)
		}
		exchange(t, c)
	})
}

// echoOnLoop is a handler of engine/websocket.
type echoOnLoop struct{}

func (echoOnLoop) OnOpen(*sockeye.Conn, *sockeye.Request) error { return nil }
func (echoOnLoop) OnClose(*sockeye.Conn, error)                 {}
func (echoOnLoop) OnMessage(c *sockeye.Conn, kind sockeye.MessageType, p []byte) {
	_ = c.WriteMessage(kind, p)
}

// compressions are those that engine/websocket may want.
var compressions = map[string]func() *sockeye.Compression{
	"plain":    func() *sockeye.Compression { return &sockeye.Compression{Threshold: -1} },
	"takeover": func() *sockeye.Compression { return &sockeye.Compression{Takeover: true} },
	"window":   func() *sockeye.Compression { return &sockeye.Compression{Takeover: true, WindowBits: 10} },
}

// serveEngine runs an engine until the test is over.
func serveEngine(t testing.TB) *engine.Engine {
	t.Helper()
	e, err := engine.New(engine.Config{Loops: 1})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- e.Serve(context.Background()) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), bearing)
		defer cancel()
		_ = e.Shutdown(ctx)
		if err := <-done; !errors.Is(err, engine.ErrServerClosed) {
			t.Errorf("Serve: %v", err)
		}
	})
	return e
}

// TestPeersEngineServer: our Dialer, and the server of engine/websocket. With takeover or with
// windows of its own, it does as the Dialer asks.
func TestPeersEngineServer(t *testing.T) {
	t.Parallel()
	e := serveEngine(t)
	eachSettings(t, func(t *testing.T, s settings, deflated bool, subprotocol string) {
		for name, compression := range compressions {
			o := sockeye.Options{Subprotocols: []string{"p", "q"}, Origins: []string{"*"}}
			if s.server {
				o.Compression = compression()
			}
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			url := "ws://" + ln.Addr().String()
			if s.secure {
				ln, url = tls.NewListener(ln, serverTLS()), strings.Replace(url, "ws", "wss", 1)
			}
			l, err := e.ServeListener(ln, sockeye.NewServer(echoOnLoop{}, o), engine.ListenOptions{})
			if err != nil {
				t.Fatal(err)
			}
			c, _, err := s.dialer().Dial(url, nil)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			check(t, c, deflated, subprotocol)
			_, _ = c.Close(), l.Close()
		}
	})
}

// TestPeersEngineClient: DialClient of engine/websocket, and our Upgrader.
func TestPeersEngineClient(t *testing.T) {
	t.Parallel()
	eachSettings(t, func(t *testing.T, s settings, deflated bool, subprotocol string) {
		at := served(t, s.secure, echoes(websocket.Upgrader{EnableCompression: s.server, Subprotocols: []string{"p", "q"}}))
		for name, compression := range compressions {
			o := sockeye.DialOptions{TLS: trusting()}
			o.Subprotocols = s.protocols
			if s.client {
				o.Compression = compression()
			}
			c, err := sockeye.DialClient(t.Context(), at, o)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if c.Compressed() != deflated || c.Subprotocol() != subprotocol {
				t.Errorf("%s: compressed %t, subprotocol %q; want %t, %q", name, c.Compressed(), c.Subprotocol(), deflated, subprotocol)
			}
			exchange(t, asTalker{t.Context(), c})
			c.CloseNow()
		}
	})
}

// asTalker is a Client as a talker.
type asTalker struct {
	ctx context.Context
	*sockeye.Client
}

func (c asTalker) ReadMessage() (messageType int, p []byte, err error) {
	kind, p, err := c.Client.ReadMessage(c.ctx)
	return int(kind), p, err
}

func (c asTalker) WriteMessage(messageType int, data []byte) error {
	return c.Client.WriteMessage(c.ctx, sockeye.MessageType(messageType), data)
}
