package enginetest_test

import (
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/enginetest"
)

// upper answers in capitals and says goodbye when nothing came for a second.
type upper struct {
	closed []error
	kept   []byte
}

func (*upper) OnOpen(c *engine.Conn) error {
	c.SetTimer(time.Second)
	return nil
}

func (u *upper) OnData(c *engine.Conn, p []byte) (int, error) {
	u.kept = p // a mistake, see TestSpoils
	out := c.AvailableBuffer()
	for _, b := range p {
		if 'a' <= b && b <= 'z' {
			b -= 'a' - 'A'
		}
		out = append(out, b)
	}
	_, err := c.Write(out)
	c.SetTimer(time.Second)
	return len(p), err
}

func (*upper) OnTimer(c *engine.Conn) {
	_, _ = c.Write([]byte("bye"))
	c.Close()
}

func (u *upper) OnClose(_ *engine.Conn, err error) { u.closed = append(u.closed, err) }

// TestConversation is what a test of a handler looks like.
func TestConversation(t *testing.T) {
	t.Parallel()
	h := &upper{}
	l := enginetest.NewLoop(t, engine.Config{})
	p := l.Connect(h, engine.Options{})
	p.Send([]byte("hello"))
	if got := string(p.Received()); got != "HELLO" {
		t.Errorf("received %q", got)
	}
	if p.Writes() != 1 || p.Taken() != 5 {
		t.Errorf("Writes %d, Taken %d", p.Writes(), p.Taken())
	}
	l.Advance(900 * time.Millisecond)
	if p.SawFIN() {
		t.Error("closed too early")
	}
	l.Advance(300 * time.Millisecond)
	if got := string(p.Received()); got != "bye" || !p.SawFIN() || p.Closed() {
		t.Errorf("received %q, FIN %v, closed %v", got, p.SawFIN(), p.Closed())
	}
	p.CloseWrite()
	if !p.Closed() || len(h.closed) != 1 || h.closed[0] != nil {
		t.Errorf("closed %v, OnClose %v", p.Closed(), h.closed)
	}
	p.Window(5) // nothing happens any more
	p.Reset(nil)
}

// TestSpoils catches a handler that keeps what OnData gave it.
func TestSpoils(t *testing.T) {
	t.Parallel()
	h := &upper{}
	l := enginetest.NewLoop(t, engine.Config{})
	l.Connect(h, engine.Options{}).Send([]byte("hello"))
	if string(h.kept) == "hello" {
		t.Error("the bytes are still there after OnData")
	}
}

// TestHandlesFromElsewhere waits for Drain.
func TestHandlesFromElsewhere(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{})
	p := l.Connect(&upper{}, engine.Options{})
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() {
			if err := p.Handle().Write([]byte("x")); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := len(p.Received()); n > 0 {
		t.Errorf("%d bytes came before Drain", n)
	}
	l.Drain()
	if got := string(p.Received()); got != "xxxxxxxxxx" {
		t.Errorf("received %q", got)
	}
	if l.Step() {
		t.Error("there was more")
	}
}

// TestWindow is back-pressure.
func TestWindow(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{})
	p := l.Connect(&upper{}, engine.Options{})
	p.Window(3)
	p.Send([]byte("abcdef"))
	if got := string(p.Received()); got != "ABC" || p.Conn().Buffered() != 3 {
		t.Errorf("received %q, %d wait", got, p.Conn().Buffered())
	}
	p.Window(2)
	p.Window(-1)
	if got := string(p.Received()); got != "DEF" {
		t.Errorf("received %q", got)
	}
}

func TestEnds(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		end  func(l *enginetest.Loop, p *enginetest.Peer)
		want error
	}{
		"eof":      {func(_ *enginetest.Loop, p *enginetest.Peer) { p.CloseWrite() }, io.EOF},
		"reset":    {func(_ *enginetest.Loop, p *enginetest.Peer) { p.Reset(io.ErrNoProgress) }, io.ErrNoProgress},
		"broken":   {func(_ *enginetest.Loop, p *enginetest.Peer) { p.Break(io.ErrNoProgress); p.Send([]byte("x")) }, io.ErrNoProgress},
		"close":    {func(l *enginetest.Loop, _ *enginetest.Peer) { l.Close() }, engine.ErrServerClosed},
		"shutdown": {func(l *enginetest.Loop, _ *enginetest.Peer) { l.Shutdown(); l.Advance(2 * time.Second) }, nil},
	} {
		h := &upper{}
		l := enginetest.NewLoop(t, engine.Config{})
		p := l.Connect(h, engine.Options{})
		tt.end(l, p)
		if len(h.closed) != 1 || !errors.Is(h.closed[0], tt.want) || !p.Closed() || l.Stats().Open != 0 {
			t.Errorf("%s: OnClose %v, want once %v; closed %v", name, h.closed, tt.want, p.Closed())
		}
	}
}

// TestPackets keeps their boundaries.
func TestPackets(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{})
	p := l.ConnectPackets(&upper{}, engine.Options{})
	p.Window(4)
	p.Send([]byte("abc"))
	p.Send([]byte("de"))
	if got := string(p.Received()); got != "ABC" {
		t.Errorf("received %q, want one packet", got)
	}
	p.Window(4)
	if got := string(p.Received()); got != "DE" {
		t.Errorf("received %q, want the other", got)
	}
}
