package main

import "github.com/sockeye-io/sockeye/engine/websocket"

// The handlers of WebSocket connections. Answers keep the type of the message.

// wsQuiet is the part of a handler that all leave empty.
type wsQuiet struct{}

func (wsQuiet) OnOpen(*websocket.Conn, *websocket.Request) error { return nil }
func (wsQuiet) OnClose(*websocket.Conn, error)                   {}

// wsEcho sends everything back.
type wsEcho struct{ wsQuiet }

func (wsEcho) OnMessage(c *websocket.Conn, t websocket.MessageType, p []byte) {
	_ = c.WriteMessage(t, p) // a connection that fails is closed by the engine
}

// wsGreet answers the first message and closes.
type wsGreet struct{ wsQuiet }

func (wsGreet) OnMessage(c *websocket.Conn, t websocket.MessageType, p []byte) {
	_ = c.WriteMessage(t, greet(p)) // fails for a second message that was on its way
	c.Close(websocket.CodeNormal, "")
}

// wsBroadcast sends each message to all connections of its server.
type wsBroadcast struct {
	wsQuiet
	srv *websocket.Server
}

func (b *wsBroadcast) OnMessage(c *websocket.Conn, t websocket.MessageType, p []byte) {
	m := websocket.Prepare(t, p)
	// The sender has its copy at once: it may be gone before the loops come to it.
	_ = c.WritePrepared(m)
	_ = b.srv.BroadcastOthers(m, c) // a loop that cannot keep up misses it: counted
}

// wsDiscard drops everything.
type wsDiscard struct{ wsQuiet }

func (wsDiscard) OnMessage(*websocket.Conn, websocket.MessageType, []byte) {}
