package websocket

import (
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/internal/reactor"
)

// FastHTTPHandler is given a connection when its handshake is done, on a goroutine
// of its own. What it does decides how the connection is served from then on:
//
//   - it registers OnMessage and returns: the connection lives on a loop, without a
//     goroutine;
//   - it reads until ReadMessage fails, and returns: the connection has this
//     goroutine, and is closed with it.
//
// A panic in it is logged, closes the connection with CloseInternalServerErr, and
// nothing else. The fasthttp.RequestCtx is gone by then: what the handler needs of
// it has to be copied before Upgrade.
type FastHTTPHandler func(*Conn)

// FastHTTPUpgrader upgrades requests of fasthttp to WebSocket connections. Its
// fields must not change while it is used; its methods may be called from any
// goroutine.
type FastHTTPUpgrader struct {
	// HandshakeTimeout bounds the writing of the answer. Zero and negative mean
	// Server.WriteTimeout of fasthttp alone.
	HandshakeTimeout time.Duration

	// ReadBufferSize and WriteBufferSize are sizes in bytes: of the buffer that is
	// borrowed while something is read, and of the frames that a writer of
	// NextWriter makes. Zero means 4096. They limit no message.
	ReadBufferSize, WriteBufferSize int

	// WriteBufferPool is where buffers for writing come from. Nil means a pool of
	// the package's own.
	WriteBufferPool BufferPool

	// Subprotocols are those that the server speaks, the preferred one first: the
	// first that the client offers too is chosen. Nil leaves it to a
	// Sec-WebSocket-Protocol that is in the response already.
	Subprotocols []string

	// Error answers a request that is refused. Nil means the status and its text.
	Error func(ctx *fasthttp.RequestCtx, status int, reason error)

	// CheckOrigin reports whether the request's Origin may connect. Nil means that
	// there is none, or that its host is the request's Host.
	CheckOrigin func(ctx *fasthttp.RequestCtx) bool

	// EnableCompression negotiates permessage-deflate (RFC 7692), without context
	// takeover.
	EnableCompression bool
}

// Upgrade answers the opening handshake (RFC 6455 section 4.2) and returns; handler is
// called when the answer is sent, which is after ctx's own handler has returned.
// Headers that were set in ctx.Response are sent with it. A request that is refused
// has been answered, and the error is a HandshakeError; while the adapter shuts down
// that is 503.
func (u *FastHTTPUpgrader) Upgrade(ctx *fasthttp.RequestCtx, handler FastHTTPHandler) error {
	status, reason := u.check(ctx)
	if status != 0 {
		return u.refuse(ctx, status, reason)
	}
	key := ctx.Request.Header.Peek("Sec-Websocket-Key")
	subprotocol := u.selectSubprotocol(ctx)
	var (
		extension string
		window    uint8
		compress  bool
	)
	if u.EnableCompression {
		extension, window, compress = answerDeflate(peekAll(ctx, "Sec-Websocket-Extensions"))
	}

	h := &ctx.Response.Header
	ctx.SetStatusCode(fasthttp.StatusSwitchingProtocols)
	h.Set("Upgrade", "websocket")
	h.Set("Connection", "Upgrade")
	h.Set("Sec-WebSocket-Accept", computeAcceptKey(string(key)))
	if compress {
		h.Set("Sec-WebSocket-Extensions", extension)
	}
	if subprotocol != "" {
		h.Set("Sec-WebSocket-Protocol", subprotocol)
	}
	if u.HandshakeTimeout > 0 {
		// Where the connection cannot do it the write has no bound, as without.
		_ = ctx.SetWriteDeadline(time.Now().Add(u.HandshakeTimeout))
	}
	ctx.Hijack(func(hijacked net.Conn) {
		l := leave(hijacked)
		c := u.begin(l)
		c.subprotocol = subprotocol
		if compress {
			c.deflateWithin(window)
		}
		opened(c)
		if l.keeps {
			c.serveBeside(handler)
			return
		}
		if l.lent != nil {
			defer l.lent.back()
		}
		c.serve(handler)
	})
	return nil
}

