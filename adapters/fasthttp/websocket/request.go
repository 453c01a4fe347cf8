package websocket

// request is the RequestCtx of a connection's opening handshake. A handler has it from the function around it, and programs
// for the original look at it at the start of their handlers. The channel is closed when fasthttp may have it back.
type request chan struct{}

// serveBeside runs serve in a goroutine of its own, and keeps the RequestCtx until the handler first waits for a message,
// closes the connection, or has returned.
func (c *Conn) serveBeside(handler FastHTTPHandler) {
	r := make(request)
	c.request.Store(&r)
	go c.serve(handler)
	<-r
}

// endRequest gives the RequestCtx back, if it has not been.
func (c *Conn) endRequest() {
	if c.request.Load() == nil {
		return
	}
	if r := c.request.Swap(nil); r != nil {
		close(*r)
	}
}
