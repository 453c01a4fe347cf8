package websocket_test

import (
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	gorilla "github.com/gorilla/websocket"
	"github.com/valyala/fasthttp"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/internal/reactor"
	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
)

// given is a connection that a test holds outside its handler.
type given struct {
	t      *testing.T
	conns  chan *websocket.Conn
	closed chan error
}

// onLoop serves connections on a loop, echoing, and tells how each ended.
func (g *given) onLoop(c *websocket.Conn) {
	g.check(c.OnClose(func(_ *websocket.Conn, err error) { g.closed <- err }))
	g.check(c.OnMessage(func(c *websocket.Conn, mt int, p []byte) { _ = c.WriteMessage(mt, p) }))
	g.conns <- c
}

func (g *given) check(err error) {
	if err != nil {
		g.t.Error(err)
	}
}

func give(t *testing.T) *given {
	return &given{t, make(chan *websocket.Conn, 100), make(chan error, 100)}
}

// within waits for what must come.
func within[T any](t *testing.T, what string, ch <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-ch:
	case <-time.After(patience):
		t.Fatalf("waited in vain for %s", what)
	}
	return v
}

// TestOnClose wants each end of a connection on a loop told, in the package's words.
func TestOnClose(t *testing.T) {
	t.Parallel()
	isClose := func(code int, text string) func(error) bool {
		return func(err error) bool {
			ce, ok := err.(*websocket.CloseError)
			return ok && ce.Code == code && ce.Text == text
		}
	}
	for _, tt := range []struct {
		name string
		end  func(t *testing.T, c *websocket.Conn, peer *gorilla.Conn)
		want func(error) bool
	}{
		{"close frame", func(_ *testing.T, _ *websocket.Conn, p *gorilla.Conn) {
			_ = p.WriteControl(gorilla.CloseMessage, gorilla.FormatCloseMessage(4000, "so"), time.Time{})
		}, isClose(4000, "so")},
		{"no status", func(_ *testing.T, _ *websocket.Conn, p *gorilla.Conn) {
			_ = p.WriteControl(gorilla.CloseMessage, nil, time.Time{})
		}, isClose(websocket.CloseNoStatusReceived, "")},
		{"gone", func(_ *testing.T, _ *websocket.Conn, p *gorilla.Conn) { _ = p.Close() }, isClose(websocket.CloseAbnormalClosure, io.ErrUnexpectedEOF.Error())},
		{"our close frame", func(t *testing.T, c *websocket.Conn, p *gorilla.Conn) {
			if err := c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(4002, "us"), time.Now().Add(patience)); err != nil {
				t.Error(err)
			}
			if _, _, err := p.ReadMessage(); !gorilla.IsCloseError(err, 4002) {
				t.Errorf("the peer read %v", err)
			}
		}, isClose(4002, "")},
		{"Close", func(t *testing.T, c *websocket.Conn, p *gorilla.Conn) {
			if err := c.Close(); err != nil {
				t.Error(err)
			}
			if _, _, err := p.ReadMessage(); !gorilla.IsCloseError(err, gorilla.CloseAbnormalClosure) {
				t.Errorf("the peer read %v", err)
			}
		}, func(err error) bool { return errors.Is(err, net.ErrClosed) }},
		{"read limit", func(_ *testing.T, c *websocket.Conn, p *gorilla.Conn) {
			c.SetReadLimit(10)
			// The limit is the loop's once something that was asked for later has come back.
			_ = c.WriteMessage(websocket.TextMessage, nil)
			_, _, _ = p.ReadMessage()
			_ = p.WriteMessage(gorilla.TextMessage, []byte("more than ten"))
			_, _, _ = p.ReadMessage()
		}, func(err error) bool { return errors.Is(err, websocket.ErrReadLimit) }},
		{"read deadline", func(t *testing.T, c *websocket.Conn, _ *gorilla.Conn) {
			if err := c.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
				t.Error(err)
			}
		}, os.IsTimeout},
		{"invalid UTF-8", func(_ *testing.T, _ *websocket.Conn, p *gorilla.Conn) {
			_ = p.WriteMessage(gorilla.TextMessage, []byte("\xff"))
		}, func(err error) bool { return strings.HasPrefix(err.Error(), "websocket: ") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := give(t)
			p := dial(t, serve(t, &websocket.FastHTTPUpgrader{}, g.onLoop))
			c := within(t, "the connection", g.conns)
			echoed(t, p, gorilla.TextMessage, "there") // so the handler has returned
			tt.end(t, c, p)
			if err := within(t, "OnClose", g.closed); !tt.want(err) {
				t.Errorf("OnClose was told %T %v", err, err)
			}
			if err := c.WriteMessage(websocket.TextMessage, nil); err == nil {
				t.Error("a write after the end has no error")
			}
			if _, _, err := c.ReadMessage(); err == nil {
				t.Error("a read after the end has no error")
			}
			_ = c.Close()
			if err := c.OnMessage(nil); !errors.Is(err, net.ErrClosed) {
				t.Errorf("OnMessage after the end: %v", err)
			}
		})
	}
}

