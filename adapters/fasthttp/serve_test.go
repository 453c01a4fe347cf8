package fasthttp_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	adapter "github.com/sockeye-io/sockeye/adapters/fasthttp"
	"github.com/sockeye-io/sockeye/engine"
	"github.com/valyala/fasthttp"
)

// started serves h on an engine of its own and returns the address.
func started(t testing.TB, h fasthttp.RequestHandler, o adapter.ServeOptions) (addr string, s *adapter.HTTPServer) {
	t.Helper()
	_, addr, s = startedOn(t, 2, h, o)
	return addr, s
}

// startedOn is started with so many loops, and returns the engine too.
func startedOn(t testing.TB, loops int, h fasthttp.RequestHandler, o adapter.ServeOptions) (e *engine.Engine, addr string, s *adapter.HTTPServer) {
	t.Helper()
	s, err := adapter.NewHTTPServer(h, o)
	if err != nil {
		t.Fatal(err)
	}
	e, err = engine.New(engine.Config{Loops: loops})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := s.Listen(e, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- e.Serve(context.Background()) }()
	t.Cleanup(func() {
		_ = e.Close()
		if err := <-served; !errors.Is(err, engine.ErrServerClosed) {
			t.Error(err)
		}
	})
	return e, ln.Addr().String(), s
}

func dialed(t testing.TB, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(20 * time.Second))
	return c
}

func send(t testing.TB, c net.Conn, s string) {
	t.Helper()
	if _, err := io.WriteString(c, s); err != nil {
		t.Fatal(err)
	}
}

// answer reads one response.
func answer(t testing.TB, br *bufio.Reader, head bool) (status int, body string, closing bool) {
	t.Helper()
	r := fasthttp.AcquireResponse()
	defer fasthttp.ReleaseResponse(r)
	r.SkipBody = head
	if err := r.Read(br); err != nil {
		t.Fatal(err)
	}
	return r.StatusCode(), string(r.Body()), r.ConnectionClose()
}

func echo(ctx *fasthttp.RequestCtx) {
	ctx.SetBodyString(string(ctx.Method()) + " " + string(ctx.RequestURI()) + " " + string(ctx.PostBody()))
}

// modes runs f with the pool and on the loop.
func modes(t *testing.T, f func(t *testing.T, o adapter.ServeOptions)) {
	for name, o := range map[string]adapter.ServeOptions{"pool": {}, "loop": {OnLoop: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, o)
		})
	}
}

func TestServeKeepAlive(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, o adapter.ServeOptions) {
		addr, s := started(t, echo, o)
		c := dialed(t, addr)
		br := bufio.NewReader(c)
		for range 3 {
			send(t, c, "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc")
			if status, body, closing := answer(t, br, false); status != 200 || body != "POST /a abc" || closing {
				t.Fatal(status, body, closing)
			}
		}
		send(t, c, "GET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		if status, body, closing := answer(t, br, false); status != 200 || body != "GET /b " || !closing {
			t.Fatal(status, body, closing)
		}
		if _, err := br.ReadByte(); err != io.EOF {
			t.Fatal(err)
		}
		if got := s.Stats(); got.Requests != 4 || got.Left != 0 || got.Mismatched != 0 {
			t.Fatalf("%+v", got)
		}
	})
}

func TestServePipelined(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, o adapter.ServeOptions) {
		addr, s := started(t, echo, o)
		c := dialed(t, addr)
		br := bufio.NewReader(c)
		const n = 500
		go func() {
			_, _ = io.WriteString(c, strings.Repeat("POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", n))
		}()
		for range n {
			if status, body, _ := answer(t, br, false); status != 200 || body != "POST /p abc" {
				t.Fatal(status, body)
			}
		}
		if got := s.Stats(); got.Requests != n || got.Left != 0 || got.Mismatched != 0 {
			t.Fatalf("%+v", got)
		}
	})
}
