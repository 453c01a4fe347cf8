package main

import (
	"strings"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

var handlerNames = []string{"echo", "greet", "broadcast", "discard"}

// handlerFor makes the handler of one listener. Each listener has its own:
// broadcast reaches the clients of one.
func handlerFor(end *endpoint, o *serveOptions) (engine.Handler, error) {
	if end.websocket() {
		if strings.Contains(end.target, "?") {
			return nil, usagef("a listener takes a path without a query")
		}
		opts := websocket.Options{Path: end.target, Subprotocols: o.protocols, MaxMessage: int64(o.maxMessage)}
		switch o.handler {
		case "echo":
			return websocket.NewServer(wsEcho{}, opts), nil
		case "greet":
			return websocket.NewServer(wsGreet{}, opts), nil
		case "broadcast":
			b := &wsBroadcast{}
			b.srv = websocket.NewServer(b, opts)
			return b.srv, nil
		case "discard":
			return websocket.NewServer(wsDiscard{}, opts), nil
		}
	}
	switch o.handler {
	case "echo":
		return rawEcho{}, nil
	case "greet":
		return rawGreet{}, nil
	case "broadcast":
		if end.datagrams() {
			return nil, usagef("--handler broadcast needs connections, which UDP has not")
		}
		return &rawBroadcast{name: end.addr}, nil
	case "discard":
		return rawDiscard{}, nil
	}
	return nil, usagef("--handler is %q, want %s", o.handler, strings.Join(handlerNames, ", "))
}
