package websocket_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
)

// TestDialSlow ends each stage that does not end by itself: by HandshakeTimeout, by
// the deadline of the context, and by its cancellation.
func TestDialSlow(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		url   string // the server's, whose address is that of a proxy if proxy is set
		proxy string
		say   string
		then  string // behind the first bytes of the client
		after string // behind the next ones
	}{
		"handshake":          {url: "ws://"},
		"half an answer":     {url: "ws://", then: "HTTP/1.1 101 "},
		"interim":            {url: "ws://", then: "HTTP/1.1 103 \r\n\r\n"},
		"TLS":                {url: "wss://"},
		"half of TLS":        {url: "wss://", then: "\x16\x03\x03\x00\x7a\x02"},
		"CONNECT":            {url: "ws://", proxy: "http"},
		"CONNECT early":      {url: "ws://", proxy: "http", say: "HTTP/1.1 1"},
		"half of CONNECT":    {url: "ws://", proxy: "http", then: "HTTP/1.1 200"},
		"behind CONNECT":     {url: "ws://", proxy: "http", then: "HTTP/1.1 200 \r\n\r\n"},
		"TLS behind CONNECT": {url: "wss://", proxy: "http", then: "HTTP/1.1 200 \r\n\r\n"},
		"TLS to the proxy":   {url: "ws://", proxy: "https"},
		"SOCKS":              {url: "ws://", proxy: "socks5"},
		"half of SOCKS":      {url: "ws://", proxy: "socks5h", then: "\x05\x00\x05"},
		"behind SOCKS":       {url: "ws://", proxy: "socks5", then: "\x05\x00", after: "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"},
	} {
		for _, end := range []string{"HandshakeTimeout", "deadline", "cancel"} {
			t.Run(name+" "+end, func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				d := websocket.Dialer{TLSClientConfig: trusting()}
				switch end {
				case "HandshakeTimeout":
					d.HandshakeTimeout = 50 * time.Millisecond
				case "deadline":
					var stop context.CancelFunc
					ctx, stop = context.WithTimeout(ctx, 50*time.Millisecond)
					defer stop()
				}
				at := scripted(t, func(nc net.Conn) error {
					_, _ = io.WriteString(nc, tt.say)
					_, _ = nc.Read(make([]byte, 1000))
					_, _ = io.WriteString(nc, tt.then)
					if tt.after != "" {
						_, _ = nc.Read(make([]byte, 1000))
						_, _ = io.WriteString(nc, tt.after)
						_, _ = nc.Read(make([]byte, 1000)) // the handshake
					}
					if end == "cancel" {
						cancel()
					}
					return untilClosed(nc)
				})
				u := tt.url + at
				if tt.proxy != "" {
					u = tt.url + "127.0.0.1:1/"
					d.Proxy = http.ProxyURL(&url.URL{Scheme: tt.proxy, Host: at})
				}
				c, resp, err := d.DialContext(ctx, u, nil)
				if c != nil || resp != nil {
					t.Errorf("got %v, %v", c, resp)
				}
				var timeout net.Error
				if end == "cancel" {
					if !errors.Is(err, context.Canceled) {
						t.Errorf("got %v, want context.Canceled", err)
					}
				} else if !errors.As(err, &timeout) || !timeout.Timeout() {
					t.Errorf("got %v, want a timeout", err)
				}
			})
		}
	}
}

// TestDialSlowFunctions ends dial functions that do not end by themselves.
func TestDialSlowFunctions(t *testing.T) {
	t.Parallel()
	deaf := func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	for name, d := range map[string]websocket.Dialer{
		"NetDialContext":    {NetDialContext: deaf},
		"NetDialTLSContext": {NetDialTLSContext: deaf},
		"proxy":             {NetDialContext: deaf, Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: "a"})},
	} {
		d.HandshakeTimeout = 50 * time.Millisecond
		if _, _, err := d.Dial("wss://a/", nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v, want a timeout", name, err)
		}
	}
}

