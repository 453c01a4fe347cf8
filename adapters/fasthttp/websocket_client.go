package fasthttp

import (
	"net/http"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
)

// WebSocketClient connects to servers. The zero client is ready to use; its methods may
// be called from any goroutine.
type WebSocketClient struct {
	// Dialer does the handshake. Nil means websocket.DefaultDialer.
	Dialer *websocket.Dialer
}

// DefaultClient connects with websocket.DefaultDialer.
var DefaultClient = &WebSocketClient{}

// Dial connects to a ws:// or wss:// URL, sending header with the request; nil sends
// none. The caller ends the connection with Close. Errors are those of
// websocket.Dialer.Dial.
func (c *WebSocketClient) Dial(url string, header http.Header) (*WebSocketConnection, error) {
	d := c.Dialer
	if d == nil {
		d = websocket.DefaultDialer
	}
	conn, resp, err := d.Dial(url, header)
	if err != nil {
		if resp != nil {
			_ = resp.Body.Close() // it is in memory
		}
		return nil, err
	}
	return &WebSocketConnection{Conn: conn}, nil
}

// Dial connects to a ws:// or wss:// URL with DefaultClient.
func Dial(url string) (*WebSocketConnection, error) { return DefaultClient.Dial(url, nil) }
