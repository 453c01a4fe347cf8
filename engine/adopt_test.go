package engine_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockeye-io/sockeye/engine"
)

// pair returns two ends of a TCP connection; the second has a deadline.
func pair(t testing.TB) (ours, theirs net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	ours, err = net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return ours, accept(t, ln)
}

// TestAdopt takes over connections with bytes that were read before.
func TestAdopt(t *testing.T) {
	t.Parallel()
	for name, bring := range map[string]func(t *testing.T) (ours, theirs net.Conn){
		"tcp":  func(t *testing.T) (net.Conn, net.Conn) { return pair(t) },
		"pipe": func(*testing.T) (net.Conn, net.Conn) { return net.Pipe() },
		"wrapped": func(t *testing.T) (net.Conn, net.Conn) {
			a, b := pair(t)
			return struct{ net.Conn }{a}, b
		},
		"tls": func(t *testing.T) (net.Conn, net.Conn) {
			a, b := pair(t)
			return tls.Server(a, serverTLS()), tls.Client(b, clientTLS())
		},
		"unix": func(t *testing.T) (net.Conn, net.Conn) {
			fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
			if err != nil {
				t.Fatal(err)
			}
			var ncs [2]net.Conn
			for i, fd := range fds {
				f := os.NewFile(uintptr(fd), "pair")
				if ncs[i], err = net.FileConn(f); err != nil {
					t.Fatal(err)
				}
				_ = f.Close()
			}
			return ncs[0], ncs[1]
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := start(t, engine.Config{Loops: 2})
			ours, theirs := bring(t)
			defer theirs.Close()
			if err := theirs.SetDeadline(time.Now().Add(patience)); err != nil {
				t.Fatal(err)
			}
			closed := make(chan error, 1)
			read := readSoon(theirs, len("early"))
			h, err := e.Adopt(ours, []byte("early"), &noting{echo{}, closed})
			if err != nil {
				t.Fatal(err)
			}
			if got := wait(t, read, "answer to the early bytes"); got != "early" {
				t.Errorf("received %q first, want early", got)
			}
			roundTrip(t, theirs, "hello")
			if err := h.Write([]byte("from elsewhere")); err != nil {
				t.Fatal(err)
			}
			got := [14]byte{}
			if _, err := io.ReadFull(theirs, got[:]); err != nil || string(got[:]) != "from elsewhere" {
				t.Errorf("received %q, %v", got, err)
			}
			// A Close of the original is harmless, as http.Server does it.
			if name != "pipe" && name != "wrapped" && name != "tls" {
				if err := ours.Close(); err == nil {
					t.Error("the original was still open")
				}
				roundTrip(t, theirs, "still here")
			}
			_ = theirs.Close()
			if err := wait(t, closed, "OnClose"); err == nil {
				t.Error("OnClose was told nil after the peer closed")
			}
			if st := e.Stats(); st.Adopted != 1 {
				t.Errorf("Adopted = %d", st.Adopted)
			}
		})
	}
}

// readSoon reads n bytes in a goroutine: a pipe passes nothing to nobody.
func readSoon(nc net.Conn, n int) chan string {
	ch := make(chan string, 1)
	go func() {
		b := make([]byte, n)
		k, _ := io.ReadFull(nc, b)
		ch <- string(b[:k])
	}()
	return ch
}

