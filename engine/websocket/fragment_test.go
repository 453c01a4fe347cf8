package websocket_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// streamer keeps what it is given in pieces; it is never given a message.
type streamer struct {
	app
	t       testing.TB
	pieces  int
	text    []byte
	kind    websocket.MessageType
	done    []string // messages that have ended
	largest int
}

func (s *streamer) OnMessage(*websocket.Conn, websocket.MessageType, []byte) {
	s.t.Error("OnMessage was called beside OnFragment")
}

func (s *streamer) OnFragment(_ *websocket.Conn, kind websocket.MessageType, p []byte, last bool) {
	if len(s.text) > 0 && kind != s.kind {
		s.t.Errorf("type %v in a message of type %v", kind, s.kind)
	}
	s.kind = kind
	s.text = append(s.text, p...)
	s.largest = max(s.largest, len(p))
	s.pieces++
	if last {
		s.done = append(s.done, brief(opName[kind]+string(s.text)))
		s.text = nil
	}
}

// TestFragmentHandler cuts a conversation everywhere.
func TestFragmentHandler(t *testing.T) {
	t.Parallel()
	conversation := masked(fin|text, "hé") + masked(text, "a\xc3") + masked(fin|ping, "p") + masked(cont, "") + masked(fin|cont, "\xa9") +
		masked(fin|bin, "") + masked(bin, "") + masked(fin|cont, "\xff")
	for cut := range len(conversation) {
		s := &streamer{t: t}
		p := join(t, memory(t), websocket.NewServer(s, websocket.Options{}), engine.Options{})
		p.Send([]byte(conversation[:cut]))
		p.Send([]byte(conversation[cut:]))
		diff(t, fmt.Sprint("messages, cut at ", cut), want(text, "hé", text, "aé", bin, "", bin, "\xff"), s.done)
		diff(t, "sent", want(pong, "p"), show(p.Received()))
	}
}

// TestFragmentHandlerLarge streams more than any message may have, and nothing of
// it is kept.
func TestFragmentHandlerLarge(t *testing.T) {
	t.Parallel()
	s := &streamer{t: t}
	p := join(t, memory(t), websocket.NewServer(s, websocket.Options{MaxMessage: -1}), engine.Options{})
	frame := masked(fin|bin, strings.Repeat("0123456789abcdef", 5<<16))
	for rest := frame; len(rest) > 0; {
		n := min(1+rand.IntN(60_000), len(rest))
		p.Send([]byte(rest[:n]))
		rest = rest[n:]
		s.text = s.text[:0]
	}
	if len(s.done) != 1 || s.largest > 60_000 {
		t.Errorf("%d messages ended, the largest piece had %d bytes", len(s.done), s.largest)
	}
}

// TestFragmentHandlerFails checks what a violation inside a message leaves.
func TestFragmentHandlerFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		send  string
		code  int
		heard string
	}{
		"bad text":     {masked(text, "good") + masked(cont, "\xff"), websocket.CodeInvalidPayload, "good"},
		"ends in half": {masked(text, "good\xc3") + masked(fin|cont, ""), websocket.CodeInvalidPayload, "good\xc3"},
		"too big":      {masked(bin, "0123456789") + masked(cont, "x"), websocket.CodeMessageTooBig, "0123456789"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &streamer{t: t}
			p := join(t, memory(t), websocket.NewServer(s, websocket.Options{MaxMessage: 10}), engine.Options{})
			p.Send([]byte(c.send))
			if string(s.text) != c.heard || len(s.done) != 0 {
				t.Errorf("heard %q and messages %v", s.text, s.done)
			}
			p.CloseWrite()
			var ce *websocket.CloseError
			if len(s.closed) != 1 || !errors.As(s.closed[0], &ce) || ce.Code != c.code {
				t.Errorf("OnClose was told %v, want code %d", s.closed, c.code)
			}
		})
	}
}

