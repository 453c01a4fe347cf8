package fasthttp_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	adapter "github.com/sockeye-io/sockeye/adapters/fasthttp"
	"github.com/valyala/fasthttp"
)

// A stream is sent as it is flushed, and waits for a peer that does not read.
func TestServeStream(t *testing.T) {
	t.Parallel()
	const piece, pieces = 64 << 10, 300
	var made atomic.Int64
	step := make(chan struct{})
	addr, _ := started(t, func(ctx *fasthttp.RequestCtx) {
		if string(ctx.Path()) == "/steps" {
			ctx.SetBodyStreamWriter(func(w *bufio.Writer) {
				for range 3 {
					_, _ = w.WriteString("x")
					_ = w.Flush()
					<-step
				}
			})
			return
		}
		ctx.SetBodyStreamWriter(func(w *bufio.Writer) {
			p := bytes.Repeat([]byte("y"), piece)
			for range pieces {
				if _, err := w.Write(p); err != nil {
					return
				}
				made.Add(1)
			}
		})
	}, adapter.ServeOptions{})
	c := dialed(t, addr)
	br := bufio.NewReader(c)
	send(t, c, "GET /steps HTTP/1.1\r\nHost: x\r\n\r\n")
	for seen := 0; seen < 3; {
		line, err := br.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if line == "x\r\n" {
			seen++
			step <- struct{}{} // the next one is made only now
		}
	}
	for line := ""; line != "0\r\n"; {
		line, _ = br.ReadString('\n')
	}
	_, _ = br.ReadString('\n')
	send(t, c, "GET /much HTTP/1.1\r\nHost: x\r\n\r\n")
	if _, err := br.Peek(1); err != nil {
		t.Fatal(err)
	}
	var r fasthttp.Response
	if err := r.Read(br); err != nil {
		t.Fatal(err)
	}
	if len(r.Body()) != piece*pieces || made.Load() != pieces {
		t.Fatal(len(r.Body()))
	}
}

// A peer that does not read at all holds a worker no longer than WriteTimeout.
func TestServeWriteTimeout(t *testing.T) {
	t.Parallel()
	ended := make(chan error, 1)
	server := quiet()
	server.WriteTimeout = 100 * time.Millisecond
	addr, s := started(t, func(ctx *fasthttp.RequestCtx) {
		ctx.SetBodyStreamWriter(func(w *bufio.Writer) {
			p := make([]byte, 64<<10)
			for {
				if _, err := w.Write(p); err != nil {
					ended <- err
					return
				}
			}
		})
	}, adapter.ServeOptions{Server: server})
	send(t, dialed(t, addr), get)
	if err := <-ended; err == nil {
		t.Error("nil")
	}
	for s.Stats().Running > 0 || s.Stats().Conns > 0 {
		runtime.Gosched()
	}
}

// However large a body is, it arrives, and so does the request behind it.
func TestServeBodies(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("0123456789abcdef", 512<<10) // 8 MiB
	for name, server := range map[string]*fasthttp.Server{
		"buffered": {MaxRequestBodySize: 16 << 20},
		"streamed": {MaxRequestBodySize: 4 << 10, StreamRequestBody: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			modes(t, func(t *testing.T, o adapter.ServeOptions) {
				o.Server = server
				addr, s := started(t, func(ctx *fasthttp.RequestCtx) {
					if r := ctx.RequestBodyStream(); r != nil {
						p, err := io.ReadAll(r)
						if err != nil {
							t.Error(err)
						}
						ctx.SetBody(p)
						return
					}
					ctx.SetBody(ctx.PostBody())
				}, o)
				c := dialed(t, addr)
				br := bufio.NewReader(c)
				for range 3 {
					for _, body := range []string{large, "small"} {
						go func() {
							var r fasthttp.Request
							r.Header.SetMethod("POST")
							r.SetRequestURI("http://x/")
							r.SetBodyString(body)
							bw := bufio.NewWriter(c)
							_ = r.Write(bw)
							_ = bw.Flush()
						}()
						if status, got, closing := answer(t, br, false); status != 200 || got != body || closing {
							t.Fatal(status, len(got), closing)
						}
					}
				}
				if got := s.Stats(); got.Left == 0 || got.Requests != 6 || got.Refused != 0 {
					t.Fatalf("%+v", got)
				}
			})
		})
	}
}

