package websocket_test

import (
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

func TestCloseByClient(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		payload string
		code    int
		reason  string
	}{
		{"", websocket.CodeNoStatus, ""},
		{closing(1000, ""), 1000, ""},
		{closing(1001, "going"), 1001, "going"},
		{closing(3000, "κόσμε"), 3000, "κόσμε"},
		{closing(4999, strings.Repeat("r", 123)), 4999, strings.Repeat("r", 123)},
	} {
		l := memory(t)
		h := &app{close: func(c *websocket.Conn, _ error) { writesFail(t, c) }}
		p := join(t, l, websocket.NewServer(h, websocket.Options{}), engine.Options{})
		p.Send([]byte(masked(fin|cls, tt.payload) + masked(fin|text, "too late") + masked(fin|cls, tt.payload)))
		code := tt.payload[:min(2, len(tt.payload))]
		diff(t, "answer", want(cls, code), show(p.Received()))
		if !p.SawFIN() || len(h.closed) > 0 {
			t.Errorf("FIN %v, OnClose %v before the peer has closed", p.SawFIN(), h.closed)
		}
		p.CloseWrite()
		h.endedWith(t, tt.code, nil)
		var ce *websocket.CloseError
		if errors.As(h.closed[0], &ce) && ce.Reason != tt.reason {
			t.Errorf("reason %q, want %q", ce.Reason, tt.reason)
		}
	}
}

// writesFail wants everything that writes to answer ErrClosed, or to do nothing.
func writesFail(t testing.TB, c *websocket.Conn) {
	t.Helper()
	for name, err := range map[string]error{
		"WriteMessage":  c.WriteMessage(websocket.Text, []byte("late")),
		"WritePrepared": c.WritePrepared(websocket.Prepare(websocket.Text, []byte("late"))),
		"Ping":          c.Ping(nil),
	} {
		if !errors.Is(err, engine.ErrClosed) {
			t.Errorf("%s after Close: %v, want ErrClosed", name, err)
		}
	}
	c.Close(websocket.CodeNormal, "again")
}

func TestCloseByServer(t *testing.T) {
	t.Parallel()
	l := memory(t)
	var heard []string
	h := &app{message: func(c *websocket.Conn, kind websocket.MessageType, p []byte) {
		heard = append(heard, string(p))
		if string(p) == "close" {
			_ = c.WriteMessage(kind, []byte("bye"))
			c.Close(4000, "done")
			writesFail(t, c)
		}
	}}
	p := join(t, l, websocket.NewServer(h, websocket.Options{}), engine.Options{})
	p.Send([]byte(masked(fin|text, "close")))
	diff(t, "answer", want(text, "bye", cls, closing(4000, "done")), show(p.Received()))
	if p.SawFIN() {
		t.Error("FIN before the peer's close frame")
	}
	// What the peer sent before it knew still arrives.
	p.Send([]byte(masked(fin|text, "on its way") + masked(fin|ping, "")))
	p.Send([]byte(masked(fin|cls, closing(4000, "yes")) + masked(fin|text, "too late")))
	if got := p.Received(); len(got) > 0 || !p.SawFIN() {
		t.Errorf("sent %q after the close frame, FIN %v", got, p.SawFIN())
	}
	p.CloseWrite()
	h.endedWith(t, 4000, nil)
	diff(t, "heard", []string{"close", "on its way"}, heard)
}

