package stream_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/codec"
	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/enginetest"
	"github.com/sockeye-io/sockeye/engine/stream"
)

// app is a Handler made of functions; without message it echoes. It keeps what
// it hears and how connections end.
type app struct {
	open    func(c *stream.Conn) error
	message func(c *stream.Conn, p []byte)
	heard   []string
	closed  []error
}

func (a *app) OnOpen(c *stream.Conn) error {
	if a.open == nil {
		return nil
	}
	return a.open(c)
}

func (a *app) OnMessage(c *stream.Conn, p []byte) {
	a.heard = append(a.heard, string(p))
	if a.message == nil {
		_ = c.WriteMessage(p)
		return
	}
	a.message(c, p)
}

func (a *app) OnClose(_ *stream.Conn, err error) { a.closed = append(a.closed, err) }

// endedWith wants OnClose to have been called once, with err.
func (a *app) endedWith(t testing.TB, err error) {
	t.Helper()
	if len(a.closed) != 1 || !errors.Is(a.closed[0], err) {
		t.Errorf("OnClose was told %v, want %v", a.closed, err)
	}
}

func memory(t testing.TB) *enginetest.Loop {
	t.Helper()
	return enginetest.NewLoop(t, engine.Config{Logger: slog.New(slog.DiscardHandler)})
}

func server(t testing.TB, h stream.Handler, f codec.Framing) *stream.Server {
	t.Helper()
	srv, err := stream.NewServer(h, f)
	if err != nil {
		t.Fatal(err)
	}
	return srv
}

var framings = []struct {
	name     string
	f        codec.Framing
	messages []string
	wire     string
}{
	{"lines", codec.Line{CRLF: true}, []string{"", "a", "bc"}, "\r\na\r\nbc\r\n"},
	{"delimiter", codec.Delimiter{Sequence: "||"}, []string{"a", "", "b|c"}, "a||||b|c||"},
	{"fixed", codec.Fixed{Size: 3}, []string{"abc", "def"}, "abcdef"},
	{"length", codec.LengthPrefix{Width: 2}, []string{"", "abc", strings.Repeat("x", 300)}, "\x00\x00\x00\x03abc\x01\x2c" + strings.Repeat("x", 300)},
	{"varint", codec.LengthPrefix{Width: codec.Varint}, []string{"abc", strings.Repeat("x", 300)}, "\x03abc\xac\x02" + strings.Repeat("x", 300)},
	{"long lines", codec.Line{}, []string{strings.Repeat("x", 40_000), "y"}, strings.Repeat("x", 40_000) + "\ny\n"},
}

// TestFramings cuts what each framing sends in many ways.
func TestFramings(t *testing.T) {
	t.Parallel()
	for _, tt := range framings {
		for _, size := range []int{1, 2, 3, 7, 1000, 1 << 20} {
			h := &app{}
			srv := server(t, h, tt.f)
			p := memory(t).Connect(srv, engine.Options{})
			for b := range slices.Chunk([]byte(tt.wire), size) {
				p.Send(b)
			}
			what := fmt.Sprintf("%s, %d at a time", tt.name, size)
			if d := cmp.Diff(tt.messages, h.heard); d != "" {
				t.Errorf("%s: heard (-want +got):\n%s", what, d)
			}
			if got := string(p.Received()); got != tt.wire {
				t.Errorf("%s: answered with %q", what, got)
			}
			if size > 1000 && len(tt.wire) < 16<<10 && p.Writes() != 1 {
				t.Errorf("%s: %d writes, want 1", what, p.Writes())
			}
			p.CloseWrite()
			h.endedWith(t, io.EOF)
			if s := srv.Stats(); s != (stream.Stats{MessagesIn: uint64(len(tt.messages))}) {
				t.Errorf("%s: stats %+v", what, s)
			}
		}
	}
}

// TestMalformed: what was answered before still arrives, then FIN.
func TestMalformed(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		f         codec.Framing
		good, bad string
		err       error
	}{
		"long line":   {codec.Line{Max: 3}, "abc\n", "abcd", codec.ErrTooLong},
		"bare LF":     {codec.Line{CRLF: true}, "abc\r\n", "a\n", codec.ErrMalformed},
		"long length": {codec.LengthPrefix{Max: 3}, "\x00\x00\x00\x01a", "\xff\xff\xff\xff", codec.ErrTooLong},
	} {
		l := memory(t)
		h := &app{}
		srv := server(t, h, tt.f)
		bystander, p := l.Connect(srv, engine.Options{}), l.Connect(srv, engine.Options{})
		p.Send([]byte(tt.good + tt.bad + tt.good))
		if got := string(p.Received()); got != tt.good || !p.SawFIN() {
			t.Errorf("%s: answered with %q, FIN %v", name, got, p.SawFIN())
		}
		p.Send([]byte(tt.good))
		p.CloseWrite()
		h.endedWith(t, tt.err)
		bystander.Send([]byte(tt.good))
		if got := string(bystander.Received()); got != tt.good {
			t.Errorf("%s: another connection was answered with %q", name, got)
		}
		if s := srv.Stats(); s.Malformed != 1 || s.MessagesIn != 2 {
			t.Errorf("%s: stats %+v", name, s)
		}
	}
}

