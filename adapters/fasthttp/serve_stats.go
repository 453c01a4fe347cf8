package fasthttp

import (
	"bytes"
	"sync/atomic"

	"github.com/valyala/fasthttp"
)

// ServeStats is what an HTTPServer has done. All but the first four only grow.
type ServeStats struct {
	Conns    int // open, hijacked ones that are not adopted yet included
	Running  int // requests that have a worker
	Waiting  int // requests that wait for one
	Detached int // connections that a goroutine of their own serves

	Requests   uint64 // that a handler was called for
	Bad        uint64 // that fasthttp could not read, did not come to their end, or have too large a head
	TooLarge   uint64 // whose body is over MaxRequestBodySize
	Refused    uint64 // answered 503 for want of a worker, or 429
	Left       uint64 // times that a connection left its loop for a goroutine
	Hijacked   uint64 // connections
	Panics     uint64 // of handlers and body streams
	Mismatched uint64 // that fasthttp framed in another way than we: answered 400
}

type serveStats struct {
	requests, bad, tooLarge, refused   atomic.Uint64
	left, hijacked, panics, mismatched atomic.Uint64
	detached                           atomic.Int64
}

// Stats reads the counters.
func (s *HTTPServer) Stats() ServeStats {
	t := &s.s.stats
	busy, waiting := s.s.pool.counts()
	return ServeStats{
		Conns: int(s.s.open.Load()), Running: busy, Waiting: waiting, Detached: int(t.detached.Load()),
		Requests: t.requests.Load(), Bad: t.bad.Load(), TooLarge: t.tooLarge.Load(), Refused: t.refused.Load(),
		Left: t.left.Load(), Hijacked: t.hijacked.Load(), Panics: t.panics.Load(), Mismatched: t.mismatched.Load(),
	}
}

// refusal is an answer of ours.
func (s *server) refusal(status int, text string) []byte {
	var r fasthttp.Response
	r.SetStatusCode(status)
	r.SetConnectionClose()
	r.Header.SetContentType("text/plain")
	name := s.http.Name
	if name == "" && !s.http.NoDefaultServerHeader {
		name = "fasthttp"
	}
	r.Header.SetServer(name)
	r.SetBodyString(text)
	var b bytes.Buffer
	_, _ = r.WriteTo(&b)
	return b.Bytes()
}
