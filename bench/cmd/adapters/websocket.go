package main

import (
	"log"
	"net"

	"github.com/valyala/fasthttp"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
)

// serveWebSocket is fasthttp's own server with an upgrader, as the original's users have it.
func serveWebSocket(ln net.Listener, handle websocket.FastHTTPHandler) error {
	var upgrader websocket.FastHTTPUpgrader
	s := &fasthttp.Server{Handler: func(ctx *fasthttp.RequestCtx) {
		_ = upgrader.Upgrade(ctx, handle) // which has answered
	}}
	return s.Serve(ln)
}

func callback(c *websocket.Conn) {
	err := c.OnClose(func(*websocket.Conn, error) {})
	if err == nil {
		err = c.OnMessage(func(c *websocket.Conn, kind int, p []byte) { _ = c.WriteMessage(kind, p) })
	}
	if err != nil {
		log.Print(err)
	}
}

func block(c *websocket.Conn) {
	defer c.Close()
	for {
		kind, p, err := c.ReadMessage()
		if err != nil {
			return
		}
		if err := c.WriteMessage(kind, p); err != nil {
			return
		}
	}
}

// wrapped hides the descriptors of its connections, as a listener of TLS does.
type wrapped struct{ net.Listener }

func (l wrapped) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return struct{ net.Conn }{c}, nil
}
