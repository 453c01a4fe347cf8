// Package nethttp hands WebSocket connections of a net/http server over to the
// loops of package engine. Routers, middleware, TLS, cookies and sessions stay
// what they are; a connection that has become a WebSocket leaves the server, and
// with it the goroutine, the two bufio and the request.
//
//	mux.Handle("/chat", &nethttp.Handler{Engine: e, Server: chat})
//
// The pattern names no method: over HTTP/1.1 the handshake is a GET, over HTTP/2 a
// CONNECT.
//
// # Policy
//
// All that the Options of the websocket.Server ask for (Origins, Authorize,
// Subprotocols, MaxHead and the rest) is asked by that server itself, about the
// request as the middleware has left it: behind http.StripPrefix, Options.Paths
// see the shorter path. Authorize runs on the goroutine of the request and may
// block; Request.Conn is nil in it. A refusal is an ordinary answer of net/http.
// What middleware has put into the header of the answer goes out with the 101
// too, but for what describes a body.
//
// What middleware knows of the request (the values of its context, who has logged
// in, the address that a proxy names) reaches the connection by Handler.User or
// the argument of Upgrade: it is Conn.User. The context itself, BaseContext and
// ConnContext included, is cancelled when the request's handler returns; its
// values can be kept, with context.WithoutCancel.
//
// # Connections
//
// A TCP or Unix connection costs no goroutine. TLS, and a net.Conn that the
// listener has wrapped (netutil.LimitListener), is pumped by two. Deadlines that
// the http.Server has set are cleared; its timeouts count no more.
//
// # Shutdown
//
// http.Server.Shutdown does not know of connections that were handed over, and
// waits without an end for those of HTTP/2. It is engine.Shutdown that drains both:
// call it first, or with http.Server.RegisterOnShutdown. While the engine drains,
// and when it is full, handshakes are answered with 503.
//
// # HTTP/2
//
// RFC 8441: a browser that has an HTTP/2 connection opens WebSockets within it,
// when the server says that it can. That of net/http does so if the process was
// started with GODEBUG=http2xconnect=1, or imports package xconnect, which is below
// this one; a //go:debug line is not enough. Every handler of WebSocket of that
// server must know of it then, which those of other libraries do not. Without it
// browsers open a connection of HTTP/1.1 besides, and nothing is lost.
//
// Such a WebSocket is a stream of another connection. It keeps its goroutine, is
// pumped by two more, and is over when the context of its request is, with 1001.
// Where it is cut off, net/http sends INTERNAL_ERROR for the CANCEL of section 5.
// Frames are written to the innermost ResponseWriter, as a hijack goes by all
// wrappers; it must be able to flush and to set deadlines. They are read from the
// Body that the request has: a limit that middleware has put there counts.
package nethttp
