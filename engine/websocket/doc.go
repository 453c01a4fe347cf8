// Package websocket serves and dials WebSocket connections (RFC 6455, and RFC
// 7692 for compression) on the loops of package engine. [DialClient] needs none of
// those: its [Client] is for goroutines that may block.
//
// The rules of package engine hold: the callbacks of a [Handler] run on the
// connection's loop and must not block, a *[Conn] may be used inside them only,
// and any other goroutine uses a [Handle]. Bytes given to a callback live until
// it returns; bytes given to a write are copied.
//
//	srv := websocket.NewServer(handler, websocket.Options{Paths: []string{"/chat/{room}"}})
//	ln, err := e.Listen("tcp", ":8080", srv, engine.ListenOptions{})
//	err = e.Serve(ctx)
package websocket
