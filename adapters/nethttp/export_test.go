package nethttp

import "net/http"

// Head is a request as a websocket.Server is given it.
func Head(r *http.Request, connect bool) ([]byte, error) {
	var h head
	err := h.write(r, connect)
	return h.bytes, err
}
