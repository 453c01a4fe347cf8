package main

import (
	"context"
	"net"
	"strings"

	"github.com/valyala/fasthttp"

	adapter "github.com/sockeye-io/sockeye/adapters/fasthttp"
	"github.com/sockeye-io/sockeye/engine"
)

// serveHTTP is the page on an engine's loops.
func serveHTTP(ln net.Listener, o adapter.ServeOptions) error {
	e, err := engine.New(engine.Config{})
	if err != nil {
		return err
	}
	if _, err := adapter.Serve(e, ln, page, o); err != nil {
		return err
	}
	return e.Serve(context.Background())
}

var text = strings.Repeat("Hello, World! ", 8)

func page(ctx *fasthttp.RequestCtx) { ctx.SetBodyString(text) }
