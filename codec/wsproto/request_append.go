package wsproto

import "errors"

// ClientRequest is the opening handshake that a client sends.
type ClientRequest struct {
	// Host is the authority of the server: host, or host:port when the port is not that of the scheme.
	Host string
	// Target is the path and query, percent-encoded. Empty means "/".
	Target string
	// Key is from NewKey.
	Key string
	// Protocols are the subprotocols offered, the preferred one first. Empty means none.
	Protocols []string
	// Origin is what a browser sends. Empty means no Origin field.
	Origin string
	// Deflate is the offer of permessage-deflate. Nil means none.
	Deflate *Deflate
	// Header holds further field lines, made by AppendField. Empty means none. The fields of the handshake may not
	// be among them.
	Header []byte
}

var (
	errHSRequestHost      = errors.New("wsproto: ClientRequest: Host is not host or host:port")
	errHSRequestTarget    = errors.New("wsproto: ClientRequest: Target is not a path and query")
	errHSRequestKey       = errors.New("wsproto: ClientRequest: Key is not 16 bytes in base64")
	errHSRequestProtocols = errors.New("wsproto: ClientRequest: Protocols are not tokens, each once")
	errHSRequestDeflate   = errors.New("wsproto: ClientRequest: Deflate has window bits that are neither 0 nor from 8 to 15")
	errHSRequestOrigin    = errors.New("wsproto: ClientRequest: Origin holds a control character")
)

// A client that offers another extension than Deflate must know what to do when it is accepted, which
// Response.CheckUpgrade does not.
var hsRequestReserved = []string{
	"Host", "Upgrade", "Connection", "Origin", "Sec-WebSocket-Key", "Sec-WebSocket-Version",
	"Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions", "Content-Length", "Transfer-Encoding",
}

// AppendRequest appends the opening handshake of a client, RFC 6455 section 4.1. What it is made of comes
// from a URL or a configuration, so anything that cannot be sent is an error, which leaves dst as it was.
func AppendRequest(dst []byte, r *ClientRequest) ([]byte, error) {
	if err := r.validate(); err != nil {
		return dst, err
	}
	dst = append(dst, "GET "...)
	if r.Target == "" {
		dst = append(dst, '/')
	}
	dst = append(dst, r.Target...)
	dst = append(dst, " HTTP/1.1\r\n"...)
	dst = hsAppendField(dst, "Host", r.Host) // RFC 9112 section 3.2: SHOULD come first
	dst = append(dst, "Upgrade: websocket\r\nConnection: Upgrade\r\n"...)
	dst = hsAppendField(dst, "Sec-WebSocket-Key", r.Key)
	dst = append(dst, "Sec-WebSocket-Version: 13\r\n"...)
	if r.Origin != "" {
		dst = hsAppendField(dst, "Origin", r.Origin)
	}
	for i, p := range r.Protocols {
		if i == 0 {
			dst = append(dst, "Sec-WebSocket-Protocol: "...)
		} else {
			dst = append(dst, ", "...)
		}
		dst = append(dst, p...)
	}
	if len(r.Protocols) > 0 {
		dst = append(dst, "\r\n"...)
	}
	if r.Deflate != nil {
		dst = append(dst, "Sec-WebSocket-Extensions: "...)
		dst = AppendDeflate(dst, *r.Deflate)
		dst = append(dst, "\r\n"...)
	}
	dst = append(dst, r.Header...)
	return append(dst, "\r\n"...), nil
}

func (r *ClientRequest) validate() error {
	if !hsIsAuthority(r.Host) {
		return errHSRequestHost
	}
	if t := r.Target; t != "" && (t[0] != '/' || !hsAll(t, hsTarget) || !hsEscapesValid(t)) {
		return errHSRequestTarget
	}
	if !hsIsKey(r.Key) {
		return errHSRequestKey
	}
	// RFC 6455 section 4.1 item 10: tokens, and all unique.
	for i, p := range r.Protocols {
		if !hsIsToken(p) {
			return errHSRequestProtocols
		}
		for _, q := range r.Protocols[:i] {
			if p == q {
				return errHSRequestProtocols
			}
		}
	}
	if r.Deflate != nil && !r.Deflate.valid() {
		return errHSRequestDeflate
	}
	if !hsAll(r.Origin, hsValue) {
		return errHSRequestOrigin
	}
	if wrong := hsCheckLines(r.Header, hsRequestReserved); wrong != "" {
		return errors.New("wsproto: ClientRequest: " + wrong)
	}
	return nil
}
