package engine_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/sockeye-io/sockeye/engine"
)

// TestDetachOptions: package net has ideas of its own about the options of a socket.
func TestDetachOptions(t *testing.T) {
	t.Parallel()
	options := func(fd int) (list []int) {
		for _, o := range [][2]int{
			{unix.IPPROTO_TCP, unix.TCP_NODELAY},
			{unix.SOL_SOCKET, unix.SO_KEEPALIVE},
			{unix.IPPROTO_TCP, unix.TCP_KEEPIDLE},
			{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL},
			{unix.IPPROTO_TCP, unix.TCP_KEEPCNT},
			{unix.SOL_SOCKET, unix.SO_RCVBUF},
		} {
			v, err := unix.GetsockoptInt(fd, o[0], o[1])
			if err != nil {
				t.Error(err)
			}
			list = append(list, v)
		}
		flags, _ := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
		return append(list, flags&unix.O_NONBLOCK)
	}
	for _, set := range []func(*net.TCPConn) error{
		func(*net.TCPConn) error { return nil },
		func(c *net.TCPConn) error { return errors.Join(c.SetNoDelay(false), c.SetKeepAlive(false)) },
		func(c *net.TCPConn) error {
			return c.SetKeepAliveConfig(net.KeepAliveConfig{Enable: true, Idle: 77 * time.Second, Interval: 7 * time.Second, Count: 3})
		},
	} {
		e := start(t, engine.Config{Loops: 1})
		ours, _ := pair(t)
		if err := set(ours.(*net.TCPConn)); err != nil {
			t.Fatal(err)
		}
		var want []int
		rc, err := ours.(*net.TCPConn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		_ = rc.Control(func(fd uintptr) { want = options(int(fd)) })
		gone := make(chan given, 1)
		if _, err := e.Adopt(ours, nil, &funcs{open: func(c *engine.Conn) error { gone <- detach(c); return nil }}); err != nil {
			t.Fatal(err)
		}
		g := <-gone
		if g.err != nil {
			t.Fatal(g.err)
		}
		defer g.nc.Close()
		rc, err = g.nc.(syscall.Conn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		_ = rc.Control(func(fd uintptr) {
			if diff := cmp.Diff(want, options(int(fd))); diff != "" {
				t.Errorf("options (-before +after):\n%s", diff)
			}
		})
	}
}

// TestDetachMany detaches a thousand connections while others come, go and echo, so
// that numbers of descriptors are used again: every connection hears its own bytes
// alone, and none is left.
func TestDetachMany(t *testing.T) {
	t.Parallel()
	const workers, each = 8, 125
	e := start(t, engine.Config{Loops: 2})
	gone := make(chan given, workers*each)
	ln := listen(t, e, "tcp", "127.0.0.1:0", &funcs{data: func(c *engine.Conn, p []byte) (int, error) {
		if len(p) < 8 {
			return 0, nil
		}
		if _, err := c.Write(p[:4]); err != nil {
			return 0, err
		}
		if p[0] == 'e' { // echo only
			_, err := c.Write(p[4:])
			return len(p), err
		}
		g := detach(c)
		g.unread = g.unread[4:]
		gone <- g
		return len(p), nil
	}}, engine.ListenOptions{Options: engine.Options{Linger: -1}})
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for i := range each {
				for _, kind := range "de" {
					nc := dial(t, ln.Addr())
					id := fmt.Sprintf("%c%02d%04d.", kind, w, i)
					roundTrip(t, nc, id)
					roundTrip(t, nc, id+id)
					_ = nc.Close()
				}
			}
		})
	}
	var others sync.WaitGroup
	for range workers * each {
		g := wait(t, gone, "Detach")
		if g.err != nil {
			t.Fatal(g.err)
		}
		others.Go(func() {
			defer g.nc.Close()
			_, _ = io.WriteString(g.nc, g.unread)
			_, _ = io.Copy(struct{ io.Writer }{g.nc}, struct{ io.Reader }{g.nc})
		})
	}
	all.Wait()
	others.Wait()
	if s := e.Stats(); s.ClosedBy[engine.CauseDetached] != workers*each || s.Accepted != 2*workers*each {
		t.Errorf("stats %+v", s)
	}
	_ = e.Close()
	if left := connectedFrom(ln.Addr()); left != 0 {
		t.Errorf("%d descriptors of the listener are left", left)
	}
}

// connectedFrom counts the descriptors of connections whose own address is a.
func connectedFrom(a net.Addr) (n int) {
	for name := range descriptors() {
		var fd int
		if _, err := fmt.Sscan(name, &fd); err != nil {
			continue
		}
		sa, err := unix.Getsockname(fd)
		in4, ok := sa.(*unix.SockaddrInet4)
		if _, e := unix.Getpeername(fd); err == nil && ok && e == nil && in4.Port == a.(*net.TCPAddr).Port {
			n++
		}
	}
	return n
}
