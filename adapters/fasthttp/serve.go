package fasthttp

import (
	"fmt"
	"net"
	"runtime"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/valyala/fasthttp"
)

// Serve serves h to the connections that ln accepts, on the loops of e. It is
// NewHTTPServer and HTTPServer.Serve.
func Serve(e *engine.Engine, ln net.Listener, h fasthttp.RequestHandler, o ServeOptions) (*engine.Listener, error) {
	s, err := NewHTTPServer(h, o)
	if err != nil {
		_ = ln.Close()
		return nil, err
	}
	return s.Serve(e, ln)
}

// ServeOptions set up an HTTPServer. The zero ServeOptions are a good server.
type ServeOptions struct {
	// Server is where limits and behaviour come from, as if it served itself. It is
	// read once and not used otherwise: its own methods know nothing of what is
	// served here. All its exported fields hold, but for these:
	//
	//   Handler              is the one given to NewHTTPServer, when that is not nil
	//   Concurrency          bounds requests that run at once, not connections, for which
	//                        there is engine.Config.MaxConns; see Workers
	//   ReadTimeout          is kept in ticks of 100 ms, as is IdleTimeout
	//   WriteTimeout         ends a response that waits for its peer; once it is handed
	//                        to the loop, Engine.WriteTimeout does
	//   MaxRequestsPerConn   is counted over the connection's whole life
	//   ConnState            sees a net.Conn that belongs to the connection, for its
	//                        whole life. StateIdle may be followed by StateClosed only
	//   TLSConfig, TCPKeepalive, TCPKeepalivePeriod, MaxIdleWorkerDuration,
	//   MaxKeepaliveDuration and SleepWhenConcurrencyLimitsExceeded have no meaning
	//
	// Nil means the zero Server.
	Server *fasthttp.Server

	// OnLoop runs the handler on the loop of the connection, which saves two switches
	// of goroutines for each request. It must not block then: all that the loop holds
	// waits. A streamed response is read on the loop too, and one that is larger than
	// Engine.HighWater is lost if its peer does not keep up. Requests that do not fit
	// MaxBuffered, and unusual ones, are served by a goroutine all the same.
	OnLoop bool

	// Workers is the most goroutines that run handlers at once. Zero means 256 for
	// each of GOMAXPROCS, or Server.Concurrency if that is less. Negative is an error.
	Workers int

	// MaxWaiting is how many connections with a request may wait for a worker, in the
	// order of their arrival. One more is answered with 503 and closed. Zero means 64
	// for each worker, negative none.
	MaxWaiting int

	// MaxBuffered is the number of bytes of body that are kept in memory while the
	// rest of a request arrives. The connection of a larger one leaves its loop for a
	// goroutine, which reads it as fasthttp.Server would, until it is idle again. Zero
	// means 64 KiB, negative is an error.
	MaxBuffered int

	// MaxDetached is the most connections with a goroutine of their own at once, not
	// counting hijacked ones: those that leave their loops for it, of which one more is
	// answered with 503 and closed; and as many again that wait for a peer to read a
	// large response, of which more keep their worker waiting. Zero means 4,096, negative
	// none.
	MaxDetached int

	// Engine are the limits of the connections. MaxInbound is how much of what a client
	// sends ahead, while its requests run, is kept in memory; more leaves its loop too,
	// and is not read for a while. IdleTimeout is better left alone: it would end a
	// connection whose handler takes longer.
	Engine engine.Options
}

