package wsproto

import "bytes"

var (
	errHSNotHTTP     = &HandshakeError{400, "not an HTTP request"}
	errHSRequestLine = &HandshakeError{400, "malformed request line"}
	errHSTarget      = &HandshakeError{400, "invalid request target"}
	errHSVersion     = &HandshakeError{505, "HTTP version not supported"}
)

// hsMethodPeek is more than the longest registered method, UPDATEREDIRECTREF.
const hsMethodPeek = 20

// hsCheckMethodStart refuses what cannot be a request by its first bytes, such as a TLS ClientHello or a WebSocket frame.
func hsCheckMethodStart(p []byte) *HandshakeError {
	for i, c := range p[:min(len(p), hsMethodPeek)] {
		if c == ' ' && i > 0 {
			return nil
		}
		if hsClass[c]&hsToken == 0 {
			return errHSNotHTTP // RFC 9110 section 9.1: a method is a token
		}
	}
	return nil
}

// hsCheckRequestLine checks a request line without its CRLF: method SP request-target SP HTTP-version, with exactly
// one SP each, RFC 9112 section 3.
func hsCheckRequestLine(line []byte) *HandshakeError {
	method, target, version := hsCutRequestLine(line)
	if !hsIsToken(method) || len(target) == 0 {
		return errHSRequestLine
	}
	// RFC 9112 section 2.3: "HTTP/" DIGIT "." DIGIT, case-sensitive. The version comes before the target, as
	// another version may have other targets ("PRI * HTTP/2.0").
	if len(version) != 8 || string(version[:5]) != "HTTP/" || version[6] != '.' ||
		hsClass[version[5]]&hsDigit == 0 || hsClass[version[7]]&hsDigit == 0 {
		return errHSRequestLine
	}
	if version[5] != '1' || version[7] > '1' {
		return errHSVersion // RFC 9110 section 15.6.6
	}
	return hsCheckTarget(target)
}

// hsCutRequestLine cuts at the first and at the last space; parts that are missing are empty.
func hsCutRequestLine(line []byte) (method, target, version []byte) {
	first, last := bytes.IndexByte(line, ' '), bytes.LastIndexByte(line, ' ')
	if first == last {
		return nil, nil, nil
	}
	return line[:first], line[first+1 : last], line[last+1:]
}

// hsCheckTarget accepts the two forms that name a resource, RFC 9112 sections 3.2.1 and 3.2.2 (a server MUST accept the
// absolute one), of http and https (RFC 6455 section 4.2.1 item 1). The forms of CONNECT and of OPTIONS * are refused.
func hsCheckTarget(target []byte) *HandshakeError {
	if !hsAll(target, hsTarget) {
		return errHSTarget
	}
	authority, path := hsCutTarget(target)
	if authority == nil && len(path) == 0 {
		return errHSTarget
	}
	// RFC 9110 sections 4.2.1 and 4.2.4: an empty host and userinfo are invalid.
	if authority != nil && !hsIsAuthority(authority) {
		return errHSTarget
	}
	if !hsEscapesValid(path) {
		return errHSTarget
	}
	return nil
}

// hsCutTarget returns the authority of an absolute-form target, or nil, and the path with the query.
func hsCutTarget(target []byte) (authority, path []byte) {
	if target[0] == '/' {
		return nil, target
	}
	for _, scheme := range [...]string{"http://", "https://"} {
		if len(target) < len(scheme) || !hsFold(target[:len(scheme)], scheme) {
			continue
		}
		rest := target[len(scheme):]
		for i, c := range rest {
			if c == '/' || c == '?' {
				return rest[:i], rest[i:]
			}
		}
		return rest, rest[len(rest):]
	}
	return nil, nil
}

// hsEscapesValid tells whether every '%' of the path begins an escape, RFC 3986 section 2.1. In the query it is not looked
// at: browsers send a lone '%' there as it is.
func hsEscapesValid[S hsText](target S) bool {
	for i := 0; i < len(target) && target[i] != '?'; i++ {
		if target[i] != '%' {
			continue
		}
		if i+2 >= len(target) || hsClass[target[i+1]]&hsHex == 0 || hsClass[target[i+2]]&hsHex == 0 {
			return false
		}
	}
	return true
}

// hsIsAuthority checks uri-host [":" port], RFC 9112 section 3.2: a name or IPv4 address, or an address in brackets
// (RFC 3986 section 3.2.2). It leaves out percent-encoding, which no resolver takes in a name.
func hsIsAuthority[S hsText](s S) bool {
	if len(s) == 0 {
		return false
	}
	i := 0
	if s[0] == '[' {
		for i = 1; i < len(s) && (hsClass[s[i]]&hsHex != 0 || s[i] == ':' || s[i] == '.'); i++ {
		}
		if i == 1 || i == len(s) || s[i] != ']' {
			return false
		}
		i++
	} else {
		for i < len(s) && hsClass[s[i]]&hsHost != 0 {
			i++
		}
		if i == 0 {
			return false
		}
	}
	return i == len(s) || s[i] == ':' && hsAll(s[i+1:], hsDigit)
}
