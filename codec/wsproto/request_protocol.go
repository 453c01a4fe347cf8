package wsproto

// EachProtocol calls yield with each subprotocol that the client offers, in its order of preference over all
// Sec-WebSocket-Protocol fields (RFC 6455 section 11.3.4), until it returns false. It can be ranged over.
func (r *Request) EachProtocol(yield func(protocol []byte) bool) {
	r.EachElement("Sec-WebSocket-Protocol", yield)
}

// SelectProtocol returns the first subprotocol offered by the client that is one of supported, compared with regard to
// case (RFC 6455 section 4.2.2 item 4); empty if there is none: the answer then names no subprotocol. What is not a token
// is never chosen.
func (r *Request) SelectProtocol(supported []string) (protocol string) {
	if !r.found.has(hsFoundProtocol) {
		return ""
	}
	r.EachProtocol(func(p []byte) bool {
		for _, s := range supported {
			if string(p) == s && hsIsToken(s) {
				protocol = s
				return false
			}
		}
		return true
	})
	return protocol
}

// SelectProtocolOf returns the first of preferred that the client offers; empty if there is none. It is SelectProtocol in the
// server's order of preference.
func (r *Request) SelectProtocolOf(preferred []string) (protocol string) {
	for _, s := range preferred {
		if r.Offers(s) {
			return s
		}
	}
	return ""
}

// Offers tells whether the client offers the subprotocol. One that is not a token is never offered.
func (r *Request) Offers(protocol string) (found bool) {
	if !r.found.has(hsFoundProtocol) || !hsIsToken(protocol) {
		return false
	}
	r.EachProtocol(func(p []byte) bool {
		found = string(p) == protocol
		return !found
	})
	return found
}
