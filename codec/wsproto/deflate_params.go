package wsproto

import "strconv"

// Deflate holds the parameters of permessage-deflate (RFC 7692 section 7.1), of an offer or of an agreement.
type Deflate struct {
	// ServerNoTakeover and ClientNoTakeover are server_no_context_takeover and client_no_context_takeover: that side
	// compresses each message without regard to those before.
	ServerNoTakeover, ClientNoTakeover bool
	// ServerBits and ClientBits are server_max_window_bits and client_max_window_bits, 8 to 15: that side compresses with a
	// window of so many bits. Zero: the parameter is absent, which means 15.
	// In an offer ClientBits 15 also stands for client_max_window_bits without a value.
	ServerBits, ClientBits uint8
}

// AppendDeflate appends d as an element of Sec-WebSocket-Extensions, in an offer or in the answer to one.
// It panics on window bits that are neither zero nor from 8 to 15.
func AppendDeflate(dst []byte, d Deflate) []byte {
	d.mustBeValid("AppendDeflate")
	dst = append(dst, "permessage-deflate"...)
	if d.ServerNoTakeover {
		dst = append(dst, "; server_no_context_takeover"...)
	}
	if d.ClientNoTakeover {
		dst = append(dst, "; client_no_context_takeover"...)
	}
	if d.ServerBits != 0 {
		dst = append(dst, "; server_max_window_bits="...)
		dst = strconv.AppendUint(dst, uint64(d.ServerBits), 10)
	}
	if d.ClientBits != 0 {
		dst = append(dst, "; client_max_window_bits"...)
	}
	// An offer of 15 says that the client understands the parameter, which needs no value; no answer of
	// SelectDeflate has it.
	if d.ClientBits != 0 && d.ClientBits != 15 {
		dst = append(dst, '=')
		dst = strconv.AppendUint(dst, uint64(d.ClientBits), 10)
	}
	return dst
}

func (d Deflate) valid() bool {
	return deflateBitsValid(d.ServerBits) && deflateBitsValid(d.ClientBits)
}

func deflateBitsValid(bits uint8) bool { return bits == 0 || 8 <= bits && bits <= 15 }

func (d Deflate) mustBeValid(by string) {
	if !d.valid() {
		panic("wsproto: " + by + ": window bits of a Deflate are neither 0 nor from 8 to 15")
	}
}

// SelectDeflate answers the first good offer of permessage-deflate among all the Sec-WebSocket-Extensions fields, which is the
// client's preferred one (RFC 7692 section 5); false if there is none, and the answer then has no such extension. An
// offer with a parameter that is unknown or repeated, or with a value that is wrong or in the wrong place, is declined
// (section 7.1) and the next one is looked at. want is what the server wants for itself: its own takeover and
// window, and those that it grants to the client.
//
// agreed is both the parameters that hold, and those that the response names (see AppendDeflate): the takeovers that neither
// side wants to do without, and the smaller windows. A client whose window cannot be made smaller, because its offer lacks
// client_max_window_bits, has to do without takeover instead. It does not allocate, and panics on window
// bits of want that are neither zero nor from 8 to 15.
func (r *Request) SelectDeflate(want Deflate) (agreed Deflate, ok bool) {
	want.mustBeValid("SelectDeflate")
	if !r.found.has(hsFoundExtension) {
		return Deflate{}, false
	}
	r.EachExtension(func(value []byte) bool {
		for more := true; more && !ok; {
			var element []byte
			element, value, more = hsCutUnquoted(value, ',')
			var offer Deflate
			if deflateNamed(element) && offer.parse(element, true) {
				agreed, ok = offer.answer(want), true
			}
		}
		return !ok
	})
	return agreed, ok
}

// answer joins an offer with what the server wants.
func (d Deflate) answer(want Deflate) Deflate {
	a := Deflate{
		// Section 7.1.1.1: an offer with the parameter is accepted by repeating it, and a server may add it.
		ServerNoTakeover: d.ServerNoTakeover || want.ServerNoTakeover,
		// Section 7.1.1.2: in an offer it is what the client will do anyway; in an answer the client must do so.
		ClientNoTakeover: d.ClientNoTakeover || want.ClientNoTakeover,
	}
	// Section 7.1.2.1: an offer with the parameter is accepted by answering the same or a smaller value, and a server
	// may add it.
	if bits := smallerBits(d.ServerBits, want.ServerBits); d.ServerBits != 0 || bits < 15 {
		a.ServerBits = bits
	}
	// Section 7.1.2.2: a server may answer with the same or a smaller value, and must not when the offer lacks
	// the parameter.
	switch bits := smallerBits(d.ClientBits, want.ClientBits); {
	case bits == 15:
	case d.ClientBits != 0:
		a.ClientBits = bits
	default:
		a.ClientNoTakeover = true
	}
	return a
}

// smallerBits takes zero for 15.
func smallerBits(a, b uint8) uint8 {
	least := uint8(15)
	for _, bits := range [...]uint8{a, b} {
		if bits != 0 {
			least = min(least, bits)
		}
	}
	return least
}