// TestControlHandlers wants the handlers called on a loop as they are while reading.
func TestControlHandlers(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"blocking", "callback"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			heard := make(chan string, 10)
			addr := serve(t, &websocket.FastHTTPUpgrader{}, func(c *websocket.Conn) {
				c.SetPingHandler(func(s string) error {
					heard <- "ping " + s
					return c.WriteControl(websocket.PongMessage, []byte("mine"), time.Now().Add(patience))
				})
				c.SetPongHandler(func(s string) error { heard <- "pong " + s; return nil })
				c.SetCloseHandler(func(code int, text string) error {
					heard <- "close " + text
					return c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(4011, "answer"), time.Now().Add(patience))
				})
				handlers[mode](c)
			})
			p := dial(t, addr)
			pong := make(chan string, 1)
			p.SetPongHandler(func(s string) error { pong <- s; return nil })
			_ = p.WriteControl(gorilla.PingMessage, []byte("a"), time.Time{})
			_ = p.WriteControl(gorilla.PongMessage, []byte("b"), time.Time{})
			_ = p.WriteControl(gorilla.CloseMessage, gorilla.FormatCloseMessage(4010, "c"), time.Time{})
			if _, _, err := p.ReadMessage(); !gorilla.IsCloseError(err, 4011) {
				t.Errorf("the close frame was answered with %v", err)
			}
			if got := within(t, "the pong", pong); got != "mine" {
				t.Errorf("pong %q", got)
			}
			for _, want := range []string{"ping a", "pong b", "close c"} {
				if got := within(t, want, heard); got != want {
					t.Errorf("heard %q, want %q", got, want)
				}
			}
		})
	}
}

// TestHandlerEnds wants a connection closed when its handler is done with it.
func TestHandlerEnds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		handler func(c *websocket.Conn)
		code    int
	}{
		{"returns", func(*websocket.Conn) {}, gorilla.CloseAbnormalClosure},
		{"closes twice", func(c *websocket.Conn) { _ = c.Close(); _ = c.Close() }, gorilla.CloseAbnormalClosure},
		{"panics", func(*websocket.Conn) { panic("on purpose") }, gorilla.CloseInternalServerErr},
		{"panics after OnMessage", func(c *websocket.Conn) { echoByLoop(c); panic("on purpose") }, gorilla.CloseInternalServerErr},
		{"closes after OnMessage", func(c *websocket.Conn) { echoByLoop(c); _ = c.Close() }, gorilla.CloseAbnormalClosure},
		{"OnClose alone", func(c *websocket.Conn) { _ = c.OnClose(func(*websocket.Conn, error) {}) }, gorilla.CloseAbnormalClosure},
	} {
		for _, keep := range []bool{false, true} {
			if keep && tt.code == gorilla.CloseAbnormalClosure && !strings.Contains(tt.name, "closes") {
				continue // as with the original: the application closes
			}
			t.Run(tt.name, func(t *testing.T) {
				t.Parallel()
				kept := make(chan *websocket.Conn, 1)
				addr := serve(t, &websocket.FastHTTPUpgrader{}, func(c *websocket.Conn) {
					kept <- c
					tt.handler(c)
				}, func(s *fasthttp.Server) { s.KeepHijackedConns = keep })
				p := dial(t, addr)
				if _, _, err := p.ReadMessage(); !gorilla.IsCloseError(err, tt.code) {
					t.Errorf("the peer read %v", err)
				}
				// Who keeps the connection gets errors, and nobody else's bytes.
				c := <-kept
				_ = c.Close() // the handler's may be still to come
				for range 3 {
					if err := c.WriteMessage(websocket.TextMessage, []byte("late")); err == nil {
						t.Error("a late write has no error")
					}
					if _, _, err := c.ReadMessage(); err == nil {
						t.Error("a late read has no error")
					}
					if err := c.Close(); err == nil {
						t.Error("a late Close has no error")
					}
				}
			})
		}
	}
}