// TestAdoptBlocking adopts a socket that File().Fd() has switched to blocking,
// as happens in the code of others. A peer that reads nothing must not stop the
// loop.
func TestAdoptBlocking(t *testing.T) {
	t.Parallel()
	e := start(t, engine.Config{Loops: 1})
	ours, theirs := pair(t)
	f, err := ours.(*net.TCPConn).File()
	if err != nil {
		t.Fatal(err)
	}
	_ = f.Fd() // the file, and the socket with it, is blocking now
	_ = f.Close()
	h, err := e.Adopt(ours, nil, &funcs{
		open: func(*engine.Conn) error {
			// A write that blocks may be cut short by a signal of the Go
			// runtime, so look at the flag too.
			for _, fd := range connectedTo(theirs.LocalAddr()) {
				if flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0); err == nil && flags&unix.O_NONBLOCK == 0 {
					t.Error("the adopted socket blocks")
				}
			}
			return nil
		},
		data: func(c *engine.Conn, p []byte) (int, error) {
			return len(p), c.WriteShared(make([]byte, 64<<20))
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := theirs.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	// The loop answers others.
	ln := listen(t, e, "tcp", "127.0.0.1:0", echo{}, engine.ListenOptions{})
	roundTrip(t, dial(t, ln.Addr()), "others")
	waiting := make(chan int, 1)
	if err := h.Post(func(c *engine.Conn) { waiting <- c.Buffered() }); err != nil {
		t.Fatal(err)
	}
	if n := wait(t, waiting, "posted function"); n == 0 {
		t.Error("64 MB fitted the kernel: the test proves nothing")
	}
	if err := h.Post(func(c *engine.Conn) { c.Abort(nil) }); err != nil {
		t.Fatal(err)
	}
}

// TestAdoptRefused wants the connection closed, whoever refuses.
func TestAdoptRefused(t *testing.T) {
	t.Parallel()
	refuse := &funcs{open: func(c *engine.Conn) error {
		_, _ = c.Write([]byte("no"))
		return errOwn
	}}
	wrap := map[string]func(net.Conn) net.Conn{
		"tcp":  func(nc net.Conn) net.Conn { return nc },
		"pump": func(nc net.Conn) net.Conn { return struct{ net.Conn }{nc} },
	}
	for name, wrapped := range wrap {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := start(t, engine.Config{Loops: 1, MaxConns: 1})
			ours, theirs := pair(t)
			if _, err := e.Adopt(wrapped(ours), []byte("early"), refuse); !errors.Is(err, errOwn) {
				t.Errorf("Adopt: %v, want what OnOpen answered", err)
			}
			if got, err := io.ReadAll(theirs); string(got) != "no" || err != nil {
				t.Errorf("received %q, %v, want no and EOF", got, err)
			}
			// It is not counted any more.
			ours, theirs = pair(t)
			if _, err := e.Adopt(wrapped(ours), nil, echo{}); err != nil {
				t.Fatal(err)
			}
			roundTrip(t, theirs, "yes")
			ours, theirs = pair(t)
			if _, err := e.Adopt(wrapped(ours), nil, echo{}); !errors.Is(err, engine.ErrTooManyConns) {
				t.Errorf("Adopt: %v, want ErrTooManyConns", err)
			}
			if n, err := theirs.Read(make([]byte, 1)); n != 0 || err == nil {
				t.Error("the refused connection is open")
			}
			_ = e.Close()
			ours, theirs = pair(t)
			if _, err := e.Adopt(wrapped(ours), nil, echo{}); !errors.Is(err, engine.ErrServerClosed) {
				t.Errorf("Adopt: %v, want ErrServerClosed", err)
			}
			if n, err := theirs.Read(make([]byte, 1)); n != 0 || err == nil {
				t.Error("a connection adopted after Close is open")
			}
		})
	}
}

// TestAdoptWith has limits of its own.
func TestAdoptWith(t *testing.T) {
	t.Parallel()
	e := start(t, engine.Config{Loops: 1})
	for name, o := range map[string]engine.Options{"ours": {MaxInbound: 8}, "bad": {LowWater: -1}} {
		ours, theirs := pair(t)
		defer theirs.Close()
		closed := make(chan error, 1)
		_, err := e.AdoptWith(ours, []byte("more than eight bytes"), &funcs{
			data:  func(*engine.Conn, []byte) (int, error) { return 0, nil },
			close: func(_ *engine.Conn, err error) { closed <- err },
		}, o)
		if name == "bad" {
			if err == nil {
				t.Error("adopted with a LowWater of -1")
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := wait(t, closed, "OnClose"); !errors.Is(err, engine.ErrInboundLimit) {
			t.Errorf("got %v, want ErrInboundLimit", err)
		}
	}
}

// TestAdoptFor tells OnOpen what the connection is for.
func TestAdoptFor(t *testing.T) {
	t.Parallel()
	e := start(t, engine.Config{Loops: 1})
	for name, wrap := range map[string]func(net.Conn) net.Conn{
		"tcp":     func(nc net.Conn) net.Conn { return nc },
		"wrapped": func(nc net.Conn) net.Conn { return struct{ net.Conn }{nc} },
	} {
		ours, theirs := pair(t)
		defer theirs.Close()
		var told any
		h := &funcs{open: func(c *engine.Conn) error {
			told = c.User()
			return nil
		}}
		if _, err := e.AdoptFor(wrap(ours), nil, h, engine.Options{}, name); err != nil || told != name {
			t.Errorf("%s: OnOpen was told %v, %v", name, told, err)
		}
	}
}

// TestPumpBackPressure lets the peer of a connection that gnet cannot hold read
// nothing: it is a slow consumer like any other.
func TestPumpBackPressure(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"tls", "unixpacket"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			closed := make(chan error, 1)
			most := make(chan int, 1)
			e := start(t, engine.Config{Loops: 1})
			h := &funcs{data: func(c *engine.Conn, p []byte) (int, error) {
				large := 0
				defer func() { most <- large }()
				for range 10_000 {
					if _, err := c.Write(make([]byte, 10_000)); err != nil {
						return 0, err
					}
					large = max(large, c.Buffered())
				}
				return len(p), nil
			}}
			nc := ways()[name](t, e, &noting{h, closed}, engine.Options{HighWater: 500_000})
			if _, err := nc.Write([]byte("x")); err != nil {
				t.Fatal(err)
			}
			if n := wait(t, most, "OnData"); n > 510_000 {
				t.Errorf("%d bytes were buffered over a HighWater of 500000", n)
			}
			if err := wait(t, closed, "OnClose"); !errors.Is(err, engine.ErrSlowConsumer) {
				t.Errorf("OnClose was told %v", err)
			}
		})
	}
}

