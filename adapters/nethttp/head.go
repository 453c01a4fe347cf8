package nethttp

import (
	"errors"
	"net/http"
	"strconv"
	"sync"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// head is a request as the bytes of HTTP/1.1, which is what a websocket.Server
// judges. Order and case of the names are lost in http.Header, and mean nothing.
type head struct{ bytes []byte }

var heads = sync.Pool{New: func() any { return &head{make([]byte, 0, 1024)} }}

// maxKept bounds the heads that are used again; a larger one is rare.
const maxKept = 16 << 10

func (h *head) free() {
	if cap(h.bytes) <= maxKept {
		h.bytes = h.bytes[:0]
		heads.Put(h)
	}
}

// These cannot come from a peer: net/http has checked what it read.
var (
	errRequestLine = errors.New("nethttp: the method or the URL of the request was changed to what cannot be sent")
	errField       = errors.New("nethttp: a header field was added to the request that cannot be sent")
)

// write writes r, as the middleware has left it. What could make two heads of it,
// or change another line, is an error. A CONNECT of HTTP/2 becomes what RFC 8441
// section 5 says it stands for.
func (h *head) write(r *http.Request, connect bool) (err error) {
	method, target := r.Method, r.URL.RequestURI()
	if connect {
		method = http.MethodGet
	}
	if !visible(method) || !visible(target) {
		return errRequestLine
	}
	b := append(h.bytes[:0], method...)
	b = append(b, ' ')
	b = append(b, target...)
	if r.ProtoAtLeast(1, 1) {
		b = append(b, " HTTP/1.1\r\n"...)
	} else {
		b = append(b, " HTTP/1.0\r\n"...)
	}
	if b, err = wsproto.AppendField(b, "Host", r.Host); err != nil {
		return errField
	}
	for name, values := range r.Header {
		if written(name, connect) {
			continue
		}
		for _, v := range values {
			if b, err = wsproto.AppendField(b, name, v); err != nil {
				return errField
			}
		}
	}
	switch {
	case connect:
		// RFC 8441 section 5: the fields Upgrade and Connection, and the key, are
		// HTTP/1.1's alone. Nobody answers this key.
		b = append(b, "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"...)
	case r.ContentLength > 0:
		b = append(b, "Content-Length: "...)
		b = strconv.AppendInt(b, r.ContentLength, 10)
		b = append(b, "\r\n"...)
	case r.ContentLength < 0:
		b = append(b, "Transfer-Encoding: chunked\r\n"...)
	}
	h.bytes = append(b, "\r\n"...)
	return nil
}

// written tells the fields that are made of other parts of the request.
func written(name string, connect bool) bool {
	switch http.CanonicalHeaderKey(name) {
	case "Host", "Content-Length", "Transfer-Encoding":
		return true
	case "Upgrade", "Connection", "Sec-Websocket-Key":
		return connect
	}
	return connect && name[:min(1, len(name))] == ":" // a pseudo-header of HTTP/2
}

// visible tells whether s is one word on the wire.
func visible(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] == 0x7f {
			return false
		}
	}
	return s != ""
}