// TestCloseByBoth: two close frames cross each other.
func TestCloseByBoth(t *testing.T) {
	t.Parallel()
	l := memory(t)
	var handle websocket.Handle
	h := &app{open: func(c *websocket.Conn, _ *websocket.Request) error {
		handle = c.Handle()
		return nil
	}}
	p := join(t, l, websocket.NewServer(h, websocket.Options{}), engine.Options{})
	for _, err := range []error{
		handle.WriteMessage(websocket.Text, []byte("before")), handle.Close(websocket.CodeNormal, "ours"),
		handle.WriteMessage(websocket.Text, []byte("after")), handle.Close(websocket.CodeGoingAway, "twice"),
	} {
		if err != nil {
			t.Error(err)
		}
	}
	l.Drain()
	p.Send([]byte(masked(fin|cls, closing(1001, "theirs"))))
	diff(t, "sent", want(text, "before", cls, closing(1000, "ours")), show(p.Received()))
	p.CloseWrite()
	h.endedWith(t, websocket.CodeGoingAway, nil)
	for i, err := range []error{
		handle.WriteMessage(websocket.Text, nil), handle.Ping(nil), handle.Close(websocket.CodeNormal, ""),
		handle.Post(func(*websocket.Conn) { t.Error("a function reached a connection that is gone") }),
	} {
		if !errors.Is(err, engine.ErrClosed) {
			t.Errorf("call %d of a stale handle: %v, want ErrClosed", i, err)
		}
	}
	// The next connection has the slot of the old one.
	next := join(t, l, websocket.NewServer(&app{}, websocket.Options{}), engine.Options{})
	if handle.WriteMessage(websocket.Text, []byte("for the old one")) == nil {
		t.Error("a stale handle was taken")
	}
	l.Drain()
	if got := next.Received(); len(got) > 0 {
		t.Errorf("a stale handle reached a new connection: %q", got)
	}
}

func TestCloseTimeout(t *testing.T) {
	t.Parallel()
	l := memory(t)
	closer := func(c *websocket.Conn, _ websocket.MessageType, _ []byte) { c.Close(websocket.CodeNormal, "") }
	h, never := &app{message: closer}, &app{message: closer}
	srv := websocket.NewServer(h, websocket.Options{})
	p := join(t, l, srv, engine.Options{})
	q := join(t, l, websocket.NewServer(never, websocket.Options{CloseTimeout: -1}), engine.Options{})
	p.Send([]byte(masked(fin|text, "")))
	q.Send([]byte(masked(fin|text, "")))
	for range 48 { // to go on talking does not help
		l.Advance(100 * time.Millisecond)
		p.Send([]byte(masked(fin|text, "")))
	}
	if p.Closed() {
		t.Fatal("timed out early")
	}
	l.Advance(time.Second)
	h.endedWith(t, websocket.CodeAbnormal, websocket.ErrCloseTimeout)
	if !p.Closed() || srv.Stats().CloseTimeouts != 1 {
		t.Errorf("closed %v, stats %+v", p.Closed(), srv.Stats())
	}
	l.Advance(10 * time.Minute)
	if q.Closed() || len(never.closed) > 0 {
		t.Error("a negative CloseTimeout timed out")
	}
}

func TestCloseReasonIsCut(t *testing.T) {
	t.Parallel()
	h := &app{message: func(c *websocket.Conn, _ websocket.MessageType, p []byte) { c.Close(websocket.CodeNormal, string(p)) }}
	for reason, cut := range map[string]string{
		strings.Repeat("a", 123):       strings.Repeat("a", 123),
		strings.Repeat("a", 124):       strings.Repeat("a", 123),
		strings.Repeat("é", 200):       strings.Repeat("é", 61),
		"a" + strings.Repeat("𐍈", 100): "a" + strings.Repeat("𐍈", 30),
		"not \xff text":                "not ",
	} {
		p := join(t, memory(t), websocket.NewServer(h, websocket.Options{SkipUTF8: true}), engine.Options{})
		p.Send([]byte(masked(fin|text, reason)))
		diff(t, "close frame", want(cls, closing(1000, cut)), show(p.Received()))
		if !utf8.ValidString(cut) {
			t.Fatal("this test is wrong")
		}
	}
}

func TestCloseCodes(t *testing.T) {
	t.Parallel()
	l := memory(t)
	panics := func(f func()) (yes bool) {
		defer func() { yes = recover() != nil }()
		f()
		return false
	}
	for code, bad := range map[int]bool{
		1000: false, 1001: false, 1011: false, 1012: false, 1013: false, 3000: false, 4999: false, websocket.CodeNoStatus: false,
		-1: true, 0: true, 999: true, 1004: true, 1006: true, 1015: true, 2999: true, 5000: true, 1<<16 + 1000: true,
	} {
		h := &app{open: func(c *websocket.Conn, _ *websocket.Request) error {
			handle := c.Handle()
			if panics(func() { _ = handle.Close(code, "") }) != bad || panics(func() { c.Close(code, "") }) != bad {
				t.Errorf("code %d: a panic should be %v", code, bad)
			}
			return nil
		}}
		p := l.Connect(websocket.NewServer(h, websocket.Options{}), engine.Options{})
		p.Send([]byte(hello))
		l.Drain()
		payload := closing(code&0xffff, "")
		if code == websocket.CodeNoStatus {
			payload = ""
		}
		if got := string(p.Received()); !bad && got != welcome+plain(fin|cls, payload) {
			t.Errorf("code %d: sent %q", code, got)
		}
	}
}

