package websocket

// opened is told of every connection that a Dialer or an Upgrader has made, before
// its caller has it.
func opened(*Conn) {}
