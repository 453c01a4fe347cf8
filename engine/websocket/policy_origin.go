package websocket

import (
	"bytes"
	"errors"
	"strings"
)

// originPattern is one entry of Options.Origins.
type originPattern struct {
	kind   originKind
	scheme string // empty: http or https
	host   hostPattern
}

type originKind uint8

const (
	originOf   originKind = iota // scheme and host
	originAny                    // "*"
	originNull                   // "null"
	originSelf                   // "self": the host that the request names
)

func parseOriginPattern(s string) (p originPattern, err error) {
	switch s {
	case "*":
		p.kind = originAny
		return p, nil
	case "null":
		p.kind = originNull
		return p, nil
	case "self":
		p.kind = originSelf
		return p, nil
	}
	host := s
	if scheme, rest, ok := strings.Cut(s, "://"); ok {
		if p.scheme = strings.ToLower(scheme); !isScheme([]byte(scheme)) {
			return p, errors.New("want https://host, host, or *.domain, with a port perhaps")
		}
		host = rest
	}
	p.host, err = parseHostPattern(host)
	if p.scheme == "" && (p.host.name == "self" || p.host.name == "null") {
		err = errors.New("this word has no scheme and no port")
	}
	return p, err
}

// allowsOrigin tells whether the Origin that a browser sent is welcome at host, the
// authority that it asked for. What is not an origin as RFC 6454 section 6.2
// writes it, a list for instance, is so for "*" alone.
func allowsOrigin(patterns []originPattern, origin, host []byte) bool {
	scheme, name, port, ok := cutOrigin(origin)
	for i := range patterns {
		switch p := &patterns[i]; p.kind {
		case originAny:
			return true
		case originNull:
			if string(origin) == "null" {
				return true
			}
		case originSelf:
			if ok && sameOrigin(scheme, name, port, host) {
				return true
			}
		case originOf:
			if ok && p.match(scheme, name, port) {
				return true
			}
		}
	}
	return false
}

func (p *originPattern) match(scheme, name, port []byte) bool {
	if p.scheme == "" && !isWeb(scheme) || p.scheme != "" && !fold(scheme, p.scheme) || !p.host.matchName(name) {
		return false
	}
	def := webPort(scheme)
	want, got := p.host.port, string(port) // does not allocate: it is only compared
	switch {
	case want == "*":
		return true
	case want == "":
		want = def
	}
	if len(port) == 0 {
		return want == def
	}
	return got == want
}

// sameOrigin compares with the host of the request. Its scheme is not known: TLS
// may end before us.
func sameOrigin(scheme, name, port, host []byte) bool {
	if !isWeb(scheme) {
		return false
	}
	ours, ourPort := cutPort(host)
	if !foldBytes(name, ours) {
		return false
	}
	// RFC 6454 section 4: the port of an origin without one is that of its scheme.
	def := webPort(scheme)
	switch {
	case len(port) == 0 && len(ourPort) == 0:
		return true
	case len(port) == 0:
		return string(ourPort) == def
	case len(ourPort) == 0:
		return string(port) == def
	}
	return bytes.Equal(port, ourPort)
}

// cutOrigin cuts scheme "://" host [ ":" port ], RFC 6454 section 6.2. It is
// strict about the host, so that "https://evil.example/.example.com" does not
// end with ".example.com".
func cutOrigin(origin []byte) (scheme, name, port []byte, ok bool) {
	i := bytes.Index(origin, schemeEnd)
	if i < 0 || !isScheme(origin[:i]) {
		return nil, nil, nil, false
	}
	rest := origin[i+len(schemeEnd):]
	name, port = cutPort(rest)
	if !isHostName(name) || len(name)+len(port) < len(rest) && (len(port) == 0 || !isPort(port)) {
		return nil, nil, nil, false
	}
	return origin[:i], name, port, true
}

var schemeEnd = []byte("://")

// isScheme: RFC 3986 section 3.1.
func isScheme(s []byte) bool {
	for i, c := range s {
		if !isLetter(c) && (i == 0 || !isDigit(c) && c != '+' && c != '-' && c != '.') {
			return false
		}
	}
	return len(s) > 0
}

func isWeb(scheme []byte) bool { return fold(scheme, "https") || fold(scheme, "http") }

func webPort(scheme []byte) string {
	switch {
	case fold(scheme, "http"):
		return "80"
	case fold(scheme, "https"):
		return "443"
	}
	return ""
}
