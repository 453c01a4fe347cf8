package websocket

import (
	"bytes"
	"errors"
	"strings"
)

// hostPattern is a host with or without a port: an entry of Options.Hosts, or
// part of one of Options.Origins.
type hostPattern struct {
	kind hostKind
	name string // in lower case; of hostBelow with its dot: ".example.com"
	port string // empty: none was named; "*" any
}

type hostKind uint8

const (
	hostIs    hostKind = iota
	hostBelow          // "*.example.com"
	hostAny            // "*"
)

func parseHostPattern(s string) (p hostPattern, err error) {
	name, port := cutPort([]byte(s))
	p.port = string(port)
	if len(name)+len(port) < len(s) && p.port != "*" && !isPort(port) {
		return p, errors.New("want a number or * for the port")
	}
	p.name = strings.ToLower(string(name))
	switch {
	case p.name == "*":
		p.kind = hostAny
		return p, nil
	case strings.HasPrefix(p.name, "*."):
		p.kind, p.name = hostBelow, p.name[1:]
		name = name[2:]
	}
	if !isHostName(name) {
		return p, errors.New("want a host, *.domain or *, with a port perhaps")
	}
	return p, nil
}

// servesHost tells whether host, a valid authority or empty, is one of ours. A
// pattern without a port takes any: the same name on another port is hardly
// another server. Browsers leave the ports 80 and 443 out.
func servesHost(patterns []hostPattern, host []byte) bool {
	name, port := cutPort(host)
	for i := range patterns {
		p := &patterns[i]
		if !p.matchName(name) {
			continue
		}
		if p.port == "" || p.port == "*" || string(port) == p.port || len(port) == 0 && (p.port == "80" || p.port == "443") {
			return true
		}
	}
	return false
}

func (p *hostPattern) matchName(name []byte) bool {
	switch p.kind {
	case hostAny:
		return len(name) > 0
	case hostBelow:
		n := len(name) - len(p.name)
		return n > 0 && fold(name[n:], p.name)
	}
	return fold(name, p.name)
}

// cutPort cuts at the colon before the port; those of an IPv6 address are
// within brackets.
func cutPort(host []byte) (name, port []byte) {
	i := bytes.LastIndexByte(host, ':')
	if i < 0 || i < bytes.IndexByte(host, ']') {
		return host, nil
	}
	return host[:i], host[i+1:]
}

// isHostName accepts what a browser writes for a host: a name in ASCII, or an
// address, of IPv6 in brackets.
func isHostName(s []byte) bool {
	if n := len(s); n > 2 && s[0] == '[' && s[n-1] == ']' {
		for _, c := range s[1 : n-1] {
			if !isDigit(c) && (c|0x20 < 'a' || c|0x20 > 'f') && c != ':' && c != '.' {
				return false
			}
		}
		return true
	}
	for _, c := range s {
		if !isLetter(c) && !isDigit(c) && c != '-' && c != '.' && c != '_' {
			return false
		}
	}
	return len(s) > 0
}

func isPort(s []byte) bool {
	for _, c := range s {
		if !isDigit(c) {
			return false
		}
	}
	return len(s) > 0
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

// fold compares with regard to nothing but ASCII case.
func fold(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if c != lower[i] && (!isLetter(c) || c|0x20 != lower[i]) {
			return false
		}
	}
	return true
}

func foldBytes(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i, c := range a {
		if c != b[i] && (!isLetter(c) || !isLetter(b[i]) || c|0x20 != b[i]|0x20) {
			return false
		}
	}
	return true
}
