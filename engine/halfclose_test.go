package engine_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/enginetest"
)

type writeCloser interface {
	io.ReadWriter
	CloseWrite() error
}

// question asks and closes the sending side; answer is what it must hear.
func question(nc net.Conn, ask string) error {
	if _, err := io.WriteString(nc, ask); err != nil {
		return err
	}
	return nc.(writeCloser).CloseWrite()
}

// TestHalfCloseLargeAnswer sends a request and FIN together, reads late, and
// wants the whole answer of 8 MB. gnet would have dropped what did not fit the
// socket's buffer.
func TestHalfCloseLargeAnswer(t *testing.T) {
	t.Parallel()
	answer := bytes.Repeat([]byte("0123456789abcdef"), 8<<20/16)
	inParts := &funcs{data: func(c *engine.Conn, p []byte) (int, error) {
		for rest := answer; len(rest) > 0; {
			n := min(len(rest), 32<<10)
			if _, err := c.Write(rest[:n]); err != nil {
				return 0, err
			}
			rest = rest[n:]
		}
		return len(p), nil
	}}
	atOnce := &funcs{data: func(c *engine.Conn, p []byte) (int, error) {
		return len(p), c.WriteShared(answer)
	}}
	for name, way := range ways() {
		for how, h := range map[string]engine.Handler{"in parts": inParts, "at once": atOnce} {
			if name == "unixpacket" && how == "at once" {
				continue // no packet is that large
			}
			t.Run(name+" "+how, func(t *testing.T) {
				t.Parallel()
				closed := make(chan error, 1)
				e := start(t, engine.Config{Loops: 1})
				nc := way(t, e, &noting{h, closed}, engine.Options{HighWater: -1})
				if err := question(nc, "everything, please"); err != nil {
					t.Fatal(err)
				}
				got, err := readAll(nc)
				if err != nil || !bytes.Equal(got, answer) {
					t.Fatalf("received %d bytes of %d: %v", len(got), len(answer), err)
				}
				if err := wait(t, closed, "OnClose"); !errors.Is(err, io.EOF) {
					t.Errorf("OnClose was told %v, want EOF", err)
				}
			})
		}
	}
}

// readAll reads packets too, which must not be cut.
func readAll(nc net.Conn) (all []byte, err error) {
	buf := make([]byte, 64<<10)
	for {
		n, err := nc.Read(buf)
		all = append(all, buf[:n]...)
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return all, err
		}
	}
}

// noting sends the cause of each close.
type noting struct {
	engine.Handler
	closed chan error
}

func (n *noting) OnClose(c *engine.Conn, err error) {
	n.Handler.OnClose(c, err)
	n.closed <- err
}

// TestHalfCloseAnswersLater holds the connection after FIN, with output still
// waiting, and answers from another goroutine.
func TestHalfCloseAnswersLater(t *testing.T) {
	t.Parallel()
	first := bytes.Repeat([]byte("f"), 3<<20)
	for name, way := range ways() {
		if name == "unixpacket" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			held := make(chan engine.Handle, 1)
			closed := make(chan error, 1)
			h := &eofFuncs{eof: func(c *engine.Conn) { held <- c.Handle() }}
			h.data = func(c *engine.Conn, p []byte) (int, error) {
				if string(p) == "much" {
					return len(p), c.WriteShared(first)
				}
				_, err := c.Write(p)
				return len(p), err
			}
			h.close = func(_ *engine.Conn, err error) { closed <- err }
			e := start(t, engine.Config{Loops: 1})
			for i := range 16 {
				want := first
				ask := "much"
				if i%2 == 0 {
					ask = "a little"
					want = []byte(ask)
				}
				nc := way(t, e, h, engine.Options{HighWater: -1})
				if err := question(nc, ask); err != nil {
					t.Fatal(err)
				}
				handle := wait(t, held, "OnEOF")
				tail := fmt.Sprintf("and answer %d", i)
				if err := handle.Write([]byte(tail)); err != nil {
					t.Fatalf("round %d: %v", i, err)
				}
				if i%4 < 2 {
					if err := handle.Close(); err != nil {
						t.Fatal(err)
					}
				}
				got := make([]byte, len(want)+len(tail))
				if _, err := io.ReadFull(nc, got); err != nil {
					t.Fatalf("round %d: received %d of %d bytes: %v", i, len(got), len(want)+len(tail), err)
				}
				if !bytes.HasPrefix(got, want) || string(got[len(want):]) != tail {
					t.Fatalf("round %d: received something else", i)
				}
				if i%4 >= 2 {
					if err := handle.Close(); err != nil {
						t.Fatalf("round %d: closing: %v", i, err)
					}
				}
				if rest, err := io.ReadAll(nc); err != nil || len(rest) > 0 {
					t.Fatalf("round %d: %d bytes more, %v", i, len(rest), err)
				}
				if err := wait(t, closed, "OnClose"); err != nil {
					t.Fatalf("round %d: OnClose was told %v, want nil", i, err)
				}
				_ = nc.Close()
			}
		})
	}
}

