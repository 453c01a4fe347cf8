package websocket_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// TestSlowConsumer lets a peer ask and never read.
func TestSlowConsumer(t *testing.T) {
	t.Parallel()
	const high = 10_000
	for name, send := range map[string]string{
		"messages": masked(fin|text, strings.Repeat("x", 1000)),
		"pings":    masked(fin|ping, strings.Repeat("x", 125)),
		"large":    masked(fin|bin, strings.Repeat("x", 50_000)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := fix(t, engine.Options{HighWater: high}, websocket.Options{})
			bystander := join(t, f.l, f.srv, engine.Options{})
			most, heard := 0, 0
			f.h.message = func(c *websocket.Conn, kind websocket.MessageType, p []byte) {
				heard++
				err := c.WriteMessage(kind, p)
				if most = max(most, c.Buffered()); c.Conn().Closing() != errors.Is(err, engine.ErrSlowConsumer) {
					t.Errorf("WriteMessage: %v, closing %v", err, c.Conn().Closing())
				}
			}
			f.p.Window(5000)
			f.p.Send([]byte(strings.Repeat(send, 1000)))
			f.h.endedWith(t, websocket.CodeAbnormal, engine.ErrSlowConsumer)
			// What a callback has corked, and one write, may go over the mark.
			if limit := high + 16<<10 + len(send); most > limit || !f.p.Closed() || f.p.Taken() != len(welcome)+5000 {
				t.Errorf("%d bytes waited, want at most %d; closed %v; the peer took %d", most, limit, f.p.Closed(), f.p.Taken())
			}
			if heard == 1000 {
				t.Error("messages were handled when nobody could be answered")
			}
			s := f.l.Stats()
			if s.ClosedBy[engine.CauseSlowConsumer] != 1 || s.DroppedBytes == 0 {
				t.Errorf("stats %+v", s)
			}
			stillServing(t, bystander)
		})
	}
}

// TestSlowConsumerInOnOpen: a connection that its OnOpen has filled up hears of
// nothing but its end.
func TestSlowConsumerInOnOpen(t *testing.T) {
	t.Parallel()
	l := memory(t)
	h := &app{
		open: func(c *websocket.Conn, _ *websocket.Request) error {
			for c.WriteMessage(websocket.Binary, make([]byte, 20_000)) == nil {
			}
			return nil
		},
		message: func(*websocket.Conn, websocket.MessageType, []byte) { t.Error("OnMessage was called") },
	}
	p := l.Connect(websocket.NewServer(h, websocket.Options{}), engine.Options{HighWater: 1000})
	p.Window(0)
	p.Send([]byte(hello + masked(fin|text, "in vain")))
	h.endedWith(t, websocket.CodeAbnormal, engine.ErrSlowConsumer)
}

// TestSlowReader: whoever reads, however slowly, gets everything.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	f := fix(t, engine.Options{}, websocket.Options{})
	f.p.Window(0)
	in, out := "", []any{}
	for i := range 300 {
		msg := strings.Repeat(fmt.Sprint(i), 1+i*i%700)
		in += masked(fin|text, msg) + masked(fin|ping, "p")
		out = append(out, text, msg, pong, "p")
	}
	f.p.Send([]byte(in + masked(fin|cls, "")))
	for i := 0; !f.p.SawFIN() && i < 10_000; i++ {
		f.p.Window(1 + i%100)
	}
	diff(t, "received", want(append(out, cls, "")...), show(f.p.Received()))
	f.p.CloseWrite()
	f.h.endedWith(t, websocket.CodeNoStatus, nil)
}

// TestHalfClosed: a peer that asks, says that it has no more to say and reads
// slowly still gets its answer.
func TestHalfClosed(t *testing.T) {
	t.Parallel()
	f := fix(t, engine.Options{}, websocket.Options{})
	f.p.Window(10)
	f.p.Send([]byte(masked(fin|text, strings.Repeat("x", 1000))))
	f.p.CloseWrite()
	f.p.Window(-1)
	diff(t, "received", want(text, strings.Repeat("x", 1000)), show(f.p.Received()))
	f.h.endedWith(t, websocket.CodeAbnormal, io.EOF)
}

func TestBreaksWhileWriting(t *testing.T) {
	t.Parallel()
	f := fix(t, engine.Options{}, websocket.Options{})
	bystander := join(t, f.l, f.srv, engine.Options{})
	f.p.Break(nil)
	f.p.Send([]byte(masked(fin|text, "a") + masked(fin|bin, strings.Repeat("b", 20_000)) + masked(fin|text, "c")))
	f.h.endedWith(t, websocket.CodeAbnormal, syscall.EPIPE)
	stillServing(t, bystander)
}

// talker tells what OnClose was told, from the loop.
type talker struct {
	echo
	closed chan error
}

func (k talker) OnClose(_ *websocket.Conn, err error) { k.closed <- err }

// TestNeverReads is TestSlowConsumer with a socket, whose buffers are large.
func TestNeverReads(t *testing.T) {
	t.Parallel()
	e := start(t)
	k := talker{closed: make(chan error, 2)}
	url, _ := serve(t, e, k, websocket.Options{})
	bystander, w := shake(t, url), shake(t, url)
	msg := masked(fin|bin, strings.Repeat("x", 100_000))
	for len(k.closed) == 0 {
		if _, err := io.WriteString(w.Conn, msg); err != nil {
			break
		}
	}
	closedWith(t, wait(t, k.closed, "OnClose"), websocket.CodeAbnormal, engine.ErrSlowConsumer)
	bystander.send(masked(fin|text, "hi"))
	bystander.expect(plain(fin|text, "hi"))
	if s := e.Stats(); s.ClosedBy[engine.CauseSlowConsumer] != 1 || s.DroppedBytes == 0 {
		t.Errorf("stats %+v", s)
	}
}

// TestResetWhileWriting lets a peer reset when an answer waits for it.
func TestResetWhileWriting(t *testing.T) {
	t.Parallel()
	e := start(t)
	k := talker{closed: make(chan error, 2)}
	url, _ := serve(t, e, k, websocket.Options{})
	bystander, w := shake(t, url), shake(t, url)
	w.send(masked(fin|bin, strings.Repeat("x", 16<<20)))
	if _, err := w.r.ReadByte(); err != nil { // the answer has begun
		t.Fatal(err)
	}
	_ = w.Conn.(*net.TCPConn).SetLinger(0)
	_ = w.Close()
	var ce *websocket.CloseError
	err := wait(t, k.closed, "OnClose")
	if !errors.As(err, &ce) || ce.Code != websocket.CodeAbnormal ||
		!errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
		t.Errorf("OnClose was told %v, want a reset", err)
	}
	bystander.send(masked(fin|text, "hi"))
	bystander.expect(plain(fin|text, "hi"))
	if s := e.Stats(); s.ClosedBy[engine.CauseReset] != 1 || len(k.closed) != 0 {
		t.Errorf("stats %+v, OnClose again %v", s, len(k.closed) != 0)
	}
}
