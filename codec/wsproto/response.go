package wsproto

import (
	"bytes"
	"strconv"
)

// Response is the head of an HTTP response, as a client sees it. The zero value is ready for Parse, and a Response may
// be used again and again. Every []byte in it and from its methods is a view into the bytes given to Parse: it
// lives as long as those and must not be modified. One goroutine at a time.
type Response struct {
	Head

	// Status is the status code, 100 to 999.
	Status int
	// Reason is the text beside it; often empty, and only for people.
	Reason []byte
	// Protocol is the subprotocol that the server chose; nil for none. CheckUpgrade checks it, Parse does not.
	Protocol []byte
	// ContentLength is the length of the body that follows the head in bytes; negative when the response does not say
	// it: the body is chunked, or ends with the connection.
	ContentLength int64

	// Deflated tells that permessage-deflate is agreed, and Deflate on what terms. CheckUpgrade sets them.
	Deflate  Deflate
	Deflated bool

	http10     bool
	accept     []byte // Sec-WebSocket-Accept
	extensions []byte // Sec-WebSocket-Extensions
	found      hsFacts
}

// The errors of this file carry no status: the server has not answered with one that counts.
var (
	errHSNotResponse    = &HandshakeError{0, "not an HTTP response"}
	errHSStatusLine     = &HandshakeError{0, "malformed status line"}
	errHSResponseLength = &HandshakeError{0, "invalid Content-Length"}
)

// Parse parses the head of a response at the start of p. n > 0: the head took n bytes; what follows is a body, or frames
// after 101. n == 0 and err == nil: the head is not whole, call again with the same bytes and more. err is always
// a *HandshakeError of Status 0; no more bytes can cure it.
//
// from is the number of bytes of p that an earlier call found incomplete, 0 for the first call, and lim must be the
// same in all those calls. r is filled when n > 0; otherwise nothing in it counts.
//
// After an interim response (see Interim) comes another: Parse p[n:] with from 0.
//
// Parse is as strict as that of Request. RFC 9112 section 5.2 would have a client unfold an obsolete folding: it is
// refused, as no server of WebSocket sends it and a view cannot be rewritten.
func (r *Response) Parse(p []byte, lim Limits, from int) (n int, err error) {
	*r = Response{}
	n, e := hsScan(p, lim, from, hsCheckStatusStart, hsCheckStatusLine)
	if e == nil && n > 0 {
		e = r.hsIndex(p[:n-2])
	}
	if e != nil {
		if e.Status != 0 {
			e = &HandshakeError{0, e.Reason} // the status is what a server would answer
		}
		return 0, e
	}
	return n, nil
}

// hsCheckStatusStart refuses what cannot be a response of HTTP/1 by its first bytes.
func hsCheckStatusStart(p []byte) *HandshakeError {
	const start = "HTTP/1."
	n := min(len(p), len(start))
	if string(p[:n]) != start[:n] {
		return errHSNotResponse
	}
	return nil
}

// hsCheckStatusLine checks a status line without its CRLF: HTTP-version SP 3DIGIT SP [ reason-phrase ],
// RFC 9112 section 4. The second SP is there even if the phrase is not.
func hsCheckStatusLine(line []byte) *HandshakeError {
	const shape = "HTTP/1.1 101 "
	if len(line) < len(shape) || line[7] > '1' || line[7] < '0' || line[8] != ' ' || line[12] != ' ' ||
		!hsAll(line[9:12], hsDigit) || line[9] == '0' || !hsAll(line[13:], hsValue) {
		return errHSStatusLine
	}
	return nil
}

// hsIndex fills r from a head whose lines are checked, without its empty line.
func (r *Response) hsIndex(head []byte) *HandshakeError {
	end := bytes.IndexByte(head, '\n')
	line := head[:end-1]
	r.lines = head[end+1:]
	r.http10 = line[7] == '0'
	r.Status = int(line[9]-'0')*100 + int(line[10]-'0')*10 + int(line[11]-'0')
	r.Reason = line[13:]
	r.ContentLength = -1

	for rest := r.lines; len(rest) > 0; {
		var name, value []byte
		name, value, rest = hsNextField(rest)
		if e := r.hsField(name, value); e != nil {
			return e
		}
	}
	// RFC 9112 section 6.3 items 1 and 3: these have no body whatever the fields say, and Transfer-Encoding
	// overrides Content-Length.
	switch {
	case r.Status < 200 || r.Status == 204 || r.Status == 304:
		r.ContentLength = 0
	case r.found.has(hsFoundEncoding):
		r.ContentLength = -1
	}
	return nil
}

// hsField takes note of a field. The lengths are a cheap first comparison.
func (r *Response) hsField(name, value []byte) *HandshakeError {
	switch len(name) {
	case len("Upgrade"):
		if hsFold(name, "Upgrade") {
			r.found.upgrade(value)
		}
	case len("Connection"):
		if hsFold(name, "Connection") {
			r.found.connection(value)
		}
	case len("Content-Length"):
		if hsFold(name, "Content-Length") && !r.found.length(&r.ContentLength, value) {
			return errHSResponseLength
		}
	case len("Transfer-Encoding"):
		if hsFold(name, "Transfer-Encoding") {
			r.found |= hsFoundEncoding
		}
	case len("Sec-WebSocket-Accept"):
		if hsFold(name, "Sec-WebSocket-Accept") {
			r.found.once(&r.accept, value)
		}
	case len("Sec-WebSocket-Protocol"):
		if hsFold(name, "Sec-WebSocket-Protocol") {
			r.found.once(&r.Protocol, value)
		}
	case len("Sec-WebSocket-Extensions"):
		if hsFold(name, "Sec-WebSocket-Extensions") {
			r.found.once(&r.extensions, value)
		}
	}
	return nil
}

// Interim tells that the response is one of those before the answer, such as 103 Early Hints. RFC 9110 section 15.2: a
// client must be able to parse some, even if it does not expect them. How many it bears is for the caller to say.
func (r *Response) Interim() bool { return r.Status < 200 && r.Status != 101 }

// hsStatusText is the status as a server wrote it, for people: "403 Forbidden".
func (r *Response) hsStatusText() string {
	text := strconv.Itoa(r.Status)
	if len(r.Reason) > 0 {
		text += " " + string(r.Reason[:min(len(r.Reason), 100)])
	}
	return text
}
