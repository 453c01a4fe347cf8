package wsproto

var (
	errHSMethod     = &HandshakeError{405, "the method is not GET"}
	errHSHTTP10     = &HandshakeError{505, "HTTP/1.0 has no upgrade"}
	errHSHostEmpty  = &HandshakeError{400, "empty Host"}
	errHSNoUpgrade  = &HandshakeError{426, "the request does not ask for an upgrade to websocket"}
	errHSConnection = &HandshakeError{400, "Connection does not hold Upgrade"}
	errHSRepeated   = &HandshakeError{400, "a field of the handshake is repeated"}
	errHSWSVersion  = &HandshakeError{426, "Sec-WebSocket-Version is not 13"}
	errHSKey        = &HandshakeError{400, "Sec-WebSocket-Key is not 16 bytes in base64"}
	errHSProtocol   = &HandshakeError{400, "Sec-WebSocket-Protocol is not a list of tokens"}
	errHSBody       = &HandshakeError{400, "an upgrade with a body"}
)

// CheckUpgrade checks that r, which Parse has filled, is the opening handshake of a WebSocket client: the list of
// RFC 6455 section 4.2.1, which wants any violation refused; see Limits.Permissive. The error is a *HandshakeError. Whom
// the client is and whether its Origin is welcome is for the application to decide.
func (r *Request) CheckUpgrade() error {
	if e := r.hsCheckUpgrade(); e != nil {
		return e
	}
	return nil
}

func (r *Request) hsCheckUpgrade() *HandshakeError {
	switch {
	// Item 1: GET (case-sensitive, RFC 9110 section 9.1), HTTP/1.1 or higher. RFC 9110 section 7.8 has an Upgrade in
	// HTTP/1.0 ignored; 505 rather than 426 because it names the cause, which is a proxy that speaks 1.0 behind.
	case string(r.Method) != "GET":
		return errHSMethod
	case r.HTTP10:
		return errHSHTTP10
	// Item 2: a Host field with the server's authority.
	case len(r.Host) == 0 && !r.permissive:
		return errHSHostEmpty
	// Item 3: Upgrade holds websocket, in any case. Other protocols beside it are offers that we may decline
	// (RFC 9110 section 7.8). Without it 426 tells what to do (section 15.5.22).
	case !r.found.has(hsFoundWebSocket):
		return errHSNoUpgrade
	// Item 4: Connection holds Upgrade, in any case.
	case !r.found.has(hsFoundConnection):
		return errHSConnection
	// RFC 6455 sections 11.3.1 and 11.3.5, RFC 6454 section 7.3: Sec-WebSocket-Key, Sec-WebSocket-Version
	// and Origin once at most.
	case r.found.has(hsFoundRepeated):
		return errHSRepeated
	// Item 6, before the key, for another version may have another key. Section 4.4: the answer names
	// the version we speak. An absent version is another version.
	case string(r.Version) != "13" && !(r.permissive && hsHasElement(r.Version, "13")):
		return errHSWSVersion
	// Item 5: the key, 16 bytes in base64.
	case !hsIsKey(r.Key) && !(r.permissive && len(r.Key) > 0):
		return errHSKey
	// Section 4.1 item 10: the protocols are tokens; the server may echo one.
	case r.found.has(hsFoundProtocol) && !r.permissive && !r.hsProtocolsValid():
		return errHSProtocol
	// After the head come frames: a body would be taken for them, or hide them from a proxy.
	// RFC 9110 section 9.3.1: a request with GET and content may be rejected.
	case r.ContentLength != 0:
		return errHSBody
	}
	return nil
}

func (r *Request) hsProtocolsValid() (ok bool) {
	ok = true
	r.EachProtocol(func(p []byte) bool {
		ok = hsIsToken(p)
		return ok
	})
	return ok
}

// EachExtension calls yield with the value of each Sec-WebSocket-Extensions field, not cut into its elements, until
// it returns false. It can be ranged over.
func (r *Request) EachExtension(yield func(value []byte) bool) {
	r.EachValue("Sec-WebSocket-Extensions", yield)
}
