package websocket

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
)

// maxErrorBody is how much of the body a refusal keeps, for people who look for the
// reason.
const maxErrorBody = 1024

// open connects and does the opening handshake. What is connected is the guard's.
func (d *Dialer) open(g *guard, req *http.Request, key string) (*Conn, *http.Response, error) {
	nc, err := d.connect(g, req)
	if err != nil {
		return nil, nil, err
	}
	if err := req.Write(nc); err != nil {
		return nil, nil, err
	}
	r := newResponseReader(nc)
	resp, err := r.read(req, httptrace.ContextClientTrace(g.ctx))
	if err != nil {
		return nil, nil, d.explain(err)
	}
	if d.Jar != nil {
		if cookies := resp.Cookies(); len(cookies) > 0 {
			d.Jar.SetCookies(req.URL, cookies)
		}
	}
	if !upgraded(resp, key) {
		p := make([]byte, maxErrorBody)
		n, _ := io.ReadFull(resp.Body, p)
		resp.Body = io.NopCloser(bytes.NewReader(p[:n]))
		return nil, resp, ErrBadHandshake
	}
	resp.Body = http.NoBody
	deflated, err := checkExtensions(resp.Header, d.EnableCompression)
	if err != nil {
		return nil, resp, err
	}
	c := newConn(nc, false, d.ReadBufferSize, d.WriteBufferSize, d.WriteBufferPool, nil, nil)
	c.early = r.rest()
	c.subprotocol = resp.Header.Get("Sec-Websocket-Protocol")
	if deflated {
		c.deflate()
	}
	return c, resp, nil
}

// upgraded tells whether a response accepts a handshake, RFC 6455 section 4.1.
func upgraded(resp *http.Response, key string) bool {
	return resp.StatusCode == http.StatusSwitchingProtocols &&
		tokenListContainsValue(resp.Header, "Upgrade", "websocket") &&
		tokenListContainsValue(resp.Header, "Connection", "upgrade") &&
		resp.Header.Get("Sec-Websocket-Accept") == computeAcceptKey(key)
}

// explain adds to an error what may be the cause: a server that speaks what
// the TLS configuration has offered it, HTTP/2 for instance.
func (d *Dialer) explain(err error) error {
	if d.TLSClientConfig == nil {
		return err
	}
	for _, proto := range d.TLSClientConfig.NextProtos {
		if proto != "http/1.1" {
			return fmt.Errorf("websocket: protocol %q was given but is not supported;"+
				"sharing tls.Config with net/http Transport can cause this error: %w", proto, err)
		}
	}
	return err
}
