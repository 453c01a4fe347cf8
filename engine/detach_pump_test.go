package engine_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/engine"
)

// TestDetachPackets keeps the boundaries of packets.
func TestDetachPackets(t *testing.T) {
	t.Parallel()
	e := start(t, engine.Config{Loops: 1})
	h := newLeaver(func(*engine.Conn) bool { return true })
	ln := listen(t, e, "unixpacket", t.TempDir()+"/s", h, engine.ListenOptions{})
	nc := dial(t, ln.Addr())
	say := func(to net.Conn, s string) {
		t.Helper()
		if _, err := io.WriteString(to, s); err != nil {
			t.Fatal(err)
		}
	}
	hear := func(from net.Conn, want string) {
		t.Helper()
		b := make([]byte, 100)
		if n, err := from.Read(b); err != nil || string(b[:n]) != want {
			t.Fatalf("read %q, %v, want %q", b[:n], err, want)
		}
	}
	say(nc, "aa")
	g := wait(t, h.gone, "Detach")
	hear(nc, "a")
	if g.err != nil || g.unread != "a" {
		t.Fatalf("got %+v", g)
	}
	defer g.nc.Close()
	say(nc, "one")
	say(nc, "two")
	hear(g.nc, "one")
	hear(g.nc, "two")
	say(g.nc, "three")
	say(g.nc, "four")
	hear(nc, "three")
	hear(nc, "four")
	long := strings.Repeat("x", 150)
	say(nc, long)
	hear(g.nc, long[:100])
	say(nc, "five")
	hear(g.nc, "five")
}

// TestDetachWrapper is about what becomes of a connection of package crypto/tls.
func TestDetachWrapper(t *testing.T) {
	t.Parallel()
	e := start(t, engine.Config{Loops: 1})
	a, b := pair(t)
	theirs := tls.Client(b, clientTLS())
	handles := make(chan engine.Handle, 1)
	if _, err := e.Adopt(tls.Server(a, serverTLS()), nil, &funcs{
		open: func(c *engine.Conn) error { handles <- c.Handle(); return nil },
		data: echo{}.OnData,
	}); err != nil {
		t.Fatal(err)
	}
	roundTrip(t, theirs, "hello")
	gone := make(chan given, 1)
	_ = (<-handles).Post(func(c *engine.Conn) { gone <- detach(c) })
	g := wait(t, gone, "Detach")
	if g.err != nil {
		t.Fatal(g.err)
	}
	// The reader of the engine waits in a Read: a deadline reaches it, and passes.
	_ = g.nc.SetReadDeadline(time.Unix(1, 0))
	if _, err := g.nc.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("Read after its deadline: %v", err)
	}
	_ = g.nc.SetReadDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(theirs, "one"); err != nil {
		t.Fatal(err)
	}
	if got := wait(t, readSoon(g.nc, 3), "read"); got != "one" {
		t.Errorf("read %q", got)
	}
	under, ok := g.nc.(interface{ NetConn() net.Conn }).NetConn().(*tls.Conn)
	if !ok || !under.ConnectionState().HandshakeComplete {
		t.Error("NetConn is not what was adopted")
	}
	if err := g.nc.(writeCloser).CloseWrite(); err != nil {
		t.Error(err)
	}
	if _, err := theirs.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the peer read %v, want EOF", err)
	}
	if err := g.nc.Close(); err != nil {
		t.Error(err)
	}
	if _, err := g.nc.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Read after Close: %v", err)
	}
}
