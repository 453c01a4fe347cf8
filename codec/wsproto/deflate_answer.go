package wsproto

// hsCheckDeflate checks the Sec-WebSocket-Extensions of a response against the offer, nil for none, and notes what
// was agreed: RFC 6455 section 4.1 and RFC 7692 section 7.1. Whatever is not acceptable fails the handshake.
func (r *Response) hsCheckDeflate(offer *Deflate) *HandshakeError {
	var (
		rest   = r.extensions
		agreed Deflate
		found  bool
	)
	for more := true; more; {
		var element []byte
		element, rest, more = hsCutUnquoted(rest, ',')
		if element = hsTrim(element); len(element) == 0 {
			continue
		}
		if offer == nil || !deflateNamed(element) {
			return errHSAnswerExtension
		}
		// Twice the same extension in an answer cannot be: there is one RSV1 bit.
		var answer Deflate
		if found || !answer.parse(element, false) || !offer.accepts(answer) {
			return errHSAnswerDeflate
		}
		// What the client has announced for itself, it keeps to, whether the server repeats it or not
		// (sections 7.1.1.2 and 7.1.2.2).
		answer.ClientNoTakeover = answer.ClientNoTakeover || offer.ClientNoTakeover
		if bits := smallerBits(answer.ClientBits, offer.ClientBits); bits < 15 {
			answer.ClientBits = bits
		}
		agreed, found = answer, true
	}
	r.Deflate, r.Deflated = agreed, found
	return nil
}

// accepts tells whether an answer keeps to what was offered.
func (d *Deflate) accepts(answer Deflate) bool {
	switch {
	// Section 7.1.1.1: the server accepts such an offer by including the parameter.
	case d.ServerNoTakeover && !answer.ServerNoTakeover:
		return false
	// Section 7.1.2.1: likewise, with the same or a smaller value.
	case d.ServerBits != 0 && (answer.ServerBits == 0 || answer.ServerBits > d.ServerBits):
		return false
	// Section 7.1.2.2: not in the answer if it is not in the offer, and no more than the value there.
	case answer.ClientBits > d.ClientBits:
		return false
	}
	return true
}
