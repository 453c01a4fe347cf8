package wsproto

import "iter"

// DeflateOffers are the good offers of permessage-deflate among the values of a request's Sec-WebSocket-Extensions fields,
// the client's preferred one first: what Request.SelectDeflate chooses from, for a server whose HTTP is parsed elsewhere.
func DeflateOffers(values []string) iter.Seq[Deflate] {
	return func(yield func(offer Deflate) bool) {
		for _, value := range values {
			rest := []byte(value)
			for more := true; more; {
				var element []byte
				element, rest, more = hsCutUnquoted(rest, ',')
				var offer Deflate
				if deflateNamed(element) && offer.parse(element, true) && !yield(offer) {
					return
				}
			}
		}
	}
}

// CheckDeflate checks the values of a response's Sec-WebSocket-Extensions fields against the offer, nil for none, as
// Response.CheckUpgrade does, for a client whose HTTP is parsed elsewhere. ok tells that permessage-deflate was agreed. Any
// extension but that one is an error, and every error is a *HandshakeError.
func CheckDeflate(values []string, offer *Deflate) (agreed Deflate, ok bool, err error) {
	var r Response
	switch len(values) {
	case 0:
		return Deflate{}, false, nil
	case 1:
		r.extensions = []byte(values[0])
	default: // RFC 6455 section 11.3.2
		return Deflate{}, false, errHSAnswerRepeated
	}
	if bad := r.hsCheckDeflate(offer); bad != nil {
		return Deflate{}, false, bad
	}
	return r.Deflate, r.Deflated, nil
}
