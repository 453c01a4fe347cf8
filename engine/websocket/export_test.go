package websocket

import (
	"unsafe"

	"github.com/sockeye-io/sockeye/engine"
)

// NewDialing is the handler of a client connection, for a loop in memory, and
// the outcome that Dial would wait for.
func NewDialing(url string, h Handler, o DialOptions) (engine.Handler, <-chan error, error) {
	a, err := newAttempt(url, &o)
	if err != nil {
		return nil, nil, err
	}
	d, err := newDialing(a, newEndpoint(h, &o.Options, true))
	if err != nil {
		return nil, nil, err
	}
	return d, d.done, nil
}

// Deflated returns the frame that c would be sent for m.
func Deflated(m *Prepared, c *Conn) []byte { return m.deflated(c.zip) }

// ConnSize is what a connection takes here.
const ConnSize = unsafe.Sizeof(Conn{})
