package websocket

import (
	"errors"
	"sync"

	"github.com/sockeye-io/sockeye/codec/wsproto"
	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/internal/buffer"
)

// Request is an opening handshake. It and all its bytes live until the callback
// that was given it returns. Nothing in it is copied or decoded before it is
// asked for: see wsproto.Request for Header, Cookie, QueryValue and the rest.
type Request struct {
	wsproto.Request
	// Subprotocol is the one that was chosen; empty means none. It is not
	// chosen yet when Authorize and SelectSubprotocol are called.
	Subprotocol string
	// Pattern is the one of Options.Paths that the path matches. Empty when
	// there are none.
	Pattern string

	conn  *Conn
	route *route
	lines *buffer.Buf // header lines of the answer, nil for none
}

// Conn returns the connection that the handshake came on; see Conn.Conn. It is nil
// where Server.Accept asks: the connection is still another server's.
func (r *Request) Conn() *engine.Conn { return r.conn.ec }

// PathValue returns what the wildcard {name} or {name...} of Pattern stands for
// in the path, decoded; nil when Pattern has no such wildcard. It is a view,
// unless it was percent-encoded: a copy is made of that.
func (r *Request) PathValue(name string) []byte {
	if r.route == nil {
		return nil
	}
	return r.route.value(r.Path(), name)
}

var errAnswered = errors.New("websocket: AddHeader after the answer")

// AddHeader adds a header line to the answer that accepts the handshake; a
// RefuseError brings its own. It may be called by Authorize and SelectSubprotocol.
// It is an error, and adds nothing, when the line is not valid (with CR or LF in
// the value, say), is one of the handshake's own, or comes too late.
func (r *Request) AddHeader(name, value string) error {
	if r.conn == nil || r.conn.state != stateHandshake {
		return errAnswered
	}
	return r.add(wsproto.AppendUpgradeField, name, value)
}

func (r *Request) add(field func(dst []byte, name, value string) ([]byte, error), name, value string) error {
	if r.lines == nil {
		r.lines = buffer.Get(256)
	}
	room := buffer.Get(len(name) + len(value) + len(": \r\n"))
	line, err := field(room.B, name, value)
	r.lines = buffer.Append(r.lines, line)
	buffer.Put(room)
	return err
}

var requests = sync.Pool{New: func() any { return new(Request) }}

// free gives r back, which holds nothing from then on.
func (r *Request) free() {
	buffer.Put(r.lines)
	*r = Request{}
	requests.Put(r)
}
