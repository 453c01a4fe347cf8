package websocket

import (
	"math"
	"sync"
	"sync/atomic"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// SetReadLimit replaces Options.MaxMessage for this connection: a message from the
// peer with more than n bytes, over all its frames and when it is inflated, closes
// with 1009. It holds from the next frame on, for a message that has begun too.
// Zero means what the options say, negative no limit. It costs the connection no
// memory, unless those of its server have more than 32 limits.
func (c *Conn) SetReadLimit(n int64) {
	c.ep = c.ep.variant(n)
	c.dec.SetConfig(c.ep.config(c.zip != nil))
}

// variants are the endpoints that differ in the limit alone.
type variants struct {
	base   *endpoint // of the options
	others atomic.Pointer[[]*endpoint]
	adding sync.Mutex
}

// maxVariants is how many are kept. Whoever computes his limits gets endpoints that
// belong to one connection each.
const maxVariants = 32

// variant is the endpoint with limit n; see SetReadLimit.
func (s *shared) variant(n int64) *endpoint {
	v := &s.variants
	n = max(n, -1)
	if n == 0 || n == v.base.codec.MaxMessage {
		return v.base
	}
	if ep := v.find(n); ep != nil {
		return ep
	}
	v.adding.Lock()
	defer v.adding.Unlock()
	if ep := v.find(n); ep != nil {
		return ep
	}
	codec := v.base.codec
	codec.MaxMessage = n
	ep := s.endpoint(codec)
	list := []*endpoint{ep}
	if p := v.others.Load(); p != nil {
		list = append(list, *p...)
	}
	if len(list) <= maxVariants {
		v.others.Store(&list)
	}
	return ep
}

func (v *variants) find(n int64) *endpoint {
	if p := v.others.Load(); p != nil {
		for _, ep := range *p {
			if ep.codec.MaxMessage == n {
				return ep
			}
		}
	}
	return nil
}

func (s *shared) endpoint(codec wsproto.Config) *endpoint {
	ep := &endpoint{shared: s, codec: codec, zipped: codec}
	ep.zipped.Deflate = true
	return ep
}

// config is what a decoder goes by.
func (ep *endpoint) config(deflated bool) *wsproto.Config {
	if deflated {
		return &ep.zipped
	}
	return &ep.codec
}

// limit is the most bytes of a message.
func (ep *endpoint) limit() int64 {
	switch limit := ep.codec.MaxMessage; {
	case limit == 0:
		return wsproto.DefaultMaxMessage
	case limit < 0:
		return math.MaxInt64
	default:
		return limit
	}
}
