package websocket

import (
	"errors"
	"fmt"

	"github.com/sockeye-io/sockeye/codec/wsproto"
	"github.com/sockeye-io/sockeye/engine/internal/buffer"
)

// RefuseError is an error of Authorize that chooses the answer. One that cannot be
// sent, because of its status or its Header, is answered with 500 and counted in
// Stats.Faults.
type RefuseError struct {
	// Status is 400 to 599, or 300 to 399 (not 304) with a Location, to which
	// few clients of WebSocket go: browsers do not.
	Status int
	// Body is plain text, or what the Content-Type in Header says. It may be
	// empty.
	Body string
	// Header holds further header lines, name and value in turn:
	// WWW-Authenticate, Location, Retry-After. Connection, Upgrade, Allow,
	// Sec-WebSocket-Version and those that frame the body may not be among them.
	Header []string
}

func (e *RefuseError) Error() string {
	return fmt.Sprintf("websocket: handshake refused with %d", e.Status)
}

// refuse answers with an HTTP error and closes.
func (s *Server) refuse(c *Conn, r *Request, err error) {
	answer, lines := s.refusal(r, err)
	_, _ = c.ec.Write(wsproto.AppendErrorResponse(c.ec.AvailableBuffer(), answer.Status, lines, answer.Body))
	c.state = stateClosed
	c.ec.CloseWithError(err)
}

// refusal is the answer that err stands for, as it can be sent, and the lines of
// its Header.
func (s *Server) refusal(r *Request, err error) (answer RefuseError, lines []byte) {
	s.ep.stats.refused.Add(1)
	answer = RefuseError{Status: 403, Body: "forbidden\n"}
	switch e := err.(type) { // errors.As allocates
	case *RefuseError:
		answer = *e
	case *wsproto.HandshakeError:
		answer = RefuseError{Status: e.Status, Body: e.Reason + "\n"}
	default:
		if re := (*RefuseError)(nil); errors.As(err, &re) {
			answer = *re
		}
	}
	lines, ok := r.refusal(&answer)
	if !ok {
		s.ep.stats.faults.Add(1)
		answer, lines = *errFault, nil
	}
	if string(r.Method) == "HEAD" {
		answer.Body = "" // RFC 9110 9.3.2: a server MUST NOT send content in the answer
	}
	return answer, lines
}

// refusal makes the header lines of a refusal, which may not be possible. What
// AddHeader has added was for an upgrade.
func (r *Request) refusal(e *RefuseError) (lines []byte, ok bool) {
	buffer.Put(r.lines)
	r.lines = nil
	if !wsproto.ValidRefusal(e.Status) || len(e.Header)%2 != 0 {
		return nil, false
	}
	for i := 0; i < len(e.Header); i += 2 {
		if r.add(wsproto.AppendRefusalField, e.Header[i], e.Header[i+1]) != nil {
			return nil, false
		}
	}
	if r.lines == nil {
		return nil, true
	}
	return r.lines.B, true
}