// TestWriters lets many goroutines write in every mode, some of them longer than the
// connection lives. Each message has to come whole, to the peer it is for.
func TestWriters(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"blocking", "callback"} {
		for _, compress := range []bool{false, true} {
			t.Run(mode, func(t *testing.T) {
				t.Parallel()
				const writers, messages = 8, 50
				var running sync.WaitGroup
				addr := serve(t, &websocket.FastHTTPUpgrader{EnableCompression: compress}, func(c *websocket.Conn) {
					id := c.RemoteAddr().String()
					for range writers {
						running.Go(func() {
							for i := range messages {
								p := []byte(strings.Repeat(id+" ", 1+i*7))
								var err error
								switch i % 4 {
								case 0:
									err = c.WriteMessage(websocket.TextMessage, p)
								case 1:
									err = c.WriteJSON(string(p))
								case 2:
									pm, _ := websocket.NewPreparedMessage(websocket.BinaryMessage, p)
									err = c.WritePreparedMessage(pm)
								case 3:
									_ = c.WriteControl(websocket.PingMessage, []byte(id), time.Now().Add(patience))
								}
								if err != nil {
									return
								}
							}
						})
					}
					handlers[mode](c)
				})
				const peers = 10
				var reading sync.WaitGroup
				for n := range peers {
					reading.Go(func() {
						d := gorilla.Dialer{EnableCompression: compress}
						p, _, err := d.Dial("ws://"+addr, nil)
						if err != nil {
							t.Error(err)
							return
						}
						defer p.Close()
						_ = p.SetReadDeadline(time.Now().Add(patience))
						id := p.LocalAddr().String()
						want := writers * messages * 3 / 4
						if n%2 == 0 {
							want /= 2 // and away, in the midst of it
						}
						for range want - 10 {
							_, got, err := p.ReadMessage()
							if err != nil {
								t.Error(err)
								return
							}
							s := strings.Trim(string(got), "\"\n")
							if s != strings.Repeat(id+" ", strings.Count(s, " ")) {
								t.Errorf("%s was sent %.60q", id, s)
								return
							}
						}
					})
				}
				reading.Wait()
				running.Wait()
			})
		}
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for mode, h := range handlers {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			conns := make(chan *websocket.Conn, 1)
			addr := serve(t, &websocket.FastHTTPUpgrader{}, func(c *websocket.Conn) { conns <- c; h(c) })
			p := dial(t, addr)
			c := <-conns
			echoed(t, p, gorilla.TextMessage, "there")
			if l, r := c.LocalAddr().String(), c.RemoteAddr().String(); l != addr || r != p.LocalAddr().String() {
				t.Errorf("%s %s", l, r)
			}
			if c.NetConn().RemoteAddr().String() != p.LocalAddr().String() {
				t.Error("NetConn is of somebody else")
			}
			_ = p.Close()
		})
	}
}

// TestModes counts the connections of each mode.
func TestModes(t *testing.T) { // not parallel: others would count too
	g := give(t)
	blocking, callback, upgraded := reactor.Blocking.Open(), reactor.Callback.Open(), reactor.Upgraded.Load()
	addr := serveHandler(t, func(ctx *fasthttp.RequestCtx) {
		h := websocket.FastHTTPHandler(echo)
		if string(ctx.Path()) == "/loop" {
			h = g.onLoop
		}
		_ = (&websocket.FastHTTPUpgrader{}).Upgrade(ctx, h)
	})
	var peers []*gorilla.Conn
	for i := range 10 {
		path := []string{"/", "/loop"}[i%2]
		p, _, err := gorilla.DefaultDialer.Dial("ws://"+addr+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		guard(t, p)
		echoed(t, p, gorilla.TextMessage, "there")
		peers = append(peers, p)
	}
	if b, c, u := reactor.Blocking.Open()-blocking, reactor.Callback.Open()-callback, reactor.Upgraded.Load()-upgraded; b != 5 || c != 5 || u != 10 {
		t.Errorf("%d blocking, %d on loops, of %d", b, c, u)
	}
	for i, p := range peers {
		_ = p.Close()
		if i%2 == 1 {
			_ = within(t, "OnClose", g.closed)
		}
	}
}
