package websocket

import (
	"net"
	"unsafe"

	"github.com/sockeye-io/sockeye/codec/wsproto"
	"github.com/sockeye-io/sockeye/engine"
)

// NewDialing is the handler of a client connection, for a loop in memory, and
// the outcome that Dial would wait for.
func NewDialing(url string, h Handler, o DialOptions) (engine.Handler, <-chan error, error) {
	a, err := newAttempt(url, &o)
	if err != nil {
		return nil, nil, err
	}
	d, err := newDialing(a, newEndpoint(h, &o.Options, true))
	if err != nil {
		return nil, nil, err
	}
	return d, d.done, nil
}

// Deflated returns the frame that c would be sent for m.
func Deflated(m *Prepared, c *Conn) []byte { return m.deflated(c.zip) }

// ConnSize is what a connection takes here.
const ConnSize = unsafe.Sizeof(Conn{})

// Route answers which of the patterns matches path, and what its wildcards stand
// for.
func Route(patterns []string, path string, names ...string) (pattern string, values []string, err error) {
	p, err := newPolicy(&Options{Paths: patterns})
	if err != nil {
		return "", nil, err
	}
	r := p.routes.find([]byte(path))
	if r == nil {
		return "", nil, nil
	}
	for _, name := range names {
		values = append(values, string(r.value([]byte(path), name)))
	}
	return r.pattern, values, nil
}

// AllowsOrigin tells what a server of these Options.Origins says.
func AllowsOrigin(patterns []string, origin, host string) (bool, error) {
	p, err := newPolicy(&Options{Origins: patterns})
	return err == nil && allowsOrigin(p.origins, []byte(origin), []byte(host)), err
}

// ServesHost is AllowsOrigin for Options.Hosts.
func ServesHost(patterns []string, host string) (bool, error) {
	p, err := newPolicy(&Options{Hosts: patterns})
	return err == nil && (p.hosts == nil || servesHost(p.hosts, []byte(host))), err
}

// Checking decides about a handshake, again and again, as upgrade does.
func Checking(s *Server, head string) func() error {
	p := []byte(head)
	c := &Conn{ep: s.ep}
	return func() error {
		r := requests.Get().(*Request)
		defer r.free()
		if n, err := r.Parse(p, s.ep.limits, 0); n == 0 {
			return err
		}
		r.conn = c
		err := s.check(r)
		if err == nil {
			_ = wsproto.AppendUpgradeResponse(scratch[:0], r.Key, r.Subprotocol, s.policy.lines(r))
		}
		return err
	}
}

var scratch [4096]byte

// Windows returns what the windows of all connections of z may take, and do.
func Windows(z *Compression) (promised, held int64) { return z.promised.Load(), z.held.Load() }

// Bare is the connection below c.
func Bare(c *Client) net.Conn { return bare(c.nc) }

// Variants is how many endpoints with limits of their own s keeps.
func Variants(s *Server) int { return len(*s.ep.variants.others.Load()) }