// HTTPServer serves fasthttp handlers on the loops of an engine. An idle connection
// has no goroutine, no buffer and no RequestCtx, only about 0.9 KB in all. When a
// request is there, whole, fasthttp's own code serves it, in a goroutine of a bounded
// pool or on the loop; so everything that a handler can see and do is as in
// fasthttp.Server: keep-alive, pipelining, HEAD, chunks, streams, TimeoutError,
// Hijack. What differs:
//
//   - A handler that panics does not end the program: the client is answered 500. A
//     HijackHandler or StreamWriter that panics does, as with fasthttp.Server.
//   - RequestCtx.ConnTime, ConnID, ConnRequestNum and ID count from the last time
//     the connection was idle.
//   - RequestCtx.Done is never closed.
//   - At Engine.Shutdown running requests are finished and answered with
//     Connection: close, idle connections are closed. It does not know of connections
//     that have left their loops: they end after the request at hand. Hijacked ones
//     are their owner's to close.
//
// An HTTPServer may serve any number of listeners and engines. Its methods may be
// called from any goroutine.
type HTTPServer struct{ s *server }

// NewHTTPServer returns a server for h, or for Server.Handler when h is nil.
func NewHTTPServer(h fasthttp.RequestHandler, o ServeOptions) (*HTTPServer, error) {
	if h == nil && o.Server != nil {
		h = o.Server.Handler
	}
	if h == nil {
		panic("fasthttp: nil RequestHandler")
	}
	if err := o.validate(); err != nil {
		return nil, err
	}
	return &HTTPServer{newServer(h, o)}, nil
}

// Serve serves the connections that ln accepts, once e.Serve runs. ln is the
// engine's from here on. See engine.ServeListener.
func (s *HTTPServer) Serve(e *engine.Engine, ln net.Listener) (*engine.Listener, error) {
	switch ln.(type) {
	case *net.TCPListener, *net.UnixListener:
	default:
		ln = secureListener{ln}
	}
	return e.ServeListener(ln, s.s, engine.ListenOptions{Options: s.s.options})
}

// Listen is engine.Listen for a stream socket: networks are tcp, tcp4, tcp6 and unix.
func (s *HTTPServer) Listen(e *engine.Engine, network, addr string) (*engine.Listener, error) {
	if network != "unix" && (len(network) < 3 || network[:3] != "tcp") {
		return nil, fmt.Errorf("fasthttp: listen: %w", net.UnknownNetworkError(network))
	}
	return e.Listen(network, addr, s.s, engine.ListenOptions{Options: s.s.options})
}

// Adopt serves a connection that somebody else accepted; see engine.Adopt.
func (s *HTTPServer) Adopt(e *engine.Engine, nc net.Conn, buffered []byte) (engine.Handle, error) {
	return e.AdoptWith(withState(nc), buffered, s.s, s.s.options)
}

// maxPositions is what a position within the bytes of a connection may come to.
const maxPositions = 512 << 20

func (o *ServeOptions) validate() error {
	switch {
	case o.Workers < 0:
		return fmt.Errorf("fasthttp: ServeOptions.Workers is %d, want 0 or more", o.Workers)
	case o.MaxBuffered < 0:
		return fmt.Errorf("fasthttp: ServeOptions.MaxBuffered is %d, want 0 or more", o.MaxBuffered)
	}
	if o.MaxBuffered > maxPositions || o.Server != nil && o.Server.ReadBufferSize > maxPositions {
		return fmt.Errorf("fasthttp: ServeOptions.MaxBuffered and Server.ReadBufferSize are at most %d", maxPositions)
	}
	if o.Server == nil {
		o.Server = &fasthttp.Server{}
	}
	if o.Workers == 0 {
		o.Workers = 256 * runtime.GOMAXPROCS(0)
		if n := o.Server.Concurrency; n > 0 {
			o.Workers = min(o.Workers, n)
		}
	}
	if o.MaxWaiting == 0 {
		o.MaxWaiting = 64 * o.Workers
	}
	if o.MaxBuffered == 0 {
		o.MaxBuffered = 64 << 10
	}
	if o.MaxDetached == 0 {
		o.MaxDetached = 4096
	}
	if o.Engine.WriteTimeout == 0 {
		o.Engine.WriteTimeout = o.Server.WriteTimeout
	}
	return nil
}
