package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// endpoint is where to listen or to connect, parsed from a URL:
//
//	tcp://host:port  tcp4://  tcp6://        udp://host:port  udp4://  udp6://
//	unix:///path  unix://@abstract           unixpacket:///path
//	ws://host:port/path?query                ws+unix:///path  ws+unix:///path:/path?query
//	wss://host:port/path?query
type endpoint struct {
	scheme        string
	user          string // user:password@ of a WebSocket URL
	network, addr string // for package engine
	target        string // path and query of a WebSocket URL, "/" when there is none; else empty
}

func (e *endpoint) websocket() bool { return e.target != "" }

// messages tells what carries messages from a stream of bytes.
func (e *endpoint) messages() bool {
	return e.websocket() || e.network == "unixpacket" || e.datagrams()
}

func (e *endpoint) datagrams() bool { return strings.HasPrefix(e.network, "udp") }

func parseEndpoint(raw string) (endpoint, error) {
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok {
		return endpoint{}, usagef("%q is no URL: want tcp://host:port, ws://host:port/path, unix:///path or the like", raw)
	}
	e := endpoint{scheme: scheme, network: scheme, addr: rest}
	switch scheme {
	case "tcp", "tcp4", "tcp6", "udp", "udp4", "udp6":
		if _, port, err := net.SplitHostPort(rest); err != nil || port == "" || strings.Contains(port, "/") {
			return e, usagef("%s: want %s://host:port", raw, scheme)
		}
	case "unix", "unixpacket":
		if !socketName(rest) {
			return e, usagef("%s: want %s:///path or %s://@abstract", raw, scheme, scheme)
		}
	case "ws", "wss":
		return parseWS(raw)
	case "ws+unix":
		e.network = "unix"
		addr, target, _ := strings.Cut(rest, ":/")
		e.addr, e.target = addr, "/"+target
		if !socketName(addr) {
			return e, usagef("%s: want ws+unix:///path or ws+unix:///path:/request/path", raw)
		}
	case "tls":
		return e, usagef("%s: TLS is not supported yet", raw)
	default:
		return e, usagef("%s: unknown scheme %q: want tcp, tcp4, tcp6, udp, unix, unixpacket, ws, wss or ws+unix", raw, scheme)
	}
	return e, nil
}

func socketName(s string) bool { return len(s) > 1 && (s[0] == '/' || s[0] == '@') }

func parseWS(raw string) (endpoint, error) {
	u, err := url.Parse(raw)
	var whole *url.Error
	switch { // a password is not for the screen: raw is not told where it may hold one
	case errors.As(err, &whole):
		return endpoint{}, usagef("URL: %w", whole.Err)
	case err != nil:
		return endpoint{}, usagef("URL: %w", err)
	case u.Hostname() == "":
		return endpoint{}, usagef("%s: want %s://host:port/path", u.Redacted(), u.Scheme)
	case u.Fragment != "":
		return endpoint{}, usagef("%s: a WebSocket URL has no fragment", u.Redacted()) // RFC 6455 section 3
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"ws": "80", "wss": "443"}[u.Scheme]
	}
	e := endpoint{scheme: u.Scheme, network: "tcp", addr: net.JoinHostPort(u.Hostname(), port)}
	e.target = u.RequestURI()
	if u.User != nil {
		e.user = u.User.String() + "@"
	}
	return e, nil
}

// url tells where a listener of e can be reached: its host and port are those
// of a, the address that was bound.
func (e *endpoint) url(a net.Addr) string {
	switch {
	case !e.websocket():
		return e.scheme + "://" + a.String()
	case e.network != "unix":
		return e.scheme + "://" + a.String() + e.target
	case e.target == "/":
		return fmt.Sprintf("%s://%s", e.scheme, a)
	}
	return fmt.Sprintf("%s://%s:%s", e.scheme, a, e.target)
}
