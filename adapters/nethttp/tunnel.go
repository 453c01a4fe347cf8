package nethttp

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/sockeye-io/sockeye/engine/websocket"
)

var errProtocol = errors.New("nethttp: the only :protocol here is websocket")

// protocol returns the :protocol of a CONNECT of RFC 8441, in lower case, as the
// servers of HTTP/2 put it into the header; that of quic-go, of HTTP/3, into Proto.
func protocol(r *http.Request) string {
	switch {
	case r.Method != http.MethodConnect:
		return ""
	case len(r.Header[":protocol"]) > 0:
		return strings.ToLower(r.Header[":protocol"][0])
	case !strings.HasPrefix(r.Proto, "HTTP/"):
		return strings.ToLower(r.Proto)
	}
	return ""
}

// ofHandshake are the fields that are not the application's to set. Connection
// would end the connection of HTTP/2, and with it all other streams.
var ofHandshake = []string{"Connection", "Upgrade", "Sec-WebSocket-Accept", "Sec-WebSocket-Extensions", "Sec-WebSocket-Protocol"}

// tunnel goes on with a handshake of HTTP/2, and returns when the WebSocket is over.
func (h *Handler) tunnel(w http.ResponseWriter, r *http.Request, a *websocket.Accepted, b *head, user any) error {
	s, err := newStream(w, r)
	if err != nil {
		return fail(w, r, http.StatusInternalServerError, fmt.Errorf("nethttp: this ResponseWriter cannot hold a stream: %w", err))
	}
	defer a.Drop() // for a wrapper that panics
	header := w.Header()
	for _, name := range slices.Concat(ofBody, ofHandshake) {
		header.Del(name)
	}
	lines := a.Answer()
	for i := 0; i < len(lines); i += 2 {
		header.Add(lines[i], lines[i+1])
	}
	w.WriteHeader(http.StatusOK)
	_ = s.rc.Flush() // what comes next fails too
	handle, err := a.Adopt(h.Engine, s, nil, h.Limits, user)
	b.free()
	select {
	case <-s.done:
	case <-r.Context().Done():
		if err == nil {
			_ = handle.Close(websocket.CodeGoingAway, "")
		}
		<-s.done
	}
	return err
}
