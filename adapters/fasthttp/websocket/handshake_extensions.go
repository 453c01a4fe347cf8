package websocket

import (
	"net/http"
	"strings"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// deflateTerms is how a Conn compresses: each message by itself, in both
// directions. It is the offer of a client, and a server's answer.
const deflateTerms = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"

// deflateOffer is deflateTerms.
var deflateOffer = wsproto.Deflate{ServerNoTakeover: true, ClientNoTakeover: true}

// answerDeflate answers the Sec-WebSocket-Extensions of a request: answer is the
// field of the response, and bits are for deflateWithin. false: nothing that can be
// kept is offered, and the response has no such field.
func answerDeflate(values []string) (answer string, bits uint8, ok bool) {
	for offer := range wsproto.DeflateOffers(values) {
		// RFC 7692 section 7.1.2.1: a window for the server is accepted by naming it.
		// That of the client needs no word: a Conn reads what refers to any window.
		agreed := deflateOffer
		agreed.ServerBits = offer.ServerBits
		return string(wsproto.AppendDeflate(nil, agreed)), agreed.ServerBits, true
	}
	return "", 0, false
}

// checkExtensions looks at what a server answered to our offer, if there was one,
// and tells whether messages may be compressed. RFC 6455 section 4.1: what was not
// offered fails the handshake; RFC 7692 section 7.1: so do terms that are not ours.
func checkExtensions(header http.Header, offered bool) (deflated bool, err error) {
	var offer *wsproto.Deflate
	if offered {
		offer = &deflateOffer
	}
	_, deflated, bad := wsproto.CheckDeflate(header["Sec-Websocket-Extensions"], offer)
	if bad == nil {
		return deflated, nil
	}
	for _, ext := range parseExtensions(header) {
		if !equalASCIIFold(ext[""], "permessage-deflate") {
			return false, ErrBadHandshake
		}
	}
	return false, errInvalidCompression
}

// parseExtensions reads the Sec-WebSocket-Extensions of a header, RFC 6455 section
// 9.1. An extension is a map of its parameters, those without a value have an empty
// one; its name stands under the empty key. What follows a fault is left out, to the
// end of that line.
func parseExtensions(header http.Header) (list []map[string]string) {
	for _, line := range header["Sec-Websocket-Extensions"] {
		for more := true; more; {
			var ext map[string]string
			if ext, line, more = cutExtension(line); ext != nil {
				list = append(list, ext)
			}
		}
	}
	return list
}

// cutExtension takes an extension off the front of a line. It answers nil for a
// fault, and then there is no more.
func cutExtension(line string) (ext map[string]string, rest string, more bool) {
	name, rest := cutToken(line)
	if name == "" {
		return nil, "", false
	}
	ext = map[string]string{"": name}
	for strings.HasPrefix(rest, ";") {
		var param, value string
		if param, rest = cutToken(rest[1:]); param == "" {
			return nil, "", false
		}
		if strings.HasPrefix(rest, "=") {
			value, rest = cutValue(rest[1:])
		}
		ext[param] = value
	}
	if rest == "" {
		return ext, "", false
	}
	if rest[0] != ',' {
		return nil, "", false
	}
	return ext, rest[1:], true
}

// cutToken takes a token off the front of s, and the whitespace around it.
func cutToken(s string) (token, rest string) {
	s = trimSpace(s)
	n := tokenLength(s)
	return s[:n], trimSpace(s[n:])
}

// cutValue is cutToken for a token or a quoted-string, RFC 9110 section 5.6.4. A
// string without an end is empty, and so is the rest.
func cutValue(s string) (value, rest string) {
	s = trimSpace(s)
	if !strings.HasPrefix(s, `"`) {
		return cutToken(s)
	}
	var unquoted strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return unquoted.String(), trimSpace(s[i+1:])
		case '\\':
			if i++; i == len(s) {
				return "", ""
			}
		}
		unquoted.WriteByte(s[i])
	}
	return "", ""
}