// check holds the request against the rules. Zero means that it may be upgraded.
func (u *FastHTTPUpgrader) check(ctx *fasthttp.RequestCtx) (status int, reason string) {
	has := func(name, token string) bool {
		for _, v := range ctx.Request.Header.PeekAll(name) {
			if tokenContainsValue(string(v), token) {
				return true
			}
		}
		return false
	}
	switch {
	case !ctx.IsGet():
		return fasthttp.StatusMethodNotAllowed, badHandshake + "request method is not GET"
	case !has("Connection", "Upgrade"):
		return fasthttp.StatusBadRequest, badHandshake + "'upgrade' token not found in 'Connection' header"
	case !has("Upgrade", "Websocket"):
		return fasthttp.StatusBadRequest, badHandshake + "'websocket' token not found in 'Upgrade' header"
	case !has("Sec-Websocket-Version", "13"):
		return fasthttp.StatusBadRequest, "websocket: unsupported version: 13 not found in 'Sec-Websocket-Version' header"
	case len(ctx.Response.Header.Peek("Sec-Websocket-Extensions")) > 0:
		return fasthttp.StatusInternalServerError, "websocket: application specific 'Sec-WebSocket-Extensions' headers are unsupported"
	}
	allowed := u.CheckOrigin
	if allowed == nil {
		allowed = fastHTTPcheckSameOrigin
	}
	if !allowed(ctx) {
		return fasthttp.StatusForbidden, "websocket: request origin not allowed by FastHTTPUpgrader.CheckOrigin"
	}
	switch key := ctx.Request.Header.Peek("Sec-Websocket-Key"); {
	case len(key) == 0:
		return fasthttp.StatusBadRequest, "websocket: not a websocket handshake: `Sec-WebSocket-Key' header is missing or blank"
	case !isValidChallengeKey(string(key)):
		return fasthttp.StatusBadRequest, "websocket: not a websocket handshake: 'Sec-WebSocket-Key' header must be Base64 encoded value of 16-byte in length"
	case reactor.Ending():
		return fasthttp.StatusServiceUnavailable, reactor.ErrShutdown.Error()
	}
	return 0, ""
}

// refuse answers the request.
func (u *FastHTTPUpgrader) refuse(ctx *fasthttp.RequestCtx, status int, reason string) error {
	reactor.Refused.Add(1)
	err := HandshakeError{reason}
	if u.Error != nil {
		u.Error(ctx, status, err)
		return err
	}
	ctx.Error(fasthttp.StatusMessage(status), status)
	ctx.Response.Header.Set("Sec-Websocket-Version", "13")
	return err
}

// selectSubprotocol chooses by the server's order. Empty means none.
func (u *FastHTTPUpgrader) selectSubprotocol(ctx *fasthttp.RequestCtx) string {
	if u.Subprotocols == nil {
		return string(ctx.Response.Header.Peek("Sec-Websocket-Protocol"))
	}
	offered := peekAll(ctx, "Sec-Websocket-Protocol")
	for _, want := range u.Subprotocols {
		for _, list := range offered {
			for element := range strings.SplitSeq(list, ",") {
				if trimSpace(element) == want {
					return want
				}
			}
		}
	}
	return ""
}

// FastHTTPIsWebSocketUpgrade reports whether the client asks for the WebSocket
// protocol.
func FastHTTPIsWebSocketUpgrade(ctx *fasthttp.RequestCtx) bool {
	return tokenContainsValue(string(ctx.Request.Header.Peek("Connection")), "Upgrade") &&
		tokenContainsValue(string(ctx.Request.Header.Peek("Upgrade")), "Websocket")
}

// fastHTTPcheckSameOrigin lets requests through that have no Origin, which are not
// from a browser, and those whose Origin is of the host that they ask.
func fastHTTPcheckSameOrigin(ctx *fasthttp.RequestCtx) bool {
	origin := ctx.Request.Header.Peek("Origin")
	if len(origin) == 0 {
		return true
	}
	u, err := url.Parse(string(origin))
	return err == nil && equalASCIIFold(u.Host, string(ctx.Host()))
}

// peekAll returns the values of a request header.
func peekAll(ctx *fasthttp.RequestCtx, name string) []string {
	values := ctx.Request.Header.PeekAll(name)
	list := make([]string, len(values))
	for i, v := range values {
		list[i] = string(v)
	}
	return list
}
