package wsproto

import "bytes"

var (
	errHSHostMissing = &HandshakeError{400, "no Host"}
	errHSHostTwice   = &HandshakeError{400, "more than one Host"}
	errHSHostInvalid = &HandshakeError{400, "invalid Host"}
	errHSLength      = &HandshakeError{400, "invalid Content-Length"}
	errHSSmuggling   = &HandshakeError{400, "both Content-Length and Transfer-Encoding"}
)

// Request is the head of an HTTP request, as a server sees it. The zero value is ready for Parse, and a Request may be
// used again and again. Every []byte in it and from its methods is a view into the bytes given to Parse: it lives as
// long as those and must not be modified. A Request that is kept for later should be set to Request{}, so that it
// does not hold the bytes. One goroutine at a time.
type Request struct {
	Head

	Method []byte
	// Target is the request-target as sent: "/path?query", or "http://host/path?query". See Path and Query.
	Target []byte
	// Host is the authority asked for: of the target if it has one, else of the Host field.
	// It is nil if neither is there (HTTP/1.0).
	Host []byte
	// Key, Origin and Version are Sec-WebSocket-Key, Origin and Sec-WebSocket-Version; nil if absent.
	// CheckUpgrade checks them, Parse does not.
	Key, Origin, Version []byte
	// ContentLength is the length of the body that follows the head in bytes; negative when
	// it has a Transfer-Encoding instead of a length.
	ContentLength int64
	// HTTP10 tells that the request is HTTP/1.0, and not HTTP/1.1.
	HTTP10 bool

	path       []byte // from the path on
	found      hsFacts
	permissive bool
}

// Parse parses the head of a request at the start of p. n > 0: the head took n bytes, what follows is p[n:].
// n == 0 and err == nil: the head is not whole, call again with the same bytes and more. err is always a *HandshakeError
// with the status to answer; no more bytes can cure it.
//
// from is the number of bytes of p that an earlier call found incomplete, 0 for the first call: with it, a head that
// arrives byte by byte costs no more than its length. lim must be the same in all those calls.
// r is filled when n > 0; otherwise nothing in it counts.
//
// Parse accepts any well-formed request, also one that asks for no upgrade: CheckUpgrade tells. It is stricter than
// RFC 9112 obliges a server to be: line ends are CRLF, and an empty line before the request (section 2.2) is refused
// unless lim is permissive.
func (r *Request) Parse(p []byte, lim Limits, from int) (n int, err error) {
	*r = Request{permissive: lim.Permissive}
	empty := 0
	if lim.Permissive && len(p) > 0 && p[0] == '\r' {
		if len(p) == 1 {
			return 0, nil
		}
		if p[1] == '\n' {
			empty = 2
		}
	}
	n, e := hsScan(p[empty:], lim, from-empty, hsCheckMethodStart, hsCheckRequestLine)
	if e == nil && n > 0 {
		n += empty
		e = r.hsIndex(p[empty : n-2])
	}
	if e != nil {
		return 0, e
	}
	return n, nil
}

// hsIndex fills r from a head whose lines are checked, without its empty line.
func (r *Request) hsIndex(head []byte) *HandshakeError {
	end := bytes.IndexByte(head, '\n')
	r.lines = head[end+1:]
	method, target, version := hsCutRequestLine(head[:end-1])
	r.Method, r.Target, r.HTTP10 = method, target, string(version) == "HTTP/1.0"

	for rest := r.lines; len(rest) > 0; {
		var name, value []byte
		name, value, rest = hsNextField(rest)
		if e := r.hsField(name, value); e != nil {
			return e
		}
	}
	// RFC 9112 section 3.2: 400 for any HTTP/1.1 request that lacks a Host field.
	if !r.found.has(hsFoundHost) && !r.HTTP10 {
		return errHSHostMissing
	}
	// RFC 9112 section 6.3 item 3: a request with both may be an attempt to smuggle another one.
	if r.found.has(hsFoundEncoding) {
		if r.found.has(hsFoundLength) {
			return errHSSmuggling
		}
		r.ContentLength = -1
	}
	// RFC 9112 section 3.2.2: the host of an absolute-form target replaces that of the Host field.
	authority, path := hsCutTarget(target)
	if authority != nil {
		r.Host = authority
	}
	r.path = path
	return nil
}

// hsField takes note of a field. The lengths are a cheap first comparison.
func (r *Request) hsField(name, value []byte) *HandshakeError {
	switch len(name) {
	case len("Host"):
		if hsFold(name, "Host") {
			return r.hsHostField(value)
		}
	case len("Origin"):
		if hsFold(name, "Origin") {
			r.found.once(&r.Origin, value)
		}
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
			return errHSLength
		}
	case len("Sec-WebSocket-Key"): // Transfer-Encoding is as long
		if hsFold(name, "Sec-WebSocket-Key") {
			r.found.once(&r.Key, value)
		} else if hsFold(name, "Transfer-Encoding") {
			r.found |= hsFoundEncoding
		}
	case len("Sec-WebSocket-Version"):
		if hsFold(name, "Sec-WebSocket-Version") {
			r.found.once(&r.Version, value)
		}
	case len("Sec-WebSocket-Protocol"):
		if hsFold(name, "Sec-WebSocket-Protocol") {
			r.found |= hsFoundProtocol
		}
	case len("Sec-WebSocket-Extensions"):
		if hsFold(name, "Sec-WebSocket-Extensions") {
			r.found |= hsFoundExtension
		}
	}
	return nil
}

func (r *Request) hsHostField(value []byte) *HandshakeError {
	// RFC 9112 section 3.2: 400 for more than one Host field, or for one with an invalid value. An empty one is
	// valid there; CheckUpgrade refuses it.
	if r.found.has(hsFoundHost) {
		return errHSHostTwice
	}
	if len(value) > 0 && !hsIsAuthority(value) {
		return errHSHostInvalid
	}
	r.found |= hsFoundHost
	r.Host = value
	return nil
}

// Path returns the path of the target, still percent-encoded. It begins with '/'.
func (r *Request) Path() []byte {
	path := r.path
	if i := bytes.IndexByte(path, '?'); i >= 0 {
		path = path[:i]
	}
	if len(path) == 0 && len(r.Target) > 0 {
		// "http://host?query": an empty path is "/" (RFC 9110 section 4.2.3). The slash of "://" lends a view.
		i := bytes.IndexByte(r.Target, '/')
		path = r.Target[i : i+1]
	}
	return path
}

// Query returns what follows the first '?' of the target; nil if there is none.
func (r *Request) Query() []byte {
	if i := bytes.IndexByte(r.path, '?'); i >= 0 {
		return r.path[i+1:]
	}
	return nil
}
