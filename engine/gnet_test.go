package engine_test

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"github.com/panjf2000/gnet/v2/pkg/pool/byteslice"

	"github.com/sockeye-io/sockeye/engine"
)

// TestTrim tells when a new gnet has another layout of its connections: memory
// per connection would go up, and zones would go to its pool again.
func TestTrim(t *testing.T) {
	t.Parallel()
	e := start(t, engine.Config{Loops: 1})
	roundTrip(t, dial(t, listen(t, e, "tcp", "127.0.0.1:0", echo{}, engine.ListenOptions{}).Addr()), "x")
	if !engine.Trimmed() {
		t.Error("the fields of gnet's connection were not found: see gnet_trim.go")
	}
}

// TestIPv6Zone uses link-local addresses. On close gnet would put the name of
// the interface, which package net shares, into a pool of buffers.
func TestIPv6Zone(t *testing.T) {
	t.Parallel()
	addr := linkLocal(t)
	e := start(t, engine.Config{Loops: 1})
	ended := make(chan struct{}, 1)
	ln := listen(t, e, "tcp6", addr, &funcs{
		open:  func(c *engine.Conn) error { _, err := io.WriteString(writer{c}, c.LocalAddr().String()); return err },
		close: func(*engine.Conn, error) { ended <- struct{}{} },
	}, engine.ListenOptions{Options: abrupt})
	// Addr of a listener comes without the zone.
	shared := "" // as package net hands it out again and again
	at := *ln.Addr().(*net.TCPAddr)
	at.Zone = addr[strings.IndexByte(addr, '%')+1 : strings.IndexByte(addr, ']')]
	for range 50 {
		nc := dial(t, &at)
		want := nc.RemoteAddr().String()
		shared = nc.RemoteAddr().(*net.TCPAddr).Zone
		got := make([]byte, len(want))
		if _, err := io.ReadFull(nc, got); err != nil || string(got) != want {
			t.Fatalf("LocalAddr is %q, the peer dialled %q, %v", got, want, err)
		}
		_ = nc.Close()
		wait(t, ended, "OnClose")
	}
	// What gnet's pool hands out is written to.
	zone := unsafe.StringData(shared)
	for range 1000 {
		for size := 1; size <= 16; size *= 2 {
			if b := byteslice.Get(size); unsafe.SliceData(b) == zone {
				t.Fatalf("gnet's pool hands out the name of interface %s", shared)
			}
		}
	}
}

// linkLocal returns an address with a zone to listen on.
func linkLocal(t *testing.T) string {
	t.Helper()
	ifs, err := net.Interfaces()
	if err != nil {
		t.Skip(err)
	}
	for _, i := range ifs {
		addrs, _ := i.Addrs()
		for _, a := range addrs {
			ip, ok := a.(*net.IPNet)
			if !ok || !ip.IP.IsLinkLocalUnicast() || ip.IP.To4() != nil {
				continue
			}
			at := "[" + ip.IP.String() + "%" + i.Name + "]:0"
			if ln, err := net.Listen("tcp6", at); err == nil {
				_ = ln.Close()
				return at
			}
		}
	}
	t.Skip("no interface has a link-local IPv6 address")
	return ""
}

// TestLoopsAreUsed wants connections on every loop, whatever the number.
func TestLoopsAreUsed(t *testing.T) {
	t.Parallel()
	for _, loops := range []int{1, 2, 7, 16} {
		e := start(t, engine.Config{Loops: loops})
		if e.Loops() != loops {
			t.Errorf("Loops = %d, want %d", e.Loops(), loops)
		}
		ln := listen(t, e, "tcp", "127.0.0.1:0", echo{}, engine.ListenOptions{})
		for range 4 * loops {
			roundTrip(t, dial(t, ln.Addr()), "x")
		}
		for i, l := range e.Stats().Loops {
			if l.Open != 4 {
				t.Errorf("loop %d of %d holds %d connections, want 4", i, loops, l.Open)
			}
		}
	}
}

// TestLog wants silence at the default level, whatever peers do.
func TestLog(t *testing.T) {
	t.Parallel()
	var out lockedWriter
	e := start(t, engine.Config{Loops: 1, Logger: slog.New(slog.NewTextHandler(&out, nil))})
	h := &funcs{data: echo{}.OnData}
	ln := listen(t, e, "tcp", "127.0.0.1:0", h, engine.ListenOptions{})
	for range 50 {
		nc := dial(t, ln.Addr())
		roundTrip(t, nc, "x")
		_ = e.Each(h, engine.VisitorFunc(func(c *engine.Conn) { c.Abort(nil) }))
		_, _ = nc.Write([]byte("y"))
		_ = nc.Close()
	}
	_ = e.Close()
	if s := out.String(); s != "" {
		t.Errorf("logged:\n%s", s)
	}
}

type lockedWriter struct {
	mu sync.Mutex
	b  strings.Builder
}

func (w *lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.Write(p)
}

func (w *lockedWriter) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.b.String()
}

// TestEventsOfClosedConnections closes connections from a task while events of
// theirs wait in the same batch behind it, and lets the collector run in between:
// under the tag poll_opt those events are bare pointers into gnet's connections.
func TestEventsOfClosedConnections(t *testing.T) {
	t.Parallel()
	const conns = 60
	e := start(t, engine.Config{Loops: 1})
	left, done := conns, make(chan struct{})
	h := &funcs{data: echo{}.OnData, close: func(*engine.Conn, error) {
		if left--; left > 0 {
			return
		}
		for range 3 {
			runtime.GC()
			for range 1000 { // of the size of gnet's connections
				junk = bytes.Repeat([]byte{0xdb}, 256)
			}
		}
		close(done)
	}}
	ln := listen(t, e, "unix", "@sockeye-test-batch", h, engine.ListenOptions{Options: abrupt})
	var ncs []net.Conn
	for range conns {
		nc := dial(t, ln.Addr())
		roundTrip(t, nc, "x")
		ncs = append(ncs, nc)
	}
	// The loop is held up until the task that closes everything waits, and
	// behind it a read event of every connection.
	held, goOn := make(chan struct{}, 1), make(chan struct{})
	first := true
	_ = e.Each(h, engine.VisitorFunc(func(*engine.Conn) {
		if first {
			first = false
			held <- struct{}{}
			<-goOn
		}
	}))
	wait(t, held, "task")
	_ = e.Each(h, engine.VisitorFunc(func(c *engine.Conn) { c.Abort(nil) }))
	for _, nc := range ncs {
		if _, err := nc.Write([]byte("y")); err != nil {
			t.Fatal(err)
		}
	}
	close(goOn)
	wait(t, done, "last OnClose")
	roundTrip(t, dial(t, listen(t, e, "tcp", "127.0.0.1:0", echo{}, engine.ListenOptions{}).Addr()), "alive")
}

var junk []byte