// TestHalfCloseReset wants to hear when the peer of a held connection is gone.
func TestHalfCloseReset(t *testing.T) {
	t.Parallel()
	for _, network := range []string{"tcp", "unix"} {
		for _, waiting := range []bool{false, true} {
			t.Run(fmt.Sprint(network, " waiting ", waiting), func(t *testing.T) {
				t.Parallel()
				held, closed := make(chan engine.Handle, 1), make(chan error, 1)
				h := &eofFuncs{eof: func(c *engine.Conn) { held <- c.Handle() }}
				h.data = func(c *engine.Conn, p []byte) (int, error) {
					if waiting {
						return len(p), c.WriteShared(make([]byte, 16<<20))
					}
					return len(p), nil
				}
				h.close = func(_ *engine.Conn, err error) { closed <- err }
				e := start(t, engine.Config{Loops: 1})
				nc := ways()[network](t, e, h, engine.Options{HighWater: -1})
				if err := question(nc, "ask"); err != nil {
					t.Fatal(err)
				}
				wait(t, held, "OnEOF")
				if tc, ok := nc.(*net.TCPConn); ok {
					_ = tc.SetLinger(0)
				}
				_ = nc.Close()
				err := wait(t, closed, "OnClose")
				if !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
					t.Errorf("OnClose was told %v, want ECONNRESET or EPIPE", err)
				}
			})
		}
	}
}

// TestHalfCloseScripted plays the orders of events that a real socket brings
// only now and then.
func TestHalfCloseScripted(t *testing.T) {
	t.Parallel()
	type script func(l *enginetest.Loop, p *enginetest.Peer)
	send := func(_ *enginetest.Loop, p *enginetest.Peer) { p.Send([]byte("x")) }
	fin := func(_ *enginetest.Loop, p *enginetest.Peer) { p.CloseWrite() }
	window := func(n int) script { return func(_ *enginetest.Loop, p *enginetest.Peer) { p.Window(n) } }
	reset := func(_ *enginetest.Loop, p *enginetest.Peer) { p.Reset(nil) }
	closeIt := func(l *enginetest.Loop, p *enginetest.Peer) { _ = p.Handle().Close(); l.Drain() }
	wait := func(d time.Duration) script { return func(l *enginetest.Loop, _ *enginetest.Peer) { l.Advance(d) } }
	const all = 1000
	for _, tt := range []struct {
		name     string
		hold     bool // has OnEOF
		steps    []script
		log      []string
		received int
	}{
		{"fin", false, []script{fin}, []string{"open", "close: EOF"}, 0},
		{"answered, fin", false, []script{send, fin}, []string{"open", "data", "close: EOF"}, all},
		{"output waits", false, []script{window(10), send, fin, window(500), window(-1)}, []string{"open", "data", "close: EOF"}, all},
		{"output waits for ever", false, []script{window(10), send, fin, wait(time.Minute)}, []string{"open", "data", "close: EOF"}, 10},
		{"closing when fin comes", false, []script{window(10), send, closeIt, fin, window(-1)}, []string{"open", "data", "close: <nil>"}, all},
		{"held", true, []script{send, fin, closeIt}, []string{"open", "data", "eof", "close: <nil>"}, all},
		{"held, output waits", true, []script{window(10), send, fin, window(-1), closeIt}, []string{"open", "data", "eof", "close: <nil>"}, all},
		{"held, a late writable", true, []script{window(10), send, fin, window(-1), window(-1), window(-1), closeIt}, []string{"open", "data", "eof", "close: <nil>"}, all},
		{"held, closing when flushed", true, []script{window(10), send, fin, closeIt, window(-1)}, []string{"open", "data", "eof", "close: <nil>"}, all},
		{"held, reset", true, []script{send, fin, reset}, []string{"open", "data", "eof", "close: connection reset by peer"}, all},
		{"held, output waits, reset", true, []script{window(10), send, fin, reset}, []string{"open", "data", "eof", "close: read: connection reset by peer"}, 10},
		{"held, idle", true, []script{send, fin, wait(time.Hour)}, []string{"open", "data", "eof", "close: engine: idle timeout"}, all},
		{"fin while lingering", true, []script{send, closeIt, fin}, []string{"open", "data", "close: <nil>"}, all},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			log := &every{do: map[string]func(*engine.Conn){"data": func(c *engine.Conn) {
				_, _ = c.Write(make([]byte, all))
			}}}
			var h engine.Handler = log
			if !tt.hold {
				h = struct{ engine.Handler }{log} // hides OnEOF
			}
			l := enginetest.NewLoop(t, engine.Config{})
			p := l.Connect(h, engine.Options{IdleTimeout: 10 * time.Minute})
			for _, step := range tt.steps {
				step(l, p)
			}
			if diff := cmp.Diff(tt.log, log.log()); diff != "" {
				t.Errorf("callbacks (-want +got):\n%s", diff)
			}
			if n := len(p.Received()); n != tt.received {
				t.Errorf("received %d bytes, want %d", n, tt.received)
			}
			if !p.Closed() {
				t.Error("still open")
			}
		})
	}
}
