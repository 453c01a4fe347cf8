package fasthttp

import (
	"net"
	"reflect"
	"sync/atomic"
	"time"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/valyala/fasthttp"
)

// server is the engine.Handler behind an HTTPServer.
type server struct {
	h       fasthttp.RequestHandler
	http    *fasthttp.Server // of our own: serves one connection at a time, through ServeConn
	state   func(net.Conn, fasthttp.ConnState)
	options engine.Options
	limits  limits
	onLoop  bool

	read, idle  time.Duration // how long a request, and the next one, may take to come
	maxRequests int
	maxPerIP    int
	maxDetached int64
	inbound     int // bytes kept for a connection whose request runs
	window      int // bytes of a response on their way to the loop
	low         int

	pool  pool
	perIP perIP
	open  atomic.Int64 // connections, those that left their loops included
	stats serveStats
}

func newServer(h fasthttp.RequestHandler, o ServeOptions) *server {
	src := o.Server
	s := &server{
		h: h, state: src.ConnState, options: o.Engine, onLoop: o.OnLoop,
		read: src.ReadTimeout, idle: src.IdleTimeout,
		maxRequests: src.MaxRequestsPerConn, maxPerIP: src.MaxConnsPerIP,
		maxDetached: int64(max(o.MaxDetached, 0)),
	}
	if s.idle == 0 {
		s.idle = s.read
	}
	s.limits = limits{head: src.ReadBufferSize, body: int64(src.MaxRequestBodySize), wait: o.MaxBuffered, stream: src.StreamRequestBody}
	if s.limits.head <= 0 {
		s.limits.head = 4096 // of fasthttp, whose constant is not exported
	}
	if s.limits.body <= 0 {
		s.limits.body = fasthttp.DefaultMaxRequestBodySize
	}
	if src.HeaderReceived != nil || src.StreamRequestBody {
		s.limits.body = 0 // it is not known before fasthttp has asked
	}
	if s.inbound = min(o.Engine.MaxInbound, maxPositions); s.inbound == 0 {
		s.inbound = 1 << 20
	} else if s.inbound < 0 {
		s.inbound = maxPositions
	}
	high := o.Engine.HighWater
	if high <= 0 {
		high = 1 << 20
	}
	if s.low = o.Engine.LowWater; s.low == 0 {
		s.low = high / 4
	}
	s.window = max(min(high-s.low, maxWindow), 1)
	s.http = ownServer(src)
	s.http.Handler = s.handle
	s.http.ConnState = s.changed
	s.pool.init(s, o.Workers, max(o.MaxWaiting, 0))
	s.perIP.of = make(map[[16]byte]int)
	return s
}

// ownServer copies the exported fields of a Server, which must not be copied as a
// whole. What is about many connections is ours.
func ownServer(src *fasthttp.Server) *fasthttp.Server {
	dst := &fasthttp.Server{}
	from, to := reflect.ValueOf(src).Elem(), reflect.ValueOf(dst).Elem()
	for i := range from.NumField() {
		if from.Type().Field(i).IsExported() {
			to.Field(i).Set(from.Field(i))
		}
	}
	dst.MaxConnsPerIP = 0
	dst.MaxRequestsPerConn = 0
	return dst
}

// handle is the Handler of s.http: the application's, with what we have to know
// before and after it.
func (s *server) handle(ctx *fasthttp.RequestCtx) {
	c := connOf(ctx.Conn())
	if !c.begin() {
		s.stats.mismatched.Add(1)
		ctx.Error("Error when parsing request", fasthttp.StatusBadRequest)
		ctx.SetConnectionClose()
		return
	}
	s.stats.requests.Add(1)
	s.call(ctx)
	late := ctx.LastTimeoutErrorResponse() // the handler may still be at work on ctx
	r := &ctx.Response
	if late != nil {
		r = late
	}
	c.handled(r.IsBodyStream(), late == nil && ctx.Hijacked())
	if !c.hijacking && c.last() {
		r.SetConnectionClose()
	}
}

// call lets a panic of the application end no more than its connection.
func (s *server) call(ctx *fasthttp.RequestCtx) {
	defer func() {
		v := recover()
		if v == nil {
			return
		}
		s.panicked(v)
		if ctx.LastTimeoutErrorResponse() == nil {
			ctx.Hijack(nil)
			ctx.Error(fasthttp.StatusMessage(fasthttp.StatusInternalServerError), fasthttp.StatusInternalServerError)
			ctx.SetConnectionClose()
		}
	}()
	s.h(ctx)
}

// changed is the ConnState of s.http.
func (s *server) changed(nc net.Conn, st fasthttp.ConnState) {
	c := connOf(nc)
	switch st {
	case fasthttp.StateActive:
		c.active()
	case fasthttp.StateIdle:
		c.boundary = true
	case fasthttp.StateClosed, fasthttp.StateNew:
		return // fasthttp's view ends with each run of requests
	}
	if s.state != nil {
		s.state(nc, st)
	}
}

func (s *server) told(c *conn, st fasthttp.ConnState) {
	if s.state != nil {
		s.state(c.face(), st)
	}
}
