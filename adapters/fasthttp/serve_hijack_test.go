package fasthttp_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	adapter "github.com/sockeye-io/sockeye/adapters/fasthttp"
	"github.com/sockeye-io/sockeye/adapters/fasthttp/internal/reactor"
	"github.com/sockeye-io/sockeye/engine/websocket"
	"github.com/valyala/fasthttp"
)

const upgrade = "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: thing\r\n\r\n"

// switching answers 101 and lets h have the connection.
func switching(h func(c net.Conn)) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		if string(ctx.Path()) != "/ws" {
			echo(ctx)
			return
		}
		ctx.SetStatusCode(fasthttp.StatusSwitchingProtocols)
		ctx.Response.Header.Set("Connection", "Upgrade")
		ctx.Response.Header.Set("Upgrade", "thing")
		ctx.Hijack(h)
	}
}

func expect101(t *testing.T, br *bufio.Reader) {
	t.Helper()
	for i := 0; ; i++ {
		line, err := br.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 && !strings.HasPrefix(line, "HTTP/1.1 101 ") {
			t.Fatal(line)
		}
		if line == "\r\n" {
			return
		}
	}
}

// A hijacked connection is a net.Conn that gives back what it gets: whatever comes
// behind the request is not HTTP.
func TestServeHijack(t *testing.T) {
	t.Parallel()
	early := map[string]string{
		"nothing early": "",
		"early":         "abc",
		"no request":    "GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n",
	}
	modes(t, func(t *testing.T, o adapter.ServeOptions) {
		for name, early := range early {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				addr, s := started(t, switching(func(c net.Conn) { _, _ = io.Copy(c, struct{ io.Reader }{c}) }), o)
				c := dialed(t, addr)
				br := bufio.NewReader(c)
				send(t, c, "GET /0 HTTP/1.1\r\nHost: x\r\n\r\n"+upgrade+early)
				if status, body, _ := answer(t, br, false); status != 200 || body != "GET /0 " {
					t.Fatal(status, body)
				}
				expect101(t, br)
				send(t, c, "late")
				_ = c.(*net.TCPConn).CloseWrite()
				if p, err := io.ReadAll(br); string(p) != early+"late" || err != nil {
					t.Fatalf("%q %v", p, err)
				}
				if got := s.Stats(); got.Requests != 2 || got.Hijacked != 1 {
					t.Fatalf("%+v", got)
				}
			})
		}
	})
}

// Writing does not take a hijacked connection from its loop, nor does a Read whose
// deadline has passed; what was read early is given first.
func TestServeHijackOnLoop(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, o adapter.ServeOptions) {
		result := make(chan error, 1)
		h := switching(func(c net.Conn) {
			result <- func() error {
				held, ok := c.(interface{ UnsafeConn() net.Conn }).UnsafeConn().(reactor.Held)
				if !ok {
					return errors.New("not Held")
				}
				if held.RemoteAddr().String() == "" || held.LocalAddr().String() == "" {
					return errors.New("no address")
				}
				_ = held.SetReadDeadline(time.Unix(1, 0))
				var p [8]byte
				n, err := held.Read(p[:])
				if err != nil || string(p[:n]) != "early" {
					return errors.New("not early: " + string(p[:n]))
				}
				if _, err = held.Read(p[:]); !errors.Is(err, os.ErrDeadlineExceeded) {
					return err
				}
				if _, err = held.Write([]byte("hello")); err != nil {
					return err
				}
				return nil
			}()
		})
		addr, server := started(t, h, o)
		c := dialed(t, addr)
		br := bufio.NewReader(c)
		send(t, c, upgrade+"early")
		expect101(t, br)
		if err := <-result; err != nil {
			t.Fatal(err)
		}
		if server.Stats().Left != 0 {
			t.Fatal("left its loop")
		}
		if p, err := io.ReadAll(br); string(p) != "hello" || err != nil {
			t.Fatalf("%q %v", p, err)
		}
	})
}

type echoes struct{ opened, closed chan struct{} }

func (e echoes) OnOpen(*websocket.Conn, *websocket.Request) error { e.opened <- struct{}{}; return nil }

func (e echoes) OnMessage(c *websocket.Conn, t websocket.MessageType, p []byte) {
	_ = c.WriteMessage(t, p)
}
func (e echoes) OnClose(*websocket.Conn, error) { e.closed <- struct{}{} }

// A hijacked connection goes on as a WebSocket, on its loop when nothing is in hand.
func TestServeHijackAdopt(t *testing.T) {
	t.Parallel()
	masked := func(text string) string {
		return string([]byte{0x81, byte(0x80 | len(text)), 0, 0, 0, 0}) + text
	}
	for name, early := range map[string]string{"in place": "", "early": masked("early"), "half a frame": masked("early")[:4]} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			modes(t, func(t *testing.T, o adapter.ServeOptions) {
				h := echoes{make(chan struct{}, 1), make(chan struct{}, 1)}
				ws := websocket.NewServer(h, websocket.Options{})
				result := make(chan error, 1)
				addr, s := started(t, switching(func(c net.Conn) {
					handle, err := c.(interface{ UnsafeConn() net.Conn }).UnsafeConn().(reactor.Held).Adopt(ws, nil, websocket.Upgraded{})
					if err == nil {
						err = handle.WriteMessage(websocket.Text, []byte("hi"))
					}
					result <- err
				}), o)
				c := dialed(t, addr)
				br := bufio.NewReader(c)
				send(t, c, upgrade+early)
				expect101(t, br)
				if err := <-result; err != nil {
					t.Fatal(err)
				}
				<-h.opened
				want := "\x81\x02hi"
				switch name {
				case "early":
					// It may be answered before or after the message of the server.
				case "half a frame":
					send(t, c, masked("early")[4:])
				case "in place":
					if n := s.Stats().Left; n != 0 {
						t.Fatal("left")
					}
					send(t, c, masked("early"))
				}
				got := make([]byte, len(want)+7)
				if _, err := io.ReadFull(br, got); err != nil {
					t.Fatal(err)
				}
				if a, b := want+"\x81\x05early", "\x81\x05early"+want; string(got) != a && string(got) != b {
					t.Fatalf("%q", got)
				}
				_ = c.Close()
				<-h.closed
				if n := s.Stats().Conns; n != 0 {
					t.Fatal(n)
				}
			})
		})
	}
}