// The interim answer comes before the body, and a handler may do without.
func TestServeContinue(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, o adapter.ServeOptions) {
		o.Server = quiet()
		o.Server.ContinueHandler = func(h *fasthttp.RequestHeader) bool { return string(h.RequestURI()) != "/no" }
		addr, _ := started(t, echo, o)
		c := dialed(t, addr)
		br := bufio.NewReader(c)
		for range 2 {
			send(t, c, "POST /yes HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
			for _, want := range []string{"HTTP/1.1 100 Continue\r\n", "\r\n"} {
				if line, err := br.ReadString('\n'); line != want {
					t.Fatal(line, err)
				}
			}
			send(t, c, "abc")
			if status, body, closing := answer(t, br, false); status != 200 || body != "POST /yes abc" || closing {
				t.Fatal(status, body, closing)
			}
		}
		send(t, c, "POST /no HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
		if status, _, closing := answer(t, br, false); status != 417 || !closing {
			t.Fatal(status, closing)
		}
		expectEnd(t, br)
	})
}

// A client may send ahead as much as it likes: it is held back, not cut off.
func TestServeAhead(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, o adapter.ServeOptions) {
		o.OnLoop = false // the handler blocks
		o.Engine.MaxInbound = 64 << 10
		release := make(chan struct{})
		addr, s := started(t, func(ctx *fasthttp.RequestCtx) {
			<-release
			echo(ctx)
		}, o)
		c := dialed(t, addr)
		const n = 20_000
		sent := make(chan error, 1)
		go func() {
			_, err := io.WriteString(c, strings.Repeat(get, n))
			sent <- err
		}()
		for s.Stats().Left == 0 {
			runtime.Gosched()
		}
		close(release)
		br := bufio.NewReaderSize(c, 64<<10)
		for i := range n {
			if status, body, closing := answer(t, br, false); status != 200 || body != "GET / " || closing {
				t.Fatal(i, status, body, closing)
			}
		}
		if err := <-sent; err != nil {
			t.Fatal(err)
		}
		if got := s.Stats(); got.Requests != n || got.Mismatched != 0 || got.Bad != 0 {
			t.Fatalf("%+v", got)
		}
		t.Logf("%+v", s.Stats())
	})
}

// Peers that do not read their responses hold no worker.
func TestServeSlowPeers(t *testing.T) {
	t.Parallel()
	large := bytes.Repeat([]byte("z"), 32<<20)
	addr, s := started(t, func(ctx *fasthttp.RequestCtx) {
		if string(ctx.Path()) == "/large" {
			ctx.SetBody(large)
			return
		}
		echo(ctx)
	}, adapter.ServeOptions{Workers: 1})
	slow := []net.Conn{dialed(t, addr), dialed(t, addr)}
	for i, c := range slow {
		send(t, c, "GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
		for s.Stats().Running <= i {
			runtime.Gosched()
		}
	}
	c := dialed(t, addr)
	send(t, c, get)
	if status, _, _ := answer(t, bufio.NewReader(c), false); status != 200 {
		t.Fatal(status)
	}
	for _, c := range slow {
		if status, body, _ := answer(t, bufio.NewReader(c), false); status != 200 || len(body) != len(large) {
			t.Fatal(status, len(body))
		}
	}
}

// With StreamRequestBody a handler runs before the body is there, and may answer to
// each part of it.
func TestServeDuplex(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, o adapter.ServeOptions) {
		o.Server = &fasthttp.Server{StreamRequestBody: true}
		addr, s := started(t, func(ctx *fasthttp.RequestCtx) {
			in := ctx.RequestBodyStream()
			ctx.SetBodyStreamWriter(func(w *bufio.Writer) {
				var p [16]byte
				for {
					n, err := in.Read(p[:])
					_, _ = w.Write(p[:n])
					_ = w.Flush()
					if err != nil {
						return
					}
				}
			})
		}, o)
		c := dialed(t, addr)
		br := bufio.NewReader(c)
		for range 2 {
			send(t, c, "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
			for range 3 {
				send(t, c, "2\r\nhi\r\n")
				for line := ""; line != "hi\r\n"; {
					var err error
					if line, err = br.ReadString('\n'); err != nil {
						t.Fatal(err)
					}
				}
			}
			send(t, c, "0\r\n\r\n")
			for line := ""; line != "0\r\n"; {
				line, _ = br.ReadString('\n')
			}
			_, _ = br.ReadString('\n')
		}
		if got := s.Stats(); got.Requests != 2 || got.Mismatched != 0 {
			t.Fatalf("%+v", got)
		}
	})
}
