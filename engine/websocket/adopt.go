package websocket

import (
	"errors"
	"fmt"
	"net"

	"github.com/sockeye-io/sockeye/codec/wsproto"
	"github.com/sockeye-io/sockeye/engine"
)

// Upgraded is an opening handshake that somebody else has answered.
type Upgraded struct {
	// Head is the request, for OnOpen: as it came, or as http.Request.Write
	// writes it. It is read until Adopt or Take returns. Empty means a request for "/"
	// without header.
	Head []byte

	// Subprotocol is the one that the answer named; empty for none.
	Subprotocol string

	// Deflate is permessage-deflate as the answer agreed on it, which needs
	// Options.Compression. Nil means that it did not.
	Deflate *wsproto.Deflate

	// User is what Conn.User answers from OnOpen on, until SetUser.
	User any

	// Engine are the limits of the connection below.
	Engine engine.Options
}

// Adopt takes over a connection whose opening handshake was done elsewhere: it
// is open at once, and of the server's policy nothing is asked. buffered is what
// was read behind the request already, the beginning of frames. Adopt returns when
// OnOpen has run. nc is taken over in every case; see engine.Adopt, which is the
// better way where the handshake is not answered yet: with the request's head and
// what was read behind it as its buffered bytes the server does it all.
//
// This is where WebSocket over something else comes in. A hijacked connection of
// net/http or fasthttp is its net.Conn, and buffered what the bufio.Reader still
// has. For HTTP/2 (RFC 8441) the server of HTTP/2 answers the CONNECT request with
// :protocol websocket, and nc is a net.Conn over the stream: Read gives the payload
// of its DATA frames, Write makes some, Close sends END_STREAM. Such a connection is
// pumped by two goroutines, as is TLS. The Head is then made of the pseudo-header
// fields, with GET for CONNECT; there is no key and no Sec-WebSocket-Accept, and
// none is asked for here.
//
// Errors: those of engine.Adopt, what OnOpen returned, or that u cannot be.
func (s *Server) Adopt(e *engine.Engine, nc net.Conn, buffered []byte, u Upgraded) (Handle, error) {
	a, err := s.adoption(&u)
	if err != nil {
		_ = nc.Close()
		return Handle{}, err
	}
	h, err := e.AdoptFor(nc, buffered, s, u.Engine, a)
	if err == nil {
		err = a.err
	}
	if err != nil {
		return Handle{}, err
	}
	return Handle{h}, nil
}

// Take is Adopt for a connection of an engine, whose handler so far has answered
// the opening handshake: an HTTP server on loops. It must be called on the
// connection's loop; see engine.Conn.SetHandler for what becomes of unread bytes, the
// beginning of frames, and of timers, writes and handles. ec.User answers the *Conn
// from here on.
//
// Errors: those of engine.Conn.SetHandler, what OnOpen returned, or that u cannot
// be. The connection is being closed then.
func (s *Server) Take(ec *engine.Conn, u Upgraded) error {
	a, err := s.adoption(&u)
	if err != nil {
		ec.CloseWithError(err)
		return err
	}
	user := ec.User()
	ec.SetUser(a)
	if err := ec.SetHandler(s, u.Engine); err != nil {
		ec.SetUser(user)
		ec.CloseWithError(err)
		return err
	}
	return a.err
}

func (s *Server) adoption(u *Upgraded) (*adoption, error) {
	a := &adoption{deflate: u.Deflate, user: u.User}
	return a, a.check(s, u)
}

// adoption is the user of a connection on its way from Adopt or Take to OnOpen.
type adoption struct {
	request Request
	deflate *wsproto.Deflate
	user    any   // of the application
	err     error // of the application's OnOpen
}

var (
	errAdoptHead    = errors.New("websocket: Upgraded.Head is not the head of one request")
	errAdoptDeflate = errors.New("websocket: Upgraded.Deflate is not what this server can do")
	errAdoptWindow  = errors.New("websocket: Upgraded.Deflate promises a window that WindowBudget has no room for")
)

func (a *adoption) check(s *Server, u *Upgraded) error {
	head := u.Head
	if len(head) == 0 {
		head = []byte("GET / HTTP/1.1\r\nHost:\r\n\r\n")
	}
	r := &a.request
	n, err := r.Parse(head, wsproto.Limits{MaxHead: len(head) + 1, MaxHeaders: len(head), Permissive: true}, 0)
	if err != nil {
		return fmt.Errorf("%w: %w", errAdoptHead, err)
	}
	if n != len(head) {
		return errAdoptHead
	}
	r.Subprotocol = u.Subprotocol
	s.policy.routed(r) // for Pattern alone
	if d := u.Deflate; d != nil {
		valid := func(bits uint8) bool { return bits == 0 || bits >= 8 && bits <= 15 }
		if s.ep.zip == nil || !valid(d.ServerBits) || !valid(d.ClientBits) {
			return errAdoptDeflate
		}
	}
	return nil
}

// opened is OnOpen. When the application refuses it is not told to the engine, which
// would cut the connection: our close frame has to arrive.
func (a *adoption) opened(s *Server, ec *engine.Conn) error {
	c := &Conn{ec: ec, ep: s.ep, user: a.user, dec: wsproto.NewDecoder(&s.ep.codec)}
	if a.deflate != nil {
		zip, err := s.ep.zip.adopt(a.deflate, s.ep.onFragment != nil)
		if err != nil {
			return err
		}
		c.deflated(zip)
	}
	ec.SetUser(c)
	a.request.conn = c
	s.ep.stats.handshakes.Add(1)
	returned := false
	defer func() {
		if !returned { // a panic: OnClose does not follow
			c.release(nil)
		}
	}()
	a.err = c.open(&a.request)
	returned = true
	return nil
}

// adopt is what was agreed elsewhere. The client's window is owed. Ours is not: it
// is as small as the options have it, and without one we just do not refer to
// earlier messages.
func (z *Compression) adopt(d *wsproto.Deflate, pieces bool) (*deflation, error) {
	if pieces && !z.promise(inflationSize) {
		return nil, errAdoptWindow
	}
	var in, out *window
	if !d.ClientNoTakeover {
		if in = z.window(d.ClientBits); in == nil {
			z.withdraw(nil, pieces)
			return nil, errAdoptWindow
		}
	}
	bits := d.ServerBits
	if own := z.want.ServerBits; own != 0 && (bits == 0 || bits > own) {
		bits = own
	}
	if !d.ServerNoTakeover && z.Takeover {
		out = z.window(bits)
	}
	return z.deflation(bits, in, out, pieces), nil
}
