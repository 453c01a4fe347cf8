package websocket

import (
	"net"
	"strings"

	"github.com/sockeye-io/sockeye/codec/wsproto"
	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/internal/buffer"
)

// Accept decides about an opening handshake that another server of HTTP has read,
// while that one can still answer: all of the policy is asked, as for a
// connection of our own, but in the calling goroutine. Authorize and
// SelectSubprotocol may block then; Request.Conn is nil in them, and a panic of
// theirs is the caller's. head is the request's head and nothing behind it; it
// must stay as it is until Adopt has returned. The handshake of HTTP/2 (RFC 8441)
// is put as a proxy would for a server of HTTP/1.1: GET, with Upgrade, Connection
// and any key.
//
// The error is a *Refused: the caller sends its Answer.
func (s *Server) Accept(head []byte) (*Accepted, error) {
	a := &Accepted{server: s}
	r := &a.request
	n, err := r.Parse(head, s.ep.limits, 0)
	if err == nil && n < len(head) {
		err = errNotHead
	}
	if err == nil {
		r.conn = &Conn{ep: s.ep, dec: wsproto.NewDecoder(&s.ep.codec)}
		err = s.check(r)
	}
	if err != nil {
		answer, _ := s.refusal(r, err)
		return nil, &Refused{answer, err}
	}
	return a, nil
}

// errNotHead is also for bytes that are no whole head: n is 0 then.
var errNotHead = &wsproto.HandshakeError{Status: 400, Reason: "not the head of one request"}

// Refused is the error of Accept.
type Refused struct {
	// Answer can be sent as it is. With status 405 Allow belongs to it, with 426
	// Upgrade and Sec-WebSocket-Version (RFC 9110 sections 15.5.6 and 15.5.22).
	Answer RefuseError
	// Err is the reason: what Authorize returned, or a *wsproto.HandshakeError.
	Err error
}

func (e *Refused) Error() string { return e.Err.Error() }

// Unwrap returns Err.
func (e *Refused) Unwrap() error { return e.Err }

// Accepted is an opening handshake that Accept has let through, on its way to
// Adopt. One goroutine at a time. It may be forgotten, but after Answer it must be
// ended with Adopt or Drop: memory may have been promised for compression.
type Accepted struct {
	server   *Server
	request  Request // its conn is what the connection will be
	user     any
	answered bool
	adopted  bool // or dropped
	opened   bool
	err      error // of the application's OnOpen
}

// AddHeader adds a header line to the answer; see Request.AddHeader.
func (a *Accepted) AddHeader(name, value string) error { return a.request.AddHeader(name, value) }

// Answer returns the header lines of the answer, name and value in turn, for a
// caller that answers by itself, as over HTTP/2: without Upgrade, Connection and
// Sec-WebSocket-Accept. It must be called once at most.
func (a *Accepted) Answer() []string {
	var list []string
	if a.request.Subprotocol != "" {
		list = append(list, "Sec-WebSocket-Protocol", a.request.Subprotocol)
	}
	a.answered = true
	for line := range strings.Lines(string(a.lines(nil))) { // each is made by AppendField
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\r\n"), ": ")
		list = append(list, name, value)
	}
	return list
}

// lines negotiates and appends all lines that are not of the upgrade itself.
func (a *Accepted) lines(room []byte) []byte {
	r := &a.request
	room = a.server.negotiate(r.conn, r, append(room, a.server.policy.lines(r)...))
	buffer.Put(r.lines)
	r.lines = nil
	return room
}

// Adopt takes over the connection of the handshake, as Server.Adopt does. The
// answer is the first that is written to it, unless Answer was called. buffered is
// what was read behind the request; Conn.User answers user from OnOpen on. The
// errors are those of Server.Adopt. Adopt must be called once at most.
func (a *Accepted) Adopt(e *engine.Engine, nc net.Conn, buffered []byte, o engine.Options, user any) (Handle, error) {
	a.user, a.adopted = user, true
	h, err := e.AdoptFor(nc, buffered, a.server, o, a)
	if !a.opened {
		a.request.conn.release(nil)
	}
	if err == nil {
		err = a.err
	}
	if err != nil {
		return Handle{}, err
	}
	return Handle{h}, nil
}

// Drop gives up what was promised. After Adopt it does nothing.
func (a *Accepted) Drop() {
	if !a.adopted {
		a.adopted = true
		a.request.conn.release(nil)
	}
}

// open is OnOpen. When the application refuses it is not told to the engine, which
// would cut the connection: our close frame has to arrive.
func (a *Accepted) open(ec *engine.Conn) error {
	r, c := &a.request, a.request.conn
	a.opened = true
	c.ec, c.user = ec, a.user
	ec.SetUser(c)
	returned := false
	defer func() {
		if !returned { // an error or a panic: OnClose does not follow
			c.release(nil)
		}
	}()
	if !a.answered {
		var room [256]byte
		extra := a.lines(room[:0])
		if _, err := ec.Write(wsproto.AppendUpgradeResponse(ec.AvailableBuffer(), r.Key, r.Subprotocol, extra)); err != nil {
			return err
		}
	}
	a.server.ep.stats.handshakes.Add(1)
	a.err = c.open(r)
	returned = true
	return nil
}
