// Command rawgnet is a TCP echo on gnet with nothing in between: the floor that an engine on gnet can be compared
// with. Level-triggered, one loop per GOMAXPROCS, silent.
package main

import (
	"fmt"
	"net"
	"os"

	"github.com/panjf2000/gnet/v2"
	"golang.org/x/sys/unix"

	"github.com/sockeye-io/sockeye/bench/rivals/internal/rival"
)

func main() {
	rival.Main(map[string]rival.Role{"echo": serve})
}

func serve(addr string, ready func(net.Addr)) error {
	return gnet.Run(&echo{ready: ready}, "tcp://"+addr,
		gnet.WithMulticore(true), gnet.WithEdgeTriggeredIO(false), gnet.WithLogger(silent{}))
}

type echo struct {
	gnet.BuiltinEventEngine
	ready func(net.Addr)
}

// OnBoot runs after bind and listen: clients that connect from now on wait in the backlog.
func (e *echo) OnBoot(engine gnet.Engine) gnet.Action {
	addr, err := boundAddr(engine)
	if err != nil {
		fmt.Fprintln(os.Stderr, "rawgnet:", err)
		return gnet.Shutdown
	}
	e.ready(addr)
	return gnet.None
}

func (e *echo) OnTraffic(c gnet.Conn) gnet.Action {
	p, err := c.Next(-1)
	if err != nil {
		return gnet.Close
	}
	if _, err := c.Write(p); err != nil {
		return gnet.Close
	}
	return gnet.None
}

// boundAddr asks the kernel, since gnet does not tell which port it was given.
func boundAddr(engine gnet.Engine) (net.Addr, error) {
	fd, err := engine.Dup()
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return nil, err
	}
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return &net.TCPAddr{IP: sa.Addr[:], Port: sa.Port}, nil
	case *unix.SockaddrInet6:
		return &net.TCPAddr{IP: sa.Addr[:], Port: sa.Port}, nil
	}
	return nil, fmt.Errorf("unexpected address %T", sa)
}

type silent struct{}

func (silent) Debugf(string, ...any) {}
func (silent) Infof(string, ...any)  {}
func (silent) Warnf(string, ...any)  {}
func (silent) Errorf(string, ...any) {}
func (silent) Fatalf(string, ...any) {}
