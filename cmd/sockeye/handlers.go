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
		opts, err := wsOptions(end, o)
		if err != nil {
			return nil, err
		}
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

// wsOptions are the options of a WebSocket listener. What they are made of comes
// from flags.
func wsOptions(end *endpoint, o *serveOptions) (websocket.Options, error) {
	opts := websocket.Options{
		Subprotocols: o.protocols,
		MaxMessage:   int64(o.maxMessage),
		Compression:  o.compress.z,
		PingInterval: o.ping,
		PongTimeout:  o.pong,
	}
	if strings.Contains(end.target, "?") {
		return opts, usagef("a listener takes a path without a query")
	}
	if err := opts.Validate(); err != nil {
		return opts, usagef("--subprotocol: %w", err)
	}
	// The path is that of a URL, not a pattern.
	path := strings.ReplaceAll(end.target, "{", "%7B")
	if strings.HasSuffix(path, "/") {
		path += "{$}"
	}
	opts.Paths = []string{path}
	if err := opts.Validate(); err != nil {
		return opts, usagef("a listener cannot have the path %s", end.target)
	}
	opts.Origins = o.origins
	if err := opts.Validate(); err != nil {
		return opts, usagef("--origin: %w", err)
	}
	return opts, nil
}
