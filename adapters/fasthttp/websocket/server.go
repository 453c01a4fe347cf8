package websocket

import (
	"bufio"
	"net"
	"net/http"
	"strings"
	"time"
)

// HandshakeError says why a request was not upgraded. It is returned as a value,
// not as a pointer.
type HandshakeError struct {
	message string
}

func (e HandshakeError) Error() string { return e.message }

const badHandshake = "websocket: the client is not using the websocket protocol: "

// Upgrader upgrades requests of net/http. Any goroutine may call its methods at any
// time, as long as nobody changes its fields. The zero Upgrader is usable.
type Upgrader struct {
	// HandshakeTimeout bounds the writing of the answer. Zero and negative mean no
	// bound.
	HandshakeTimeout time.Duration

	// ReadBufferSize and WriteBufferSize are hints for the size of buffers, in bytes. They
	// limit no message. Zero and negative mean 4096.
	ReadBufferSize, WriteBufferSize int

	// WriteBufferPool keeps what messages are assembled in. Nil means a pool of this
	// package.
	WriteBufferPool BufferPool

	// Subprotocols are those that the server speaks. The first that the client
	// offers and that is among them is chosen; none is no error. Nil means that the
	// responseHeader of Upgrade may name one.
	Subprotocols []string

	// Error answers a request that is refused; reason is a HandshakeError. Nil means
	// http.Error with the text of the status.
	Error func(w http.ResponseWriter, r *http.Request, status int, reason error)

	// CheckOrigin tells whether a page of the request's Origin may connect: what
	// browsers run connects anywhere, with the cookies of its user. Nil lets through
	// requests without Origin, and those whose Origin has the host of the request.
	CheckOrigin func(r *http.Request) bool

	// EnableCompression accepts permessage-deflate, without context takeover, and with
	// the window that the client wants.
	EnableCompression bool
}

// Upgrade answers a request and takes over its connection, which is in blocking mode
// then, see Conn: reading is for the goroutine that called, or any other, also when
// the http.Handler has returned.
//
// responseHeader is added to the answer, Set-Cookie for instance. It must not hold
// Sec-WebSocket-Extensions, and what else the handshake decides is left out of it.
//
// A request that cannot be upgraded has been answered with an HTTP error, and the
// error is a HandshakeError. Any other error means that the connection is lost.
func (u *Upgrader) Upgrade(w http.ResponseWriter, r *http.Request, responseHeader http.Header) (*Conn, error) {
	if status, reason := u.refusal(w, r, responseHeader); reason != "" {
		return nil, u.refuse(w, r, status, reason)
	}
	a := acceptance{
		key:         r.Header.Get("Sec-Websocket-Key"),
		subprotocol: u.selectSubprotocol(r, responseHeader),
		header:      responseHeader,
	}
	var bits uint8
	if u.EnableCompression {
		a.extensions, bits, _ = answerDeflate(r.Header["Sec-Websocket-Extensions"])
	}
	nc, brw, err := HijackResponse(r, w)
	if err != nil {
		return nil, u.refuse(w, r, http.StatusInternalServerError, "websocket: hijack: "+err.Error())
	}
	if err := a.send(nc, u.HandshakeTimeout); err != nil {
		_ = nc.Close()
		return nil, err
	}
	c := newConn(nc, true, u.ReadBufferSize, u.WriteBufferSize, u.WriteBufferPool, nil, nil)
	c.early = buffered(brw.Reader)
	c.subprotocol = a.subprotocol
	if a.extensions != "" {
		c.deflateWithin(bits)
	}
	opened(c)
	return c, nil
}

// Upgrade is Upgrader.Upgrade with three differences: it lets every Origin through,
// a request that it refuses is not answered, and a subprotocol is named by
// responseHeader alone.
//
// Deprecated: use an Upgrader.
func Upgrade(w http.ResponseWriter, r *http.Request, responseHeader http.Header, readBufSize, writeBufSize int) (*Conn, error) {
	u := Upgrader{
		ReadBufferSize:  readBufSize,
		WriteBufferSize: writeBufSize,
		CheckOrigin:     func(*http.Request) bool { return true },
		Error:           func(http.ResponseWriter, *http.Request, int, error) {},
	}
	return u.Upgrade(w, r, responseHeader)
}

// Subprotocols are those that the client of a request offers, the preferred one first.
func Subprotocols(r *http.Request) []string {
	list := strings.TrimSpace(strings.Join(r.Header["Sec-Websocket-Protocol"], ","))
	if list == "" {
		return nil
	}
	protocols := strings.Split(list, ",")
	for i, p := range protocols {
		protocols[i] = strings.TrimSpace(p)
	}
	return protocols
}

// IsWebSocketUpgrade tells whether a request asks for an upgrade to WebSocket.
func IsWebSocketUpgrade(r *http.Request) bool {
	return tokenListContainsValue(r.Header, "Connection", "upgrade") &&
		tokenListContainsValue(r.Header, "Upgrade", "websocket")
}

// HijackResponse takes a connection away from net/http as http.ResponseController
// does, with its errors: nothing returns ErrResponseHijackUnsupported. The request is
// not looked at.
func HijackResponse(_ *http.Request, w http.ResponseWriter) (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(w).Hijack()
}
