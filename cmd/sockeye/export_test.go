package main

import (
	"bytes"
	"io"
	"net"
	"runtime/debug"
)

// Main is main.
var Main = main

// Run is run.
func Run(args []string, in io.Reader, out, errw io.Writer) int { return run(args, in, out, errw) }

// Endpoint is what a URL became.
type Endpoint struct{ Network, Addr, Target string }

// ParseEndpoint is parseEndpoint.
func ParseEndpoint(raw string) (Endpoint, error) {
	e, err := parseEndpoint(raw)
	return Endpoint{e.network, e.addr, e.target}, err
}

// EndpointURL is the URL that a listener of raw would show when bound to a.
func EndpointURL(raw string, a net.Addr) string {
	e, err := parseEndpoint(raw)
	if err != nil {
		return err.Error()
	}
	return e.url(a)
}

// Size is size.
type Size = size

// VersionOf is versionOf.
func VersionOf(bi *debug.BuildInfo) any { return versionOf(bi) }

// SetGC is setGC.
func SetGC(percent int, asked bool) int { return setGC(percent, asked) }

// PrinterOptions choose a printer.
type PrinterOptions struct {
	Mark             string
	People, Verbatim bool
	Limit            int
}

// Print prints the pieces and answers what was seen, and what came out.
func Print(o PrinterOptions, stream bool, pieces ...string) (seen int, out string) {
	var b bytes.Buffer
	pr := printer{w: &b, mark: o.Mark, people: o.People, verbatim: o.Verbatim, limit: o.Limit}
	for _, p := range pieces {
		if stream {
			_ = pr.stream([]byte(p))
		} else {
			_ = pr.message([]byte(p))
		}
	}
	pr.end()
	return pr.seen, b.String()
}
