package proxyproto

import (
	"bytes"
	"net/netip"
)

// What follows the protocol's name: a space, but UNKNOWN may be all there is.
const (
	nameTCP4    = "TCP4 "
	nameTCP6    = "TCP6 "
	nameUnknown = "UNKNOWN"
)

// parseV1 reads a line of section 2.1 whose signature is right as far as it goes. n == 0 with a nil error is an incomplete one,
// here and in all parsers of its parts; n counts the byte that ends the part.
//
// Section 2.1 wants addresses decoded when the CRLF has been found, so that a part of one is not taken for the whole, and
// recommends "to abort the connection as soon as possible". Both are kept: a part is never taken, and refused at its first wrong
// byte.
func (h *Header) parseV1(p []byte) (n int, err error) {
	p = p[:min(len(p), MaxV1)]
	n, err = h.parseLine(p)
	if n == 0 && err == nil {
		// Section 2.1: "If the CRLF sequence is not found in the first 107 characters, the receiver should declare the line
		// invalid." The last chance for its CR is the byte before the last.
		if len(p) == MaxV1 || len(p) == MaxV1-1 && p[len(p)-1] != '\r' {
			return 0, errLongLine
		}
	}
	return n, err
}

func (h *Header) parseLine(p []byte) (int, error) {
	at := len(signature1)
	if len(p) <= at {
		return 0, nil
	}
	if p[at] != ' ' {
		return 0, errNoSpace
	}
	at++
	h.Version, h.Command = 1, Proxy
	name := p[at:]
	switch {
	case begins(name, nameTCP4) && len(name) >= len(nameTCP4):
		h.Transport = TCP4
		return h.parseEnds(p, at+len(nameTCP4))
	case begins(name, nameTCP6) && len(name) >= len(nameTCP6):
		h.Transport = TCP6
		return h.parseEnds(p, at+len(nameTCP6))
	case begins(name, nameUnknown) && len(name) > len(nameUnknown):
		return parseRest(p, at+len(nameUnknown))
	case begins(name, nameTCP4), begins(name, nameTCP6), begins(name, nameUnknown):
		return 0, nil
	}
	return 0, errProtocol
}

// parseEnds reads the addresses and ports from p[at:] through the CRLF, and tells where in p the line ends.
func (h *Header) parseEnds(p []byte, at int) (int, error) {
	var addrs [2]netip.Addr
	for i := range addrs {
		a, n, err := parseAddr(p[at:], h.Transport)
		if n == 0 {
			return 0, err
		}
		addrs[i] = a
		at += n
	}
	source, n, err := parseNumber(p[at:], 65535, ' ')
	if n == 0 {
		return 0, err
	}
	at += n
	destination, n, err := parseNumber(p[at:], 65535, '\r')
	if n == 0 {
		return 0, err
	}
	at += n
	if at == len(p) {
		return 0, nil
	}
	if p[at] != '\n' {
		return 0, errLineEnd
	}
	h.Source = netip.AddrPortFrom(addrs[0], uint16(source))
	h.Destination = netip.AddrPortFrom(addrs[1], uint16(destination))
	return at + 1, nil
}

// parseRest reads what follows UNKNOWN, which section 2.1 says to ignore up to the CRLF. A CR or LF alone is refused: "The
// receiver must not tolerate a single CR or LF character to end the line", and it cannot be inside of one line.
func parseRest(p []byte, at int) (int, error) {
	if p[at] != ' ' && p[at] != '\r' {
		return 0, errProtocol
	}
	end := bytes.IndexAny(p[at:], "\r\n")
	if end < 0 {
		return 0, nil
	}
	at += end
	switch {
	case p[at] == '\n':
		return 0, errLineEnd
	case at+1 == len(p):
		return 0, nil
	case p[at+1] != '\n':
		return 0, errLineEnd
	}
	return at + 2, nil
}
