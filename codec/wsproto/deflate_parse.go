package wsproto

import "bytes"

// hsCutUnquoted cuts value at the first separator that is not in a quoted-string (RFC 9110 section 5.6.4, where a backslash
// quotes the next byte). A string that does not end goes on to the end of the value.
func hsCutUnquoted(value []byte, separator byte) (before, after []byte, found bool) {
	quoted := false
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == '"':
			quoted = !quoted
		case quoted && c == '\\':
			i++
		case !quoted && c == separator:
			return value[:i], value[i+1:], true
		}
	}
	return value, nil, false
}

// deflateNamed tells whether an element of Sec-WebSocket-Extensions is a permessage-deflate. Its name is a
// string of the grammar, and those know no case (RFC 5234 section 2.3).
func deflateNamed(element []byte) bool {
	name, _, _ := hsCutUnquoted(element, ';')
	return hsFold(hsTrim(name), "permessage-deflate")
}

// parse reads the parameters of a permessage-deflate, of an offer or of an answer: RFC 6455 section 9.1 and RFC 7692
// section 7.1. false: it is not well-formed, and nothing in d counts.
func (d *Deflate) parse(element []byte, offer bool) (ok bool) {
	const (
		serverNoTakeover = 1 << iota
		clientNoTakeover
		serverBits
		clientBits
	)
	found := 0
	_, rest, more := hsCutUnquoted(element, ';')
	for more {
		var param []byte
		param, rest, more = hsCutUnquoted(rest, ';')
		name, value, valued := bytes.Cut(param, []byte{'='})
		name, value = hsTrim(name), hsTrim(value)
		this := 0
		switch {
		case hsFold(name, "server_no_context_takeover"):
			this, ok = serverNoTakeover, !valued // section 7.1.1.1: it has no value
			d.ServerNoTakeover = true
		case hsFold(name, "client_no_context_takeover"):
			this, ok = clientNoTakeover, !valued // section 7.1.1.2
			d.ClientNoTakeover = true
		case hsFold(name, "server_max_window_bits"):
			this = serverBits // section 7.1.2.1: it has a value
			d.ServerBits, ok = deflateBits(value)
		case hsFold(name, "client_max_window_bits"):
			this = clientBits // section 7.1.2.2: in an offer the value may be missing
			if d.ClientBits, ok = deflateBits(value); offer && !valued {
				d.ClientBits, ok = 15, true
			}
		default:
			ok = false // section 7.1: an unknown one
		}
		if !ok || found&this != 0 { // or one that is there twice
			return false
		}
		found |= this
	}
	return true
}

// deflateBits reads a number from 8 to 15 without leading zeros, a token or a quoted-string that is one when it is unquoted.
func deflateBits(value []byte) (bits uint8, ok bool) {
	if len(value) >= 2 && value[0] == '"' && value[len(value)-1] == '"' {
		var unquoted [2]byte
		inner := value[1 : len(value)-1]
		value = unquoted[:0]
		for i := 0; i < len(inner); i++ {
			c := inner[i]
			if c == '\\' {
				if i++; i == len(inner) {
					return 0, false // the last quote is a quoted one
				}
				c = inner[i]
			} else if c == '"' {
				return 0, false
			}
			if len(value) == len(unquoted) {
				return 0, false
			}
			value = append(value, c)
		}
	}
	switch {
	case len(value) == 1 && (value[0] == '8' || value[0] == '9'):
		return value[0] - '0', true
	case len(value) == 2 && value[0] == '1' && '0' <= value[1] && value[1] <= '5':
		return 10 + value[1] - '0', true
	}
	return 0, false
}
