package nethttp

import (
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// stream is a stream of HTTP/2 as a net.Conn: what the client sends is the body of
// its request, what it receives that of the answer. It must not be touched when the
// handler has returned, so done is closed when it is closed and nobody is in it.
type stream struct {
	r    *http.Request
	w    http.ResponseWriter
	rc   *http.ResponseController
	done chan struct{}

	mu      sync.Mutex
	closed  bool
	inside  int // calls that are under way
	writing int // of those, Writes
}

// newStream clears the deadlines of w's server. The error is http.ErrNotSupported.
func newStream(w http.ResponseWriter, r *http.Request) (*stream, error) {
	s := &stream{r: r, w: innermost(w), done: make(chan struct{})}
	s.rc = http.NewResponseController(s.w)
	switch s.w.(type) {
	case http.Flusher, interface{ FlushError() error }:
	default:
		return nil, http.ErrNotSupported
	}
	if err := s.rc.SetReadDeadline(time.Time{}); err != nil {
		return nil, err
	}
	return s, s.rc.SetWriteDeadline(time.Time{})
}

// innermost goes by all that wraps a ResponseWriter, as a hijack does: frames are
// not to be compressed or counted as a body.
func innermost(w http.ResponseWriter) http.ResponseWriter {
	for {
		wrapper, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return w
		}
		w = wrapper.Unwrap()
	}
}

func (s *stream) enter(writing int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return net.ErrClosed
	}
	s.inside++
	s.writing += writing
	return nil
}

func (s *stream) leave(writing int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inside--
	s.writing -= writing
	if s.closed && s.inside == 0 {
		close(s.done)
	}
}

func (s *stream) Read(p []byte) (int, error) {
	if err := s.enter(0); err != nil {
		return 0, err
	}
	defer s.leave(0)
	return s.r.Body.Read(p)
}

// Write sends p at once. The pump that calls it has put together what it could.
func (s *stream) Write(p []byte) (int, error) {
	if err := s.enter(1); err != nil {
		return 0, err
	}
	defer s.leave(1)
	n, err := s.w.Write(p)
	if err == nil {
		err = s.rc.Flush()
	}
	return n, err
}

// longAgo is a deadline that ends what blocks.
var longAgo = time.Unix(1, 0)

// Close lets the handler return, which sends END_STREAM (RFC 8441 section 5).
func (s *stream) Close() error {
	if err := s.enter(0); err != nil {
		return err
	}
	defer s.leave(0)
	s.mu.Lock()
	s.closed = true
	writing := s.writing > 0
	s.mu.Unlock()
	err := s.rc.SetReadDeadline(longAgo)
	if writing { // it would reset a stream that has ended well
		err = s.rc.SetWriteDeadline(longAgo)
	}
	return err
}

func (s *stream) SetDeadline(t time.Time) error {
	err := s.SetReadDeadline(t)
	if e := s.SetWriteDeadline(t); err == nil {
		err = e
	}
	return err
}

func (s *stream) SetReadDeadline(t time.Time) error {
	if err := s.enter(0); err != nil {
		return err
	}
	defer s.leave(0)
	return s.rc.SetReadDeadline(t)
}

func (s *stream) SetWriteDeadline(t time.Time) error {
	if err := s.enter(0); err != nil {
		return err
	}
	defer s.leave(0)
	return s.rc.SetWriteDeadline(t)
}

func (s *stream) LocalAddr() net.Addr {
	a, _ := s.r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	return a
}

// RemoteAddr is what the request names: middleware may have put there whom a proxy
// speaks for.
func (s *stream) RemoteAddr() net.Addr {
	if p, err := netip.ParseAddrPort(s.r.RemoteAddr); err == nil {
		return net.TCPAddrFromAddrPort(p)
	}
	if ip, err := netip.ParseAddr(s.r.RemoteAddr); err == nil {
		return net.TCPAddrFromAddrPort(netip.AddrPortFrom(ip, 0))
	}
	return &net.UnixAddr{Name: s.r.RemoteAddr, Net: "unix"}
}
