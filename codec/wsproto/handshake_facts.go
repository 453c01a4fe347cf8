package wsproto

// hsFacts is what the fields of a head said, noted while they were walked once.
type hsFacts uint16

const (
	hsFoundHost       hsFacts = 1 << iota
	hsFoundUpgrade            // there is an Upgrade field
	hsFoundWebSocket          // and websocket is one of its elements
	hsFoundOther              // and so is something else
	hsFoundConnection         // Connection has the element Upgrade
	hsFoundProtocol           // there is a Sec-WebSocket-Protocol field
	hsFoundExtension          // there is a Sec-WebSocket-Extensions field
	hsFoundLength             // there is a Content-Length field
	hsFoundEncoding           // there is a Transfer-Encoding field
	hsFoundRepeated           // a field of the handshake that may stand only once stands twice
)

func (f hsFacts) has(all hsFacts) bool { return f&all == all }

// once stores the value of a field that may stand only once. Its value is never nil: a second one is noticed.
func (f *hsFacts) once(field *[]byte, value []byte) {
	if *field != nil {
		*f |= hsFoundRepeated
	}
	*field = value
}

// upgrade reads an Upgrade field: a list of protocols, RFC 9110 section 7.8.
func (f *hsFacts) upgrade(value []byte) {
	*f |= hsFoundUpgrade
	hsEachElement(value, func(e []byte) bool {
		if hsFold(e, "websocket") {
			*f |= hsFoundWebSocket
		} else {
			*f |= hsFoundOther
		}
		return true
	})
}

// connection reads a Connection field: a list of options, compared without regard to case, RFC 9110 section 7.6.1.
func (f *hsFacts) connection(value []byte) {
	if !hsEachElement(value, func(e []byte) bool { return !hsFold(e, "upgrade") }) {
		*f |= hsFoundConnection
	}
}

// length reads a Content-Length field: digits only (RFC 9110 section 8.6), no more of them than an int64 surely holds.
// RFC 9112 section 6.3 item 5: an invalid length is an unrecoverable error. A repeated one, even of the
// same value, may be rejected (RFC 9110 section 8.6), and is.
func (f *hsFacts) length(n *int64, value []byte) (ok bool) {
	if f.has(hsFoundLength) || len(value) == 0 || len(value) > 18 || !hsAll(value, hsDigit) {
		return false
	}
	*f |= hsFoundLength
	*n = 0
	for _, c := range value {
		*n = *n*10 + int64(c-'0')
	}
	return true
}
