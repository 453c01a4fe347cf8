package fasthttp_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	adapter "github.com/sockeye-io/sockeye/adapters/fasthttp"
	"github.com/sockeye-io/sockeye/engine"
	"github.com/valyala/fasthttp"
)

func quiet() *fasthttp.Server { return &fasthttp.Server{Logger: log.New(io.Discard, "", 0)} }

const get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

func expectEnd(t *testing.T, r io.Reader) {
	t.Helper()
	if p, err := io.ReadAll(r); len(p) > 0 || err != nil {
		t.Fatalf("%q %v", p, err)
	}
}

func TestServePanic(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, o adapter.ServeOptions) {
		o.Server = quiet()
		addr, s := started(t, func(ctx *fasthttp.RequestCtx) {
			switch string(ctx.Path()) {
			case "/hijack":
				ctx.Hijack(func(net.Conn) { t.Error("hijacked") })
				panic("after Hijack")
			case "/stream":
				ctx.SetBodyStream(broken{}, -1)
			case "/":
				echo(ctx)
			default:
				panic("handler")
			}
		}, o)
		for _, path := range []string{"/handler", "/hijack"} {
			c := dialed(t, addr)
			br := bufio.NewReader(c)
			send(t, c, "GET "+path+" HTTP/1.1\r\nHost: x\r\n\r\n"+get)
			if status, body, closing := answer(t, br, false); status != 500 || body != "Internal Server Error" || !closing {
				t.Fatal(status, body, closing)
			}
			expectEnd(t, br)
		}
		c := dialed(t, addr)
		send(t, c, "GET /stream HTTP/1.1\r\nHost: x\r\n\r\n")
		if p, _ := io.ReadAll(c); bytes.HasSuffix(p, []byte("0\r\n\r\n")) {
			t.Fatalf("a whole answer: %q", p)
		}
		c = dialed(t, addr)
		send(t, c, get)
		if status, _, _ := answer(t, bufio.NewReader(c), false); status != 200 {
			t.Fatal(status)
		}
		if n := s.Stats().Panics; n != 3 {
			t.Fatal(n)
		}
	})
}

type broken struct{}

func (broken) Read([]byte) (int, error) { panic("stream") }

// When all workers are busy requests wait for them, as many as may.
func TestServeBusy(t *testing.T) {
	t.Parallel()
	release, entered := make(chan struct{}), make(chan struct{}, 3)
	addr, s := started(t, func(ctx *fasthttp.RequestCtx) {
		entered <- struct{}{}
		<-release
		echo(ctx)
	}, adapter.ServeOptions{Workers: 1, MaxWaiting: 1})
	first, second, third := dialed(t, addr), dialed(t, addr), dialed(t, addr)
	send(t, first, get)
	<-entered
	send(t, second, get)
	for s.Stats().Waiting == 0 {
		select {
		case <-entered:
			t.Fatal("two at once")
		default:
			runtime.Gosched()
		}
	}
	send(t, third, get)
	br := bufio.NewReader(third)
	if status, _, closing := answer(t, br, false); status != 503 || !closing {
		t.Fatal(status, closing)
	}
	expectEnd(t, br)
	close(release)
	for _, c := range []net.Conn{first, second} {
		if status, _, _ := answer(t, bufio.NewReader(c), false); status != 200 {
			t.Fatal(status)
		}
	}
	if got := s.Stats(); got.Refused != 1 || got.Requests != 2 {
		t.Fatalf("%+v", got)
	}
}

func TestServeTimeouts(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, o adapter.ServeOptions) {
		o.Server = quiet()
		o.Server.ReadTimeout = 100 * time.Millisecond
		addr, _ := started(t, echo, o)
		for name, sent := range map[string]string{
			"nothing": "", "head": "GET / HT", "body": "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\na",
			"odd":      "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\na",
			"odd head": "GET / HTTP/1.1\nHo",
		} {
			c := dialed(t, addr)
			send(t, c, sent)
			p, err := io.ReadAll(c)
			if err != nil {
				t.Fatal(name, err)
			}
			p = bytes.TrimPrefix(p, []byte("HTTP/1.1 100 Continue\r\n\r\n"))
			if !bytes.HasPrefix(p, []byte("HTTP/1.1 408 ")) && !bytes.HasPrefix(p, []byte("HTTP/1.1 400 ")) {
				t.Fatalf("%s: %q", name, p)
			}
		}
		c := dialed(t, addr)
		br := bufio.NewReader(c)
		for range 3 {
			send(t, c, get)
			if status, _, _ := answer(t, br, false); status != 200 {
				t.Fatal(status)
			}
		}
		expectEnd(t, br) // idle
	})
}

func TestServeShutdown(t *testing.T) {
	t.Parallel()
	s, err := adapter.NewHTTPServer(nil, adapter.ServeOptions{Server: &fasthttp.Server{Handler: echo}})
	if err != nil {
		t.Fatal(err)
	}
	release, entered := make(chan struct{}), make(chan struct{})
	busy, err := adapter.NewHTTPServer(func(ctx *fasthttp.RequestCtx) {
		close(entered)
		<-release
		echo(ctx)
	}, adapter.ServeOptions{})
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.New(engine.Config{Loops: 1})
	if err != nil {
		t.Fatal(err)
	}
	lnIdle, err := s.Listen(e, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	lnBusy, err := busy.Listen(e, "unix", filepath.Join(t.TempDir(), "s"))
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- e.Serve(context.Background()) }()
	idle := dialed(t, lnIdle.Addr().String())
	send(t, idle, get)
	brIdle := bufio.NewReader(idle)
	if status, _, closing := answer(t, brIdle, false); status != 200 || closing {
		t.Fatal(status)
	}
	c, err := net.Dial("unix", lnBusy.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	send(t, c, get)
	<-entered
	down := make(chan error, 1)
	go func() { down <- e.Shutdown(context.Background()) }()
	expectEnd(t, brIdle)
	close(release)
	br := bufio.NewReader(c)
	if status, _, closing := answer(t, br, false); status != 200 || !closing {
		t.Fatal(status, closing)
	}
	expectEnd(t, br)
	_ = c.Close()
	if err := <-down; err != nil {
		t.Fatal(err)
	}
	if err := <-served; !errors.Is(err, engine.ErrServerClosed) {
		t.Error(err)
	}
}

func TestServeLimits(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, o adapter.ServeOptions) {
		o.Server = quiet()
		o.Server.MaxRequestsPerConn, o.Server.MaxConnsPerIP = 2, 1
		addr, s := started(t, echo, o)
		for range 2 {
			c := dialed(t, addr)
			br := bufio.NewReader(c)
			send(t, c, get)
			if status, _, closing := answer(t, br, false); status != 200 || closing {
				t.Fatal(status, closing)
			}
			over := dialed(t, addr)
			if p, err := io.ReadAll(over); err != nil || !bytes.HasPrefix(p, []byte("HTTP/1.1 429 ")) {
				t.Fatalf("%q %v", p, err)
			}
			_ = over.Close()
			send(t, c, get)
			if status, _, closing := answer(t, br, false); status != 200 || !closing {
				t.Fatal(status, closing)
			}
			expectEnd(t, br)
			_ = c.Close()
			for s.Stats().Conns > 0 {
				runtime.Gosched()
			}
		}
	})
}
