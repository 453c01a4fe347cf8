package wsproto

// The errors after a 101: RFC 6455 section 4.1 wants the connection failed.
var (
	errHSHTTP10Switch    = &HandshakeError{101, "101 in HTTP/1.0"}
	errHSAnswerUpgrade   = &HandshakeError{101, "the Upgrade of the server is not websocket"}
	errHSAnswerConn      = &HandshakeError{101, "the Connection of the server does not hold Upgrade"}
	errHSAnswerRepeated  = &HandshakeError{101, "a field of the server's handshake is repeated"}
	errHSAnswerAccept    = &HandshakeError{101, "Sec-WebSocket-Accept does not match the key"}
	errHSAnswerExtension = &HandshakeError{101, "the server uses an extension that was not offered"}
	errHSAnswerDeflate   = &HandshakeError{101, "the server's permessage-deflate is not what was offered"}
	errHSAnswerProtocol  = &HandshakeError{101, "the server chose a subprotocol that was not offered"}
)

// CheckUpgrade checks that r, which Parse has filled, accepts the handshake that a client made with req: the list of RFC
// 6455 section 4.1. Of req its Key, Protocols and Deflate count; it is not kept. It sets r.Deflate and r.Deflated.
// The error is a *HandshakeError; its Status is r.Status. If that is not 101 the server refused, and its Reason is the status line; Header, such as
// Location or WWW-Authenticate, and the body say more.
func (r *Response) CheckUpgrade(req *ClientRequest) error {
	r.Deflate, r.Deflated = Deflate{}, false
	if e := r.hsCheckUpgrade(req); e != nil {
		return e
	}
	return nil
}

func (r *Response) hsCheckUpgrade(req *ClientRequest) *HandshakeError {
	switch {
	// Item 1: another status is handled as HTTP says.
	case r.Status != 101:
		return &HandshakeError{r.Status, r.hsStatusText()}
	// HTTP/1.0 has no 1xx, RFC 9110 section 15.2.
	case r.http10:
		return errHSHTTP10Switch
	// Item 2: Upgrade is websocket, in any case. The list of a 101 names all the layers that were switched to (RFC 9110
	// section 7.8), so nothing else may be in it.
	case !r.found.has(hsFoundWebSocket) || r.found.has(hsFoundOther):
		return errHSAnswerUpgrade
	// Item 3: Connection holds Upgrade, in any case.
	case !r.found.has(hsFoundConnection):
		return errHSAnswerConn
	// Sections 11.3.2, 11.3.3 and 11.3.4: Extensions, Accept and Protocol once at most in a response.
	case r.found.has(hsFoundRepeated):
		return errHSAnswerRepeated
	// Item 4: the proof that the server has understood; without the whitespace around it.
	case !hsAcceptMatches(r.accept, req.Key):
		return errHSAnswerAccept
	// Item 6: a subprotocol only of those offered; none is a valid choice.
	case r.Protocol != nil && !hsWasOffered(r.Protocol, req.Protocols):
		return errHSAnswerProtocol
	}
	// Item 5: no extension that was not offered.
	return r.hsCheckDeflate(req.Deflate)
}

func hsAcceptMatches(accept []byte, key string) bool {
	var buf [32]byte
	return string(hsAppendAccept(buf[:0], key)) == string(accept)
}

func hsWasOffered(protocol []byte, offered []string) bool {
	for _, o := range offered {
		if string(protocol) == o {
			return true
		}
	}
	return false
}
