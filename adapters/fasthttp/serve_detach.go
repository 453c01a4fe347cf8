package fasthttp

import (
	"errors"
	"net"

	"github.com/sockeye-io/sockeye/engine"
)

var (
	errBusy     = errors.New("fasthttp: busy")
	errDetached = errors.New("fasthttp: detached")
)

func detach(ec *engine.Conn) (net.Conn, []byte, error) {
	if d, ok := any(ec).(interface {
		Detach() (net.Conn, []byte, error)
	}); ok {
		return d.Detach()
	}
	return nil, nil, errors.New("fasthttp: cannot detach")
}