// TestCloseCauses ends connections in every way that has no close frame.
func TestCloseCauses(t *testing.T) {
	t.Parallel()
	mine := errors.New("mine")
	foreign := &websocket.CloseError{Code: websocket.CodeNormal}
	for _, tt := range []struct {
		name  string
		o     engine.Options
		do    func(f *fixture)
		cause error
	}{
		{"EOF", engine.Options{}, func(f *fixture) { f.p.CloseWrite() }, io.EOF},
		{"reset", engine.Options{}, func(f *fixture) { f.p.Reset(nil) }, syscall.ECONNRESET},
		{"idle", engine.Options{IdleTimeout: time.Minute}, func(f *fixture) { f.l.Advance(2 * time.Minute) }, engine.ErrIdleTimeout},
		{"Abort", engine.Options{}, func(f *fixture) {
			f.post(func(c *websocket.Conn) { c.Abort(mine); writesFail(t, c) })
		}, mine},
		{"Abort with what another connection was told", engine.Options{}, func(f *fixture) {
			f.post(func(c *websocket.Conn) { c.Abort(foreign) })
		}, foreign},
		{"closed below", engine.Options{}, func(f *fixture) {
			f.post(func(c *websocket.Conn) { c.Conn().Close() })
			f.p.CloseWrite()
		}, engine.ErrClosed},
		{"in the middle of a message", engine.Options{}, func(f *fixture) {
			f.p.Send([]byte(masked(fin|text, strings.Repeat("x", 5000))[:3000]))
			f.p.CloseWrite()
		}, io.EOF},
		{"server closed", engine.Options{}, func(f *fixture) { f.l.Close() }, engine.ErrServerClosed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := fix(t, tt.o, websocket.Options{})
			tt.do(f)
			f.h.endedWith(t, websocket.CodeAbnormal, tt.cause)
			if got := f.p.Received(); len(got) > 0 || !f.p.Closed() {
				t.Errorf("sent %q, closed %v", got, f.p.Closed())
			}
		})
	}
}

// TestCloseInOnOpen: the frames behind the handshake are still read.
func TestCloseInOnOpen(t *testing.T) {
	t.Parallel()
	bad := errors.New("not today")
	for _, tt := range []struct {
		name   string
		open   func(c *websocket.Conn, r *websocket.Request) error
		answer string
		ended  int
	}{
		{"close", func(c *websocket.Conn, _ *websocket.Request) error { c.Close(4000, ""); return nil }, plain(fin|cls, closing(4000, "")), 4001},
		{"error", func(*websocket.Conn, *websocket.Request) error { return bad }, plain(fin|cls, closing(1011, "")), 0},
		{"error after close", func(c *websocket.Conn, _ *websocket.Request) error { c.Close(4000, ""); return bad }, plain(fin|cls, closing(4000, "")), 0},
		{"error after a message", func(c *websocket.Conn, _ *websocket.Request) error {
			return errors.Join(c.WriteMessage(websocket.Text, []byte("sorry")), bad)
		}, plain(fin|text, "sorry") + plain(fin|cls, closing(1011, "")), 0},
	} {
		h := &app{open: tt.open}
		l := memory(t)
		p := l.Connect(websocket.NewServer(h, websocket.Options{}), engine.Options{})
		p.Send([]byte(hello + masked(fin|cls, closing(4001, ""))))
		diff(t, tt.name, welcome+tt.answer, string(p.Received()))
		if !p.SawFIN() {
			t.Errorf("%s: no FIN", tt.name)
		}
		p.CloseWrite()
		if tt.ended != 0 {
			h.endedWith(t, tt.ended, nil)
		} else if len(h.closed) > 0 {
			t.Errorf("%s: OnClose was called: %v", tt.name, h.closed)
		}
		if s := l.Stats(); s.Open != 0 {
			t.Errorf("%s: %d connections are open", tt.name, s.Open)
		}
	}
}
