package websocket

import (
	"time"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// Options set up a Server. The zero Options are a good server.
type Options struct {
	// Paths are the patterns of the paths that are served, as those of
	// net/http.ServeMux without method and host: "/chat", "/room/{id}",
	// "/files/{rest...}", "/files/" (all below it), "/{$}" (the slash alone).
	// They are compared with the decoded path, segment by segment, and the
	// most specific one wins: see Request.Pattern and PathValue. Any other
	// path gets 404, also one that ServeMux would redirect: "/a//b", "/a/../b",
	// "/files". They are looked at in turn: hundreds are fine. Empty serves
	// every path.
	Paths []string

	// Hosts are the hosts that are served, as the request names them:
	// "example.com", "*.example.com" (all below it), with ":8443" for that
	// port alone. Any other gets 421. Empty serves every host.
	Hosts []string

	// Origins are the origins whose pages may connect, for what browsers run
	// connects anywhere with the cookies of its user. Any other gets 403; a
	// request without Origin, which is not from a browser, passes.
	// "https://app.example.com", "https://*.example.com" (all below it),
	// "example.com:8443" (http or https), "http://localhost:*" (any port),
	// "self" (the host that the request names), "null" (files, sandboxes), "*"
	// (all). No port means that of the scheme. Empty means "self".
	Origins []string

	// Authorize decides about an opening handshake that is correct, before
	// it is answered. It runs on the loop, or where Server.Accept is called.
	// r lives until it returns. An error refuses: a *RefuseError says how, any
	// other means 403. Nil lets everybody in.
	Authorize func(r *Request) error

	// Header holds further header lines of the answer that accepts a
	// handshake, name and value in turn. Those of the handshake itself may
	// not be among them. See Request.AddHeader too. Empty means none.
	Header []string

	// Subprotocols are those that the server speaks, the preferred one first.
	// The first that the client offers and that is among them is chosen; none
	// is no error.
	Subprotocols []string

	// ServerOrder chooses the first of Subprotocols that the client offers,
	// whatever the client prefers. False goes by the client's order.
	ServerOrder bool

	// SelectSubprotocol chooses instead of Subprotocols, after Authorize: one
	// that the client offers (see Request.EachProtocol and Offers), or empty for
	// none. Any other is a bug, answered with 500 and counted in Stats.Faults.
	// Nil means Subprotocols.
	SelectSubprotocol func(r *Request) string

	// Permissive lets handshakes through that break the letter of a rule, as
	// other servers do:
	//
	//   - one empty line before the request (llhttp, nginx),
	//   - any Sec-WebSocket-Key that is not empty (gobwas; uWebSockets takes any
	//     24 bytes), where 16 bytes in canonical base64 are due,
	//   - a Sec-WebSocket-Version that names 13 among others (gorilla),
	//   - junk in Sec-WebSocket-Protocol beside what can be chosen (gorilla),
	//   - a Host that is empty (net/http).
	//
	// What could make a proxy and this server disagree about where a request
	// begins or ends, or whom it is for, is refused with 400 in any case: bare
	// LF, folded lines, whitespace before a colon, a second Host or Origin, a
	// body, a missing Connection: Upgrade. Frames are checked strictly in any
	// case. False refuses all of it.
	Permissive bool

	// MaxMessage limits a message in bytes, over all its frames; a longer one
	// closes with 1009. Zero means 16 MiB, negative no limit. See
	// Conn.SetReadLimit too.
	MaxMessage int64

	// MaxFrame limits the payload of one frame in bytes. Zero and negative
	// mean no limit but MaxMessage.
	MaxFrame int64

	// SkipUTF8 lets text messages through that are not UTF-8. False closes
	// with 1007, as RFC 6455 section 8.1 demands.
	SkipUTF8 bool

	// MaxHead limits the head of an opening handshake in bytes, MaxHeaders
	// its header lines. Zero and negative mean 8192 and 64.
	MaxHead, MaxHeaders int

	// Compression negotiates permessage-deflate. Nil declines it.
	Compression *Compression

	// PingInterval is how often a connection is looked at: when nothing came
	// from the peer since the last time it is sent a ping, so after one to two
	// intervals of silence. Zero and negative mean never. Rounded up to 100 ms.
	PingInterval time.Duration

	// PongTimeout is how long the peer may then stay silent before it is given
	// up with ErrPongTimeout; any bytes will do. Zero means PingInterval,
	// negative that nobody is given up.
	PongTimeout time.Duration

	// HandshakeTimeout bounds the opening handshake. Zero means 10 s,
	// negative no bound.
	HandshakeTimeout time.Duration

	// CloseTimeout bounds the wait for the peer's answer to a close frame.
	// Zero means 5 s, negative no bound.
	CloseTimeout time.Duration
}

// Validate tells what is wrong with options of a server: a pattern, a header
// line, the name of a subprotocol, or Compression. NewServer panics then; whoever
// has them from a configuration can ask here.
func (o *Options) Validate() error {
	if o.Compression != nil {
		if err := o.Compression.Validate(); err != nil {
			return err
		}
	}
	_, err := newPolicy(o)
	return err
}

// endpoint is what all connections of a server with one limit of messages, or
// one of a client, share. It does not change.
type endpoint struct {
	*shared
	codec  wsproto.Config
	zipped wsproto.Config // where compression is agreed
}

// shared is what the endpoints of a server have in common.
type shared struct {
	h            Handler
	onPing       PingHandler
	onPong       PongHandler
	onCloseFrame CloseHandler
	onFragment   FragmentHandler
	onWritable   WritableHandler
	zip          *Compression // nil without
	limits       wsproto.Limits
	hsTime       time.Duration
	endTime      time.Duration
	pingTime     time.Duration // zero: never
	pongTime     time.Duration
	stats        counters
	variants     variants
}

func newEndpoint(h Handler, o *Options, client bool) *endpoint {
	if h == nil {
		panic("websocket: nil Handler")
	}
	s := &shared{
		h:       h,
		zip:     o.Compression,
		limits:  wsproto.Limits{MaxHead: o.MaxHead, MaxHeaders: o.MaxHeaders, Permissive: o.Permissive},
		hsTime:  orDefault(o.HandshakeTimeout, 10*time.Second),
		endTime: orDefault(o.CloseTimeout, 5*time.Second),
	}
	s.pingTime = max(o.PingInterval, 0)
	s.pongTime = orDefault(o.PongTimeout, s.pingTime)
	if s.zip != nil {
		s.zip.init()
	}
	s.onPing, _ = h.(PingHandler)
	s.onPong, _ = h.(PongHandler)
	s.onCloseFrame, _ = h.(CloseHandler)
	s.onFragment, _ = h.(FragmentHandler)
	s.onWritable, _ = h.(WritableHandler)
	s.variants.base = s.endpoint(wsproto.Config{
		Client: client, MaxFrame: o.MaxFrame, MaxMessage: o.MaxMessage, SkipUTF8: o.SkipUTF8,
	})
	return s.variants.base
}

// orDefault reads a setting of which zero means a default, and negative nothing.
func orDefault[T int | int64 | time.Duration](v, zero T) T {
	if v == 0 {
		return zero
	}
	return max(v, 0)
}
