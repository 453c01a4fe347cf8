package nethttp

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// Handler is an http.Handler that makes WebSockets of requests and hands them over
// to an engine. It keeps no state: it may serve any number of patterns and
// servers, and must not be changed once it does.
type Handler struct {
	// Engine holds the connections, and is its owner's to start, to watch and to
	// shut down. Nil is a mistake, answered with 500.
	Engine *engine.Engine

	// Server is the protocol and its policy. Nil is a mistake, answered with 500.
	Server *websocket.Server

	// Limits are those of the connections. Zero means the engine's defaults.
	Limits engine.Options

	// User makes what Conn.User answers from OnOpen on, for ServeHTTP. It runs on
	// the goroutine of the request, which lives no longer than that. Nil means
	// nothing.
	User func(r *http.Request) any
}

// ServeHTTP is Upgrade with what User makes. Requests that are refused, or cannot
// be served, are answered.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var user any
	if h.User != nil {
		user = h.User(r)
	}
	_ = h.Upgrade(w, r, user)
}

var (
	errNotSet = errors.New("nethttp: Handler.Engine and Handler.Server must be set")
	errHijack = errors.New("nethttp: this ResponseWriter, or one that it wraps, cannot be hijacked")
)

// Upgrade is for handlers that decide themselves: it answers the handshake, and
// hands the connection over with user as what Conn.User answers. In every case w
// has had its answer when Upgrade returns, and must not be used again. Header
// lines for the answer are those of w.Header.
//
// It returns nil when the WebSocket was opened: at once over HTTP/1.1, and when
// it has ended over HTTP/2, where the handler must not return earlier. The place
// to get hold of the connection is OnOpen. Errors: a *websocket.Refused,
// engine.ErrServerClosed and ErrTooManyConns (503), http.ErrNotSupported (500), or
// those of Accepted.Adopt, before which a handshake of HTTP/1.1 was not answered
// and one of HTTP/2 with 200.
func (h *Handler) Upgrade(w http.ResponseWriter, r *http.Request, user any) error {
	if h.Engine == nil || h.Server == nil {
		return fail(w, r, http.StatusInternalServerError, errNotSet)
	}
	connect := false
	if r.ProtoMajor >= 2 {
		switch protocol(r) {
		case "":
		case "websocket":
			connect = true
		default:
			// RFC 9220 section 3: 501 for a :protocol that is not supported.
			return fail(w, r, http.StatusNotImplemented, errProtocol)
		}
	}
	b := heads.Get().(*head)
	err := b.write(r, connect)
	if err != nil {
		return fail(w, r, http.StatusBadRequest, err)
	}
	a, err := h.Server.Accept(b.bytes)
	if err != nil {
		return refuse(w, r, err)
	}
	if err := h.Engine.Ready(); err != nil {
		return fail(w, r, http.StatusServiceUnavailable, err)
	}
	if connect {
		return h.tunnel(w, r, a, b, user)
	}
	return h.hijack(w, r, a, b, user)
}

// hijack goes on with a handshake of HTTP/1.1. The loop writes the answer, together
// with what OnOpen sends.
func (h *Handler) hijack(w http.ResponseWriter, r *http.Request, a *websocket.Accepted, b *head, user any) error {
	addLines(a, w.Header())
	nc, rw, err := http.NewResponseController(w).Hijack()
	switch {
	case errors.Is(err, http.ErrNotSupported):
		return fail(w, r, http.StatusInternalServerError, fmt.Errorf("%w: %w", errHijack, err))
	case err != nil:
		return fail(w, r, http.StatusInternalServerError, fmt.Errorf("nethttp: hijack: %w", err))
	}
	_ = nc.SetDeadline(time.Time{}) // of a wrapper, or of middleware: net/http clears its own
	var early []byte
	if rw != nil && rw.Reader != nil {
		early, _ = rw.Reader.Peek(rw.Reader.Buffered()) // a view: Adopt is done with it when it returns
	}
	_, err = a.Adopt(h.Engine, nc, early, h.Limits, user)
	b.free()
	return err
}
