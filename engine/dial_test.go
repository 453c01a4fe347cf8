package engine_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"syscall"
	"testing"

	"github.com/sockeye-io/sockeye/engine"
)

// TestDial connects an engine to itself over every network.
func TestDial(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ network, addr string }{
		{"tcp", "127.0.0.1:0"},
		{"tcp4", "127.0.0.1:0"},
		{"tcp6", "[::1]:0"},
		{"unix", t.TempDir() + "/s"},
		{"unix", "@sockeye-test-dial"},
		{"unixpacket", t.TempDir() + "/p"},
	} {
		t.Run(tt.network+" "+tt.addr, func(t *testing.T) {
			t.Parallel()
			e := start(t, engine.Config{Loops: 2})
			ln := listen(t, e, tt.network, tt.addr, echo{}, engine.ListenOptions{})
			heard, closed := make(chan string, 1), make(chan error, 1)
			h, err := e.Dial(t.Context(), tt.network, ln.Addr().String(), &noting{&funcs{
				open: func(c *engine.Conn) error { _, err := c.Write([]byte("hello")); return err },
				data: func(c *engine.Conn, p []byte) (int, error) {
					if len(p) < 5 {
						return 0, nil
					}
					heard <- string(p)
					return len(p), nil
				},
			}, closed}, engine.DialOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if got := wait(t, heard, "echo"); got != "hello" {
				t.Errorf("heard %q", got)
			}
			if err := h.Close(); err != nil {
				t.Fatal(err)
			}
			if err := wait(t, closed, "OnClose"); err != nil {
				t.Errorf("OnClose was told %v", err)
			}
			if st := e.Stats(); st.Dialed != 1 || st.Accepted != 1 {
				t.Errorf("Dialed %d, Accepted %d", st.Dialed, st.Accepted)
			}
		})
	}
}

// TestDialWithoutServe needs no listener and no Serve.
func TestDialWithoutServe(t *testing.T) {
	t.Parallel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	e, err := engine.New(engine.Config{Loops: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if _, err := e.Dial(t.Context(), "tcp", ln.Addr().String(), echo{}, engine.DialOptions{}); err != nil {
		t.Fatal(err)
	}
	roundTrip(t, accept(t, ln), "hello")
}

func TestDialErrors(t *testing.T) {
	t.Parallel()
	e := start(t, engine.Config{Loops: 1, MaxConns: 1})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = gone.Close()
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	refuse := &funcs{
		open:  func(*engine.Conn) error { return errOwn },
		close: func(*engine.Conn, error) { t.Error("OnClose after a refusal") },
	}
	dial := func(ctx context.Context, network, addr string, h engine.Handler) error {
		_, err := e.Dial(ctx, network, addr, h, engine.DialOptions{})
		return err
	}
	ctx := t.Context()
	for _, tt := range []struct {
		name string
		got  error
		want error
	}{
		{"nobody listens", dial(ctx, "tcp", gone.Addr().String(), echo{}), syscall.ECONNREFUSED},
		{"cancelled", dial(cancelled, "tcp", ln.Addr().String(), echo{}), context.Canceled},
		{"unknown network", dial(ctx, "udp", "127.0.0.1:1", echo{}), net.UnknownNetworkError("udp")},
		{"refused by OnOpen", dial(ctx, "tcp", ln.Addr().String(), refuse), errOwn},
		{"one", dial(ctx, "tcp", ln.Addr().String(), echo{}), nil},
		{"one too many", dial(ctx, "tcp", ln.Addr().String(), echo{}), engine.ErrTooManyConns},
	} {
		if !errors.Is(tt.got, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, tt.got, tt.want)
		}
	}
	if _, err := e.Dial(ctx, "tcp", ln.Addr().String(), echo{}, engine.DialOptions{Options: engine.Options{LowWater: -1}}); err == nil {
		t.Error("bad options were accepted")
	}
}

// udpEcho answers datagrams.
type udpEcho struct{ echo }

func (udpEcho) OnPacket(pc *engine.PacketConn, p []byte, from netip.AddrPort) {
	_ = pc.WriteTo(p, from)
}

func TestUDP(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ network, addr string }{{"udp", "127.0.0.1:0"}, {"udp4", "127.0.0.1:0"}, {"udp6", "[::1]:0"}} {
		e := start(t, engine.Config{Loops: 1})
		ln := listen(t, e, tt.network, tt.addr, udpEcho{}, engine.ListenOptions{})
		a, b := dial(t, ln.Addr()), dial(t, ln.Addr())
		for _, n := range []int{1, 1400, 60_000} {
			roundTrip(t, a, string(make([]byte, n)))
			roundTrip(t, b, string(make([]byte, n)))
		}
		if _, err := a.Write(nil); err != nil { // an empty datagram is one
			t.Fatal(err)
		}
		if n, err := a.Read(make([]byte, 10)); n != 0 || err != nil {
			t.Errorf("%s: the empty datagram came back as %d bytes, %v", tt.network, n, err)
		}
		st := e.Stats()
		if st.Packets != 7 || st.Open != 0 {
			t.Errorf("%s: Packets %d, Open %d", tt.network, st.Packets, st.Open)
		}
		// Visiting every connection is not for datagrams, and harmless.
		_ = e.Each(udpEcho{}, engine.VisitorFunc(func(*engine.Conn) { t.Error("visited") }))
		if err := ln.Close(); err != nil {
			t.Error(err)
		}
		if _, err := a.Write([]byte("x")); err == nil {
			if _, err := io.ReadAtLeast(a, make([]byte, 1), 1); err == nil {
				t.Error("a closed listener answers")
			}
		}
	}
}

// TestUDPDropped counts what could not be sent.
func TestUDPDropped(t *testing.T) {
	t.Parallel()
	e := start(t, engine.Config{Loops: 1})
	failed := make(chan error, 1)
	ln := listen(t, e, "udp4", "127.0.0.1:0", &tooLarge{failed: failed}, engine.ListenOptions{})
	if _, err := dial(t, ln.Addr()).Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if err := wait(t, failed, "datagram"); !errors.Is(err, syscall.EMSGSIZE) {
		t.Errorf("WriteTo: %v, want EMSGSIZE", err)
	}
	if n := e.Stats().PacketsDropped; n != 1 {
		t.Errorf("PacketsDropped = %d", n)
	}
}

type tooLarge struct {
	echo
	failed chan error
}

func (h *tooLarge) OnPacket(pc *engine.PacketConn, _ []byte, from netip.AddrPort) {
	h.failed <- pc.WriteTo(make([]byte, 70_000), from)
}