// TestWriteFragment shows the frames, and who may come between them.
func TestWriteFragment(t *testing.T) {
	t.Parallel()
	f := fix(t, engine.Options{}, websocket.Options{})
	m := websocket.Prepare(websocket.Text, []byte("m"))
	f.post(func(c *websocket.Conn) {
		for i, step := range []struct{ got, want error }{
			{c.WriteFragment(websocket.Text, []byte("whole"), true), nil},
			{c.WriteFragment(websocket.Binary, []byte("a"), false), nil},
			{c.WriteMessage(websocket.Text, []byte("x")), websocket.ErrFragmented},
			{c.WritePrepared(m), websocket.ErrFragmented},
			{c.Ping([]byte("?")), nil},
			{c.WriteFragment(websocket.Text, nil, false), nil},
			{c.WriteFragment(websocket.Text, []byte("b"), true), nil},
			{c.WritePrepared(m), nil},
		} {
			if !errors.Is(step.got, step.want) {
				t.Errorf("step %d: %v, want %v", i, step.got, step.want)
			}
		}
	})
	if err := f.srv.Broadcast(m); err != nil { // reaches nobody: enginetest has no engine
		t.Fatal(err)
	}
	want := plain(fin|text, "whole") + plain(bin, "a") + plain(fin|ping, "?") + plain(cont, "") + plain(fin|cont, "b") + plain(fin|text, "m")
	if got := string(f.p.Received()); got != want {
		t.Errorf("sent %q, want %q", got, want)
	}
	if n := f.srv.Stats().MessagesOut; n != 3 {
		t.Errorf("%d messages were counted", n)
	}
	for i, fragment := range []string{"from ", "another ", "goroutine"} {
		if err := f.handle.WriteFragment(websocket.Binary, []byte(fragment), i == 2); err != nil {
			t.Error(err)
		}
		_ = f.handle.WriteMessage(websocket.Text, []byte("beside it"))
	}
	f.l.Drain()
	want = plain(bin, "from ") + plain(cont, "another ") + plain(fin|cont, "goroutine") + plain(fin|text, "beside it")
	if got := string(f.p.Received()); got != want {
		t.Errorf("sent %q, want %q", got, want)
	}
	if n := f.srv.Stats().Dropped; n != 2 {
		t.Errorf("%d messages were counted as dropped, want 2", n)
	}
	f.post(func(c *websocket.Conn) {
		_ = c.WriteFragment(websocket.Text, []byte("never ended"), false)
		c.Close(websocket.CodeNormal, "")
		if err := c.WriteFragment(websocket.Text, nil, true); !errors.Is(err, engine.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	})
}

// pourer sends a message larger than the output may ever be.
type pourer struct {
	app
	left   int
	most   int
	called int
}

func (s *pourer) OnWritable(c *websocket.Conn) {
	s.called++
	chunk := make([]byte, 1000)
	for s.left > 0 && c.Buffered() < 5000 {
		s.left--
		if err := c.WriteFragment(websocket.Binary, chunk, s.left == 0); err != nil {
			panic(err)
		}
		s.most = max(s.most, c.Buffered())
	}
}

// TestWriteFragmentPressure: OnWritable carries a message of a megabyte through
// an output of ten kilobytes.
func TestWriteFragmentPressure(t *testing.T) {
	t.Parallel()
	s := &pourer{left: 1000}
	s.message = func(c *websocket.Conn, _ websocket.MessageType, _ []byte) { s.OnWritable(c) }
	l := memory(t)
	p := join(t, l, websocket.NewServer(s, websocket.Options{}), engine.Options{HighWater: 10_000, LowWater: 2000})
	p.Window(0)
	p.Send([]byte(masked(fin|text, "go")))
	var got []byte
	for turns := 0; s.left > 0 || len(got) < 1000*1004; turns++ {
		if turns > 1000 {
			t.Fatalf("%d fragments are left, %d bytes came", s.left, len(got))
		}
		p.Window(3000)
		l.Drain()
		got = append(got, p.Received()...)
	}
	// What a callback has corked may be over what the handler looked at.
	if s.most > 5000+16<<10+1004 || s.called < 50 {
		t.Errorf("%d bytes waited at most, OnWritable was called %d times", s.most, s.called)
	}
	if want := plain(bin, string(make([]byte, 1000))); !strings.HasPrefix(string(got), want) {
		t.Error("the first fragment is not as it was sent")
	}
}