// TestPumpCloseFlushes wants the last words of a connection that does not linger.
func TestPumpCloseFlushes(t *testing.T) {
	t.Parallel()
	last := bytes.Repeat([]byte("w"), 60_000)
	for _, name := range []string{"tls", "unixpacket", "tcp", "unix"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := start(t, engine.Config{Loops: 1})
			h := &funcs{data: func(c *engine.Conn, p []byte) (int, error) {
				_, err := c.Write(last)
				c.Close()
				return len(p), err
			}}
			nc := ways()[name](t, e, h, abrupt)
			if _, err := nc.Write([]byte("x")); err != nil {
				t.Fatal(err)
			}
			got, err := readAll(nc)
			if err != nil || !bytes.Equal(got, last) {
				t.Errorf("received %d bytes of %d, %v", len(got), len(last), err)
			}
		})
	}
}

// TestPacketTooLong ends the connection: the rest of the packet is lost.
func TestPacketTooLong(t *testing.T) {
	t.Parallel()
	closed := make(chan error, 1)
	e := start(t, engine.Config{Loops: 1})
	nc := ways()["unixpacket"](t, e, &noting{echo{}, closed}, engine.Options{})
	roundTrip(t, nc, string(make([]byte, 64<<10)))
	if _, err := nc.Write(make([]byte, 64<<10+1)); err != nil {
		t.Fatal(err)
	}
	if err := wait(t, closed, "OnClose"); !errors.Is(err, engine.ErrPacketTooLong) {
		t.Errorf("OnClose was told %v, want ErrPacketTooLong", err)
	}
}

// TestTLSGarbage counts a peer that does not speak TLS as a broken connection.
func TestTLSGarbage(t *testing.T) {
	t.Parallel()
	e := start(t, engine.Config{Loops: 1})
	ours, theirs := pair(t)
	closed := make(chan error, 1)
	if _, err := e.Adopt(tls.Server(ours, serverTLS()), nil, &noting{echo{}, closed}); err != nil {
		t.Fatal(err)
	}
	if _, err := theirs.Write([]byte("GET / HTTP/1.1\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	var broken tls.RecordHeaderError
	if err := wait(t, closed, "OnClose"); !errors.As(err, &broken) {
		t.Errorf("OnClose was told %v", err)
	}
	if st := e.Stats(); st.ClosedBy[engine.CauseReset] != 1 || st.ClosedBy[engine.CauseLocal] != 0 {
		t.Errorf("closed by %v", st.ClosedBy)
	}
}

// TestTLSConversation sends messages of many sizes, several at a time.
func TestTLSConversation(t *testing.T) {
	t.Parallel()
	e := start(t, engine.Config{Loops: 2})
	nc := ways()["tls"](t, e, echo{}, engine.Options{})
	for _, n := range []int{1, 100, 16 << 10, 17 << 10, 200_000, 3} {
		msg := bytes.Repeat([]byte{byte(n)}, n)
		go func() { _, _ = nc.Write(msg) }()
		got := make([]byte, n)
		if _, err := io.ReadFull(nc, got); err != nil || !bytes.Equal(got, msg) {
			t.Fatalf("echo of %d bytes: %v", n, err)
		}
	}
}
