package fasthttp_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"

	adapter "github.com/sockeye-io/sockeye/adapters/fasthttp"
	"github.com/sockeye-io/sockeye/engine"
	"github.com/valyala/fasthttp"
)

func TestServeTLS(t *testing.T) {
	t.Parallel()
	modes(t, func(t *testing.T, o adapter.ServeOptions) {
		cert, key, err := fasthttp.GenerateTestCertificate("x")
		if err != nil {
			t.Fatal(err)
		}
		pair, err := tls.X509KeyPair(cert, key)
		if err != nil {
			t.Fatal(err)
		}
		o.Server = &fasthttp.Server{MaxRequestBodySize: 4 << 20}
		s, err := adapter.NewHTTPServer(func(ctx *fasthttp.RequestCtx) {
			if !ctx.IsTLS() || ctx.TLSConnectionState().Version < tls.VersionTLS12 || ctx.RemoteIP() == nil {
				ctx.Error("not TLS", 500)
				return
			}
			echo(ctx)
		}, o)
		if err != nil {
			t.Fatal(err)
		}
		e, err := engine.New(engine.Config{Loops: 1})
		if err != nil {
			t.Fatal(err)
		}
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if _, err = s.Serve(e, tls.NewListener(ln, &tls.Config{Certificates: []tls.Certificate{pair}})); err != nil {
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
		c := tls.Client(dialed(t, ln.Addr().String()), &tls.Config{InsecureSkipVerify: true})
		br := bufio.NewReader(c)
		large := strings.Repeat("x", 1<<20)
		for range 3 {
			send(t, c, get)
			if status, body, _ := answer(t, br, false); status != 200 || body != "GET / " {
				t.Fatal(status, body)
			}
			send(t, c, "POST /l HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n"+large)
			if status, body, _ := answer(t, br, false); status != 200 || body != "POST /l "+large {
				t.Fatal(status, len(body))
			}
		}
		if got := s.Stats(); got.Left == 0 || got.Mismatched != 0 {
			t.Fatalf("%+v", got)
		}
		_ = c.Close()
	})
}
