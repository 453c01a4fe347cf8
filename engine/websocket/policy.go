package websocket

import (
	"errors"
	"fmt"
	"slices"

	"github.com/sockeye-io/sockeye/codec/wsproto"
	"github.com/sockeye-io/sockeye/engine/internal/buffer"
)

// policy is what a server asks of a handshake that is correct HTTP. It does not
// change once it is made.
type policy struct {
	routes       routes
	hosts        []hostPattern
	origins      []originPattern
	authorize    func(*Request) error
	subprotocols []string
	serverOrder  bool
	choose       func(*Request) string
	header       []byte // lines of every upgrade
}

func newPolicy(o *Options) (p policy, err error) {
	p = policy{
		authorize:    o.Authorize,
		subprotocols: slices.Clone(o.Subprotocols),
		serverOrder:  o.ServerOrder,
		choose:       o.SelectSubprotocol,
	}
	for _, pattern := range o.Paths {
		if p.routes, err = p.routes.add(pattern); err != nil {
			return p, fmt.Errorf("websocket: Options.Paths: %w", err)
		}
	}
	for _, pattern := range o.Hosts {
		h, err := parseHostPattern(pattern)
		if err != nil {
			return p, fmt.Errorf("websocket: Options.Hosts: %q: %w", pattern, err)
		}
		p.hosts = append(p.hosts, h)
	}
	origins := o.Origins
	if len(origins) == 0 {
		origins = []string{"self"}
	}
	for _, pattern := range origins {
		origin, err := parseOriginPattern(pattern)
		if err != nil {
			return p, fmt.Errorf("websocket: Options.Origins: %q: %w", pattern, err)
		}
		p.origins = append(p.origins, origin)
	}
	for _, name := range o.Subprotocols {
		if _, err := wsproto.AppendField(nil, name, ""); err != nil { // a name is a token, too
			return p, fmt.Errorf("websocket: Options.Subprotocols: %q is not a token", name)
		}
	}
	if len(o.Header)%2 != 0 {
		return p, errors.New("websocket: Options.Header has a name without a value")
	}
	for i := 0; i < len(o.Header); i += 2 {
		if p.header, err = wsproto.AppendUpgradeField(p.header, o.Header[i], o.Header[i+1]); err != nil {
			return p, fmt.Errorf("websocket: Options.Header: %q: %w", o.Header[i], err)
		}
	}
	return p, nil
}

var (
	errNotFound    = &RefuseError{Status: 404, Body: "not found\n"}
	errMisdirected = &RefuseError{Status: 421, Body: "this host is not served here\n"}
	errOrigin      = &RefuseError{Status: 403, Body: "the origin of this page is not allowed here\n"}
	errFault       = &RefuseError{Status: 500, Body: "internal server error\n"}
)

// check decides about a handshake. Somebody who is at the wrong address hears
// of that first, and the application is asked last, about requests that nothing
// else speaks against.
func (s *Server) check(r *Request) error {
	p := &s.policy
	if !p.routed(r) {
		return errNotFound
	}
	if err := r.CheckUpgrade(); err != nil {
		return err
	}
	// RFC 9110 15.5.20: 421 for an authority that the server does not answer for.
	if p.hosts != nil && !servesHost(p.hosts, r.Host) {
		return errMisdirected
	}
	// RFC 6455 4.2.2 item 4: "If the server does not wish to accept this connection,
	// it MUST return an appropriate HTTP error code (e.g., 403 Forbidden)". Who
	// sends no Origin is not a browser (10.2), and could send any.
	if r.Origin != nil && !allowsOrigin(p.origins, r.Origin, r.Host) {
		return errOrigin
	}
	if p.authorize != nil {
		if err := p.authorize(r); err != nil {
			return err
		}
	}
	if !p.agreed(r) {
		s.ep.stats.faults.Add(1)
		return errFault
	}
	return nil
}

// routed notes the pattern that r matches.
func (p *policy) routed(r *Request) bool {
	if p.routes == nil {
		return true
	}
	if r.route = p.routes.find(r.Path()); r.route == nil {
		return false
	}
	r.Pattern = r.route.pattern
	return true
}

// agreed chooses the subprotocol. It answers false when the application has
// chosen one that the client would have to fail the connection for.
func (p *policy) agreed(r *Request) bool {
	switch {
	case p.choose != nil:
		r.Subprotocol = p.choose(r)
		return r.Subprotocol == "" || r.Offers(r.Subprotocol)
	case p.serverOrder:
		r.Subprotocol = r.SelectProtocolOf(p.subprotocols)
	default:
		r.Subprotocol = r.SelectProtocol(p.subprotocols)
	}
	return true
}

// lines are the header lines of the upgrade that is the answer to r.
func (p *policy) lines(r *Request) []byte {
	if r.lines == nil {
		return p.header
	}
	r.lines = buffer.Append(r.lines, p.header)
	return r.lines.B
}