// TestDialSlowNetDial: NetDial cannot be told, and what it connects to later is closed.
func TestDialSlowNetDial(t *testing.T) {
	t.Parallel()
	ours, theirs := net.Pipe()
	defer theirs.Close()
	dialling, answer := make(chan struct{}), make(chan struct{})
	d := websocket.Dialer{NetDial: func(string, string) (net.Conn, error) {
		close(dialling)
		<-answer
		return ours, nil
	}}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-dialling
		cancel()
	}()
	if _, _, err := d.DialContext(ctx, "ws://a/", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	close(answer)
	_ = theirs.SetDeadline(time.Now().Add(bearing))
	if n, err := theirs.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the connection was not closed: %d, %v", n, err)
	}
}

// TestDialOverAtOnce: a negative timeout is over at once, and so is a cancelled context;
// both also when the dial function does not care.
func TestDialOverAtOnce(t *testing.T) {
	t.Parallel()
	at := scripted(t, untilClosed)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for name, d := range map[string]websocket.Dialer{
		"net.Dialer":     {},
		"NetDial":        {NetDial: net.Dial},
		"NetDialContext": {NetDialContext: func(_ context.Context, network, addr string) (net.Conn, error) { return net.Dial(network, addr) }},
	} {
		if _, _, err := d.DialContext(over, "ws://"+at, nil); err == nil {
			t.Errorf("%s: dialled in a context that is over", name)
		}
		d.HandshakeTimeout = -1
		if _, _, err := d.Dial("ws://"+at, nil); !os.IsTimeout(err) && !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v, want a timeout", name, err)
		}
	}
}

// TestDialDeadlineGone: neither HandshakeTimeout nor the context count once the dial
// is done.
func TestDialDeadlineGone(t *testing.T) {
	t.Parallel()
	later := make(chan struct{})
	at := scripted(t, func(nc net.Conn) error {
		accept(t, nc)
		<-later
		_, _ = nc.Write([]byte("\x81\x05hello"))
		return untilClosed(nc)
	})
	ctx, cancel := context.WithTimeout(t.Context(), bearing)
	d := websocket.Dialer{HandshakeTimeout: bearing}
	c, _, err := d.DialContext(ctx, "ws://"+at, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	cancel()
	close(later)
	if _, p, err := c.ReadMessage(); err != nil || string(p) != "hello" {
		t.Errorf("ReadMessage = %q, %v", p, err)
	}
}

// TestDialCancelAnytime cancels a dial at any point of it, the last ones too: there is a
// Conn that works, or an error and a connection that is closed.
func TestDialCancelAnytime(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{false, true} {
		at := served(t, secure, echoes(websocket.Upgrader{}))
		proxy := (&socks{}).start(t)
		var all sync.WaitGroup
		for i := range 100 {
			all.Go(func() {
				ctx, cancel := context.WithCancel(t.Context())
				var closed atomic.Int32
				d := websocket.Dialer{TLSClientConfig: trusting(), NetDialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
					nc, err := new(net.Dialer).DialContext(ctx, network, addr)
					if err != nil {
						return nil, err
					}
					// The n-th operation is the last one that knows nothing of it.
					return &cancelling{Conn: nc, left: 1 + int32(i%20), cancel: cancel, closed: &closed}, nil
				}}
				if i%3 == 0 {
					d.Proxy = http.ProxyURL(proxy)
				}
				c, _, err := d.DialContext(ctx, at, nil)
				cancel()
				if err != nil {
					if !errors.Is(err, context.Canceled) || closed.Load() == 0 {
						t.Errorf("%v, closed %d times", err, closed.Load())
					}
					return
				}
				exchange(t, c)
				_ = c.Close()
			})
		}
		all.Wait()
	}
}

// cancelling cancels a context after some operations.
type cancelling struct {
	net.Conn
	left   int32
	cancel func()
	closed *atomic.Int32
}

func (c *cancelling) step() {
	if c.left--; c.left == 0 {
		c.cancel()
	}
}

func (c *cancelling) Read(p []byte) (int, error) {
	c.step()
	defer c.step()
	return c.Conn.Read(p)
}

func (c *cancelling) Write(p []byte) (int, error) {
	c.step()
	defer c.step()
	return c.Conn.Write(p)
}

func (c *cancelling) Close() error {
	c.closed.Add(1)
	return c.Conn.Close()
}
