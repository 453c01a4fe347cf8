// Package xconnect lets the HTTP/2 servers of this process offer extended CONNECT
// (RFC 8441), which WebSocket over HTTP/2 needs. Import it for that alone, from
// package main:
//
//	import _ "github.com/sockeye-io/sockeye/adapters/nethttp/xconnect"
//
// It is GODEBUG=http2xconnect=1 in the environment, which net/http and
// golang.org/x/net/http2 read while they are initialized, and which a //go:debug
// line cannot set. Where GODEBUG already names http2xconnect that is left as it
// is. Child processes inherit the environment.
package xconnect

import (
	"os"
	"strings"
)

// Of the packages whose imports are initialized, the one whose import path sorts
// first is next (Go specification, Package initialization). So this one, which
// needs nothing that net/http does not need too, comes before net/http and
// golang.org/x.
func init() {
	v := os.Getenv("GODEBUG")
	if strings.Contains(v, "http2xconnect=") {
		return
	}
	if v != "" {
		v += ","
	}
	_ = os.Setenv("GODEBUG", v+"http2xconnect=1")
}
