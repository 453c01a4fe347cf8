package fasthttp

import (
	"github.com/valyala/fasthttp"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
)

// DefaultUpgrader upgrades what a page of the same host asks for, or no page at all.
var DefaultUpgrader = &websocket.FastHTTPUpgrader{EnableCompression: true}

// WebSocketServer upgrades the requests of a fasthttp server. It may serve any number
// of servers; its fields must not change meanwhile.
type WebSocketServer struct {
	// Upgrader does the handshake. Nil means DefaultUpgrader.
	Upgrader *websocket.FastHTTPUpgrader

	// HandleWebSocket is given every connection that was upgraded, on a goroutine of
	// its own, and decides how it is served: see websocket.FastHTTPHandler. Nil means
	// that every message is sent back, on a loop.
	HandleWebSocket func(conn *WebSocketConnection)
}

// Handler is a fasthttp.RequestHandler that upgrades every request, or refuses it.
func (s *WebSocketServer) Handler(ctx *fasthttp.RequestCtx) {
	conn := &WebSocketConnection{upgrader: s.Upgrader, handle: s.handleWebSocket}
	_ = conn.Upgrade(ctx) // the peer has been told why not
}

// handleWebSocket is what happens to a connection.
func (s *WebSocketServer) handleWebSocket(conn *WebSocketConnection) {
	if s.HandleWebSocket != nil {
		s.HandleWebSocket(conn)
		return
	}
	// An error has ended the connection: there is nobody else to tell.
	_ = conn.Conn.OnMessage(func(c *websocket.Conn, messageType int, p []byte) {
		_ = c.WriteMessage(messageType, p)
	})
}
