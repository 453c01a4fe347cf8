package websocket

import (
	"bufio"
	"bytes"
	"net"
	"net/http"
	"net/textproto"
	"time"
)

// acceptance is the answer that accepts a request, RFC 6455 section 4.2.2 item 5.
type acceptance struct {
	key         string
	subprotocol string      // empty for none
	extensions  string      // empty for none
	header      http.Header // the application's own
}

// send writes the answer. The deadlines that the HTTP server has set are gone then.
func (a *acceptance) send(nc net.Conn, timeout time.Duration) error {
	if err := nc.SetDeadline(time.Time{}); err != nil {
		return err
	}
	if timeout > 0 {
		if err := nc.SetWriteDeadline(time.Now().Add(timeout)); err != nil {
			return err
		}
	}
	if _, err := nc.Write(a.append(make([]byte, 0, 512))); err != nil {
		return err
	}
	if timeout > 0 {
		return nc.SetWriteDeadline(time.Time{})
	}
	return nil
}

func (a *acceptance) append(p []byte) []byte {
	p = append(p, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"...)
	p = appendField(p, "Sec-WebSocket-Accept", computeAcceptKey(a.key))
	if a.subprotocol != "" {
		p = appendField(p, "Sec-WebSocket-Protocol", a.subprotocol)
	}
	if a.extensions != "" {
		p = appendField(p, "Sec-WebSocket-Extensions", a.extensions)
	}
	for name, values := range a.header {
		switch textproto.CanonicalMIMEHeaderKey(name) {
		case "Upgrade", "Connection", "Sec-Websocket-Accept", "Sec-Websocket-Protocol":
			continue // the handshake's own: a second one fails it
		}
		if name == "" || tokenLength(name) < len(name) {
			continue
		}
		for _, value := range values {
			p = appendField(p, name, value)
		}
	}
	return append(p, "\r\n"...)
}

// appendField appends a header line. A control character becomes a space, so that
// no value can end its line and begin another.
func appendField(p []byte, name, value string) []byte {
	p = append(p, name...)
	p = append(p, ": "...)
	for i := range len(value) {
		c := value[i]
		if c < ' ' {
			c = ' '
		}
		p = append(p, c)
	}
	return append(p, "\r\n"...)
}

// buffered copies what a reader has read and not given away. RFC 6455 section 4.1: a
// client waits for the answer before it sends frames, but it may not.
func buffered(br *bufio.Reader) []byte {
	n := br.Buffered()
	if n == 0 {
		return nil
	}
	p, _ := br.Peek(n)
	return bytes.Clone(p)
}