// TestHandle sends from outside, in order, what can be framed and what cannot.
func TestHandle(t *testing.T) {
	t.Parallel()
	l := memory(t)
	var handle stream.Handle
	h := &app{open: func(c *stream.Conn) error {
		handle = c.Handle()
		c.SetUser("mine")
		return c.WriteMessage([]byte("welcome"))
	}}
	srv := server(t, h, codec.Line{})
	p := l.Connect(srv, engine.Options{})
	user := any(nil)
	for i, err := range []error{
		handle.WriteMessage([]byte("one")),
		handle.WriteMessage([]byte("not\na line")),
		handle.Post(func(c *stream.Conn) {
			user = c.User()
			if err := c.WriteMessage([]byte("not\na line")); !errors.Is(err, codec.ErrInvalidMessage) {
				t.Errorf("a line with LF: %v", err)
			}
			if err := c.WriteMessage(bytes.Repeat([]byte("x"), 2000)); err != nil {
				t.Error(err)
			}
		}),
		handle.Close(),
		handle.WriteMessage([]byte("late")),
	} {
		if err != nil {
			t.Errorf("call %d: %v", i, err)
		}
	}
	l.Drain()
	if got, want := string(p.Received()), "welcome\none\n"+strings.Repeat("x", 2000)+"\n"; got != want || !p.SawFIN() {
		t.Errorf("sent %q, FIN %v", got, p.SawFIN())
	}
	p.CloseWrite()
	h.endedWith(t, nil)
	if err := handle.WriteMessage(nil); !errors.Is(err, engine.ErrClosed) {
		t.Errorf("a stale handle: %v", err)
	}
	if s := srv.Stats(); s.Unframed != 1 || user != "mine" {
		t.Errorf("stats %+v, user %v", s, user)
	}
}

// TestEnds: a connection that its handler ends hears nothing more.
func TestEnds(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	for name, tt := range map[string]struct {
		message func(c *stream.Conn, p []byte)
		err     error
	}{
		"close": {func(c *stream.Conn, p []byte) { c.Close() }, nil},
		"abort": {func(c *stream.Conn, p []byte) { c.Abort(mine) }, mine},
	} {
		h := &app{message: tt.message}
		p := memory(t).Connect(server(t, h, codec.Line{}), engine.Options{})
		p.Send([]byte("one\ntwo\n"))
		if !p.Closed() {
			p.CloseWrite()
		}
		h.endedWith(t, tt.err)
		if d := cmp.Diff([]string{"one"}, h.heard); d != "" {
			t.Errorf("%s: heard (-want +got):\n%s", name, d)
		}
	}
	l := memory(t)
	h := &app{message: func(*stream.Conn, []byte) { panic("bug") }}
	p := l.Connect(server(t, h, codec.Line{}), engine.Options{})
	p.Send([]byte("one\ntwo\n"))
	var pe *engine.PanicError
	if len(h.closed) != 1 || !errors.As(h.closed[0], &pe) || !p.Closed() {
		t.Errorf("after a panic: OnClose %v, closed %v", h.closed, p.Closed())
	}
	h = &app{open: func(*stream.Conn) error { return mine }}
	if _, err := l.Try(server(t, h, codec.Line{}), engine.Options{}, nil); !errors.Is(err, mine) || len(h.closed) > 0 {
		t.Errorf("OnOpen refused with %v, OnClose %v", err, h.closed)
	}
}

func TestAlloc(t *testing.T) {
	if raceEnabled {
		t.Skip("pools drop what they are given under the race detector")
	}
	l := memory(t)
	for _, tt := range framings {
		var handle stream.Handle
		h := &struct{ echo }{echo{open: func(c *stream.Conn) { handle = c.Handle() }}}
		p := l.Connect(server(t, h, tt.f), engine.Options{})
		p.Discard()
		in, msg := []byte(tt.wire), []byte(tt.messages[0])
		for what, f := range map[string]func(){
			"whole":      func() { p.Send(in) },
			"in parts":   func() { p.Send(in[:3]); p.Send(in[3:]) },
			"by handle":  func() { _ = handle.WriteMessage(msg); l.Drain() },
			"byte by it": func() { p.Send(in[:1]); p.Send(in[1:2]); p.Send(in[2:]) },
		} {
			if n := testing.AllocsPerRun(500, f); n != 0 {
				t.Errorf("%s, %s: %v allocations, want none", tt.name, what, n)
			}
		}
	}
}

// echo answers without keeping anything.
type echo struct{ open func(c *stream.Conn) }

func (e echo) OnOpen(c *stream.Conn) error      { e.open(c); return nil }
func (echo) OnMessage(c *stream.Conn, p []byte) { _ = c.WriteMessage(p) }
func (echo) OnClose(*stream.Conn, error)        {}

// TestLongest sends a message as long as may be, and all but its last byte first:
// MaxInbound has to hold its header too.
func TestLongest(t *testing.T) {
	t.Parallel()
	h := &app{}
	p := memory(t).Connect(server(t, h, codec.LengthPrefix{}), engine.Options{MaxInbound: codec.DefaultMax + 3})
	in := "\x00\x10\x00\x00" + strings.Repeat("x", codec.DefaultMax)
	p.Send([]byte(in[:len(in)-1]))
	p.Send([]byte(in[len(in)-1:]))
	if got := p.Taken(); got != len(in) || len(h.closed) > 0 {
		t.Errorf("answered with %d bytes, OnClose %v", got, h.closed)
	}
}
