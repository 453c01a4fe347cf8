package websocket

import (
	"fmt"
	"time"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// Options set up a Server. The zero Options are a good server.
type Options struct {
	// Path is the one path that is served, without its query; any other gets
	// 404. Empty serves every path.
	Path string

	// Subprotocols are those that the server speaks. The first that the
	// client offers and that is among them is chosen; none is no error.
	Subprotocols []string

	// Authorize decides about an opening handshake that is correct, before
	// it is answered. It runs on the loop. r lives until it returns. An error
	// refuses: a *RefuseError says how, any other means 403. Nil lets
	// everybody in.
	Authorize func(r *Request) error

	// MaxMessage limits a message in bytes, over all its frames; a longer one
	// closes with 1009. Zero means 16 MiB, negative no limit.
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
	// up with ErrPongTimeout; any bytes will do. Zero means PingInterval.
	PongTimeout time.Duration

	// HandshakeTimeout bounds the opening handshake. Zero means 10 s,
	// negative no bound.
	HandshakeTimeout time.Duration

	// CloseTimeout bounds the wait for the peer's answer to a close frame.
	// Zero means 5 s, negative no bound.
	CloseTimeout time.Duration
}

// RefuseError is an error of Authorize that chooses the answer.
type RefuseError struct {
	Status int    // 400 to 599
	Body   string // plain text, may be empty
}

func (e *RefuseError) Error() string {
	return fmt.Sprintf("websocket: handshake refused with %d", e.Status)
}

// endpoint is what all connections of a server, or one of a client, share.
type endpoint struct {
	h          Handler
	onPong     PongHandler
	onFragment FragmentHandler
	onWritable WritableHandler
	codec      wsproto.Config
	zipped     wsproto.Config // where compression is agreed
	zip        *Compression   // nil without
	limits     wsproto.Limits
	hsTime     time.Duration
	endTime    time.Duration
	pingTime   time.Duration // zero: never
	pongTime   time.Duration
	stats      counters
}

func newEndpoint(h Handler, o *Options, client bool) *endpoint {
	if h == nil {
		panic("websocket: nil Handler")
	}
	ep := &endpoint{
		h:       h,
		codec:   wsproto.Config{Client: client, MaxFrame: o.MaxFrame, MaxMessage: o.MaxMessage, SkipUTF8: o.SkipUTF8},
		zip:     o.Compression,
		limits:  wsproto.Limits{MaxHead: o.MaxHead, MaxHeaders: o.MaxHeaders},
		hsTime:  orDefault(o.HandshakeTimeout, 10*time.Second),
		endTime: orDefault(o.CloseTimeout, 5*time.Second),
	}
	ep.pingTime = max(o.PingInterval, 0)
	ep.pongTime = orDefault(o.PongTimeout, ep.pingTime)
	ep.zipped = ep.codec
	ep.zipped.Deflate = true
	if ep.zip != nil {
		ep.zip.init()
	}
	ep.onPong, _ = h.(PongHandler)
	ep.onFragment, _ = h.(FragmentHandler)
	ep.onWritable, _ = h.(WritableHandler)
	return ep
}

// orDefault reads a setting of which zero means a default, and negative nothing.
func orDefault[T int | int64 | time.Duration](v, zero T) T {
	if v == 0 {
		return zero
	}
	return max(v, 0)
}
