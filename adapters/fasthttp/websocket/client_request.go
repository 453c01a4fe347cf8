package websocket

import (
	"context"
	"errors"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
)

// request makes the opening handshake, RFC 6455 section 4.1.
func (d *Dialer) request(ctx context.Context, urlStr string, requestHeader http.Header) (req *http.Request, key string, err error) {
	if key, err = generateChallengeKey(); err != nil {
		return nil, "", err
	}
	u, err := handshakeURL(urlStr)
	if err != nil {
		return nil, "", err
	}
	req = (&http.Request{
		Method:     http.MethodGet,
		URL:        u,
		Host:       u.Host,
		Proto:      "HTTP/1.1",
		ProtoMajor: 1,
		ProtoMinor: 1,
		Header:     http.Header{},
	}).WithContext(ctx)
	if d.Jar != nil {
		for _, cookie := range d.Jar.Cookies(u) {
			req.AddCookie(cookie)
		}
	}
	// There are servers for which the names must be written as in the RFC, which is
	// not the canonical form of net/http.
	req.Header["Upgrade"] = []string{"websocket"}
	req.Header["Connection"] = []string{"Upgrade"}
	req.Header["Sec-WebSocket-Key"] = []string{key}
	req.Header["Sec-WebSocket-Version"] = []string{"13"}
	if len(d.Subprotocols) > 0 {
		req.Header["Sec-WebSocket-Protocol"] = []string{strings.Join(d.Subprotocols, ", ")}
	}
	if err = d.addHeader(req, requestHeader); err != nil {
		return nil, "", err
	}
	if d.EnableCompression {
		req.Header["Sec-WebSocket-Extensions"] = []string{deflateTerms}
	}
	return req, key, nil
}

// handshakeURL is a ws or wss URL as one of HTTP.
func handshakeURL(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil {
		return nil, err
	}
	switch u.Scheme {
	case "ws":
		u.Scheme = "http"
	case "wss":
		u.Scheme = "https"
	default:
		return nil, errMalformedURL
	}
	if u.User != nil { // RFC 6455 section 3 has no place for it
		return nil, errMalformedURL
	}
	return u, nil
}

// addHeader adds the application's own, as it is written there.
func (d *Dialer) addHeader(req *http.Request, header http.Header) error {
	for name, values := range header {
		switch canonical := textproto.CanonicalMIMEHeaderKey(name); canonical {
		case "Host":
			if len(values) > 0 {
				req.Host = values[0]
			}
		case "Upgrade", "Connection", "Sec-Websocket-Key", "Sec-Websocket-Version", "Sec-Websocket-Extensions":
			return errors.New("websocket: duplicate header not allowed: " + canonical)
		case "Sec-Websocket-Protocol":
			if len(d.Subprotocols) > 0 && name == canonical {
				return errors.New("websocket: duplicate header not allowed: " + canonical)
			}
			req.Header["Sec-WebSocket-Protocol"] = values
		default:
			req.Header[name] = values
		}
	}
	return nil
}

// hostPortNoPort is a URL's host with a port, that of the scheme if it has none, and
// its host without, as it is written there.
func hostPortNoPort(u *url.URL) (hostPort, hostNoPort string) {
	if i := strings.LastIndexByte(u.Host, ':'); i > strings.LastIndexByte(u.Host, ']') {
		return u.Host, u.Host[:i]
	}
	switch u.Scheme {
	case "wss", "https":
		return u.Host + ":443", u.Host
	}
	return u.Host + ":80", u.Host
}
