package websocket

import (
	"net"
	"sync"
)

// lent is a connection that fasthttp takes back when the hijack handler returns, to use
// its parts for others. Whoever keeps it must not reach those.
type lent struct {
	net.Conn // below fasthttp's, which closes it

	reading sync.Mutex // held while from is used
	from    net.Conn   // fasthttp's, with what it has read; nil after back
}

// Read reads what fasthttp has read before, and on.
func (l *lent) Read(p []byte) (int, error) {
	l.reading.Lock()
	defer l.reading.Unlock()
	if l.from == nil {
		return 0, net.ErrClosed
	}
	return l.from.Read(p)
}

// back closes the connection, and returns when nobody reads from fasthttp's any more.
func (l *lent) back() {
	_ = l.Conn.Close()
	l.reading.Lock()
	defer l.reading.Unlock()
	l.from = nil
}
