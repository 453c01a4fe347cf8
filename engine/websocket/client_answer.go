package websocket

import (
	"bytes"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// answer finds the answer to a request in what arrives: the first response that
// is not an interim one. The zero answer is ready.
type answer struct {
	r       wsproto.Response
	scanned int // bytes that were searched for the end of a head
	interim int
}

// maxInterim is how many interim responses are borne. RFC 9110 section 15.2
// wants them parsed even if they are not expected, and sets no limit.
const maxInterim = 16

var errInterim = &wsproto.HandshakeError{Reason: "too many interim responses"}

// find is given all bytes that have arrived and were not taken yet, and takes n.
// r is nil when the answer is not there whole; it is a view of p and lives until
// the next call. An error is a *wsproto.HandshakeError; with an r it is
// about that response.
func (a *answer) find(p []byte, lim wsproto.Limits) (r *wsproto.Response, n int, err error) {
	for {
		k, err := a.r.Parse(p[n:], lim, a.scanned)
		if err != nil {
			return nil, n, err
		}
		if k == 0 {
			a.scanned = len(p) - n
			return nil, n, nil
		}
		n, a.scanned = n+k, 0
		if !a.r.Interim() {
			return &a.r, n, nil
		}
		if a.interim++; a.interim > maxInterim {
			return &a.r, n, errInterim
		}
	}
}

// refused is the error of Dial for an answer that is no upgrade; r is nil for
// one that is not HTTP.
func refused(r *wsproto.Response, err error) *HandshakeError {
	e := &HandshakeError{Reason: err.(*wsproto.HandshakeError).Reason}
	if r != nil {
		e.Status, e.Header, e.location = r.Status, fields(r), string(r.Header("Location"))
	}
	return e
}

// fields copies the header lines of r.
func fields(r *wsproto.Response) []byte {
	var b bytes.Buffer
	for name, value := range r.EachHeader {
		b.Write(name)
		b.WriteString(": ")
		b.Write(value)
		b.WriteString("\r\n")
	}
	return b.Bytes()
}
