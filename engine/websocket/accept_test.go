package websocket_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/codec/wsproto"
	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// TestAccept answers on the loop, before OnOpen, and goes on with what came behind
// the request.
func TestAccept(t *testing.T) {
	t.Parallel()
	var keep *websocket.Accepted
	k := &app{open: func(c *websocket.Conn, r *websocket.Request) error {
		if err := keep.AddHeader("Late", "1"); err == nil {
			t.Error("AddHeader after the answer")
		}
		if c.Conn() == nil || r.Conn() != c.Conn() {
			t.Error("Request.Conn is not the connection")
		}
		return c.WriteMessage(websocket.Text, []byte(c.User().(string)))
	}}
	srv := websocket.NewServer(k, websocket.Options{
		Subprotocols: []string{"b"},
		Header:       []string{"Server", "s"},
		Authorize: func(r *websocket.Request) error {
			if r.Conn() != nil {
				t.Error("there is a connection before Adopt")
			}
			return r.AddHeader("X-Authorized", "yes")
		},
	})
	a, err := srv.Accept([]byte(helloWith("Sec-WebSocket-Protocol: a, b")))
	if err != nil {
		t.Fatal(err)
	}
	keep = a
	if err := a.AddHeader("Set-Cookie", "c"); err != nil {
		t.Error(err)
	}
	for _, own := range []string{"Upgrade", "connection", "Sec-WebSocket-Extensions", "X\r\n"} {
		if a.AddHeader(own, "x") == nil {
			t.Errorf("AddHeader took %q", own)
		}
	}
	ours, w := piped(t)
	if _, err := a.Adopt(start(t), ours, []byte(masked(fin|text, "early")), engine.Options{}, "user"); err != nil {
		t.Fatal(err)
	}
	w.expect(strings.TrimSuffix(welcome, "\r\n") + "Sec-WebSocket-Protocol: b\r\n" +
		"X-Authorized: yes\r\nSet-Cookie: c\r\nServer: s\r\n\r\n" + plain(fin|text, "user") + plain(fin|text, "early"))
	_ = w.Close()
	if s := srv.Stats(); s.Handshakes != 1 || s.Refused != 0 {
		t.Errorf("stats %+v", s)
	}
}

// TestAcceptAnswered leaves the answer to the caller, with the compression that
// was agreed; its windows are given back however it ends.
func TestAcceptAnswered(t *testing.T) {
	t.Parallel()
	closed := make(chan error, 1)
	zip := &websocket.Compression{Takeover: true, WindowBits: 10}
	srv := websocket.NewServer(talker{closed: closed}, websocket.Options{Compression: zip, Subprotocols: []string{"b"}})
	offer := helloWith("Sec-WebSocket-Protocol: b", "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits")
	accept := func() *websocket.Accepted {
		a, err := srv.Accept([]byte(offer))
		if err != nil {
			t.Fatal(err)
		}
		want := []string{
			"Sec-WebSocket-Protocol", "b", "A", "1",
			"Sec-WebSocket-Extensions", "permessage-deflate; server_max_window_bits=10; client_max_window_bits=10",
		}
		if err := a.AddHeader("A", "1"); err != nil {
			t.Error(err)
		}
		diff(t, "lines", want, a.Answer())
		return a
	}
	ours, w := piped(t)
	if _, err := accept().Adopt(start(t), ours, nil, engine.Options{}, nil); err != nil {
		t.Fatal(err)
	}
	z := &zipper{t: t, keep: true}
	msg := strings.Repeat("the same again and again, ", 20)
	for range 2 {
		w.send(masked(fin|rsv1|text, z.zip(msg)))
		h, payload, err := readFrame(w.r)
		if err != nil || h.Rsv != 4 || z.unzip(payload) != msg {
			t.Fatalf("received %+v, %v", h, err)
		}
	}
	_ = w.Close()
	closedWith(t, wait(t, closed, "OnClose"), websocket.CodeAbnormal, io.EOF)

	over := start(t)
	_ = over.Close()
	ours, _ = piped(t)
	if _, err := accept().Adopt(over, ours, nil, engine.Options{}, nil); !errors.Is(err, engine.ErrServerClosed) {
		t.Errorf("Adopt: %v, want ErrServerClosed", err)
	}
	dropped := accept()
	dropped.Drop()
	dropped.Drop()
	if s := srv.Stats(); s.Handshakes != 1 || s.WindowsPromised != 0 {
		t.Errorf("stats %+v", s)
	}
}

// TestAcceptRefuses wants the answers that a connection of our own is given.
func TestAcceptRefuses(t *testing.T) {
	t.Parallel()
	no := errors.New("no")
	deny := func(err error) func(*websocket.Request) error {
		return func(*websocket.Request) error { return err }
	}
	for _, tt := range []struct {
		name, head string
		o          websocket.Options
		want       websocket.RefuseError
		cause      error
	}{
		{name: "half a head", head: hello[:50], want: websocket.RefuseError{Status: 400, Body: "not the head of one request\n"}},
		{name: "more than a head", head: hello + "x", want: websocket.RefuseError{Status: 400, Body: "not the head of one request\n"}},
		{name: "malformed", head: "x", want: websocket.RefuseError{Status: 400, Body: "not the head of one request\n"}},
		{name: "limit", o: websocket.Options{MaxHead: 40}, want: websocket.RefuseError{Status: 431, Body: "the head is too long\n"}},
		{name: "path", o: websocket.Options{Paths: []string{"/x"}}, want: websocket.RefuseError{Status: 404, Body: "not found\n"}},
		{name: "method", head: strings.Replace(hello, "GET", "HEAD", 1), want: websocket.RefuseError{Status: 405}},
		{name: "Authorize", o: websocket.Options{Authorize: deny(no)}, want: websocket.RefuseError{Status: 403, Body: "forbidden\n"}, cause: no},
		{
			name: "RefuseError", o: websocket.Options{Authorize: deny(&websocket.RefuseError{Status: 401, Header: []string{"WWW-Authenticate", "Basic"}})},
			want: websocket.RefuseError{Status: 401, Header: []string{"WWW-Authenticate", "Basic"}},
		},
		{
			name: "cannot be sent", o: websocket.Options{Authorize: deny(&websocket.RefuseError{Status: 401, Header: []string{"Bad", "\n"}})},
			want: websocket.RefuseError{Status: 500, Body: "internal server error\n"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			head := tt.head
			if head == "" {
				head = hello
			}
			srv := websocket.NewServer(&app{}, tt.o)
			a, err := srv.Accept([]byte(head))
			var refused *websocket.Refused
			if a != nil || !errors.As(err, &refused) {
				t.Fatalf("Accept: %v, %v", a, err)
			}
			diff(t, "answer", tt.want, refused.Answer)
			var bad *wsproto.HandshakeError
			if !errors.Is(err, tt.cause) && tt.cause != nil || tt.cause == nil && errors.As(err, &bad) && bad.Status != tt.want.Status {
				t.Errorf("the cause is %v", err)
			}
			if s := srv.Stats(); s.Refused != 1 {
				t.Errorf("stats %+v", s)
			}
		})
	}
}

// TestAcceptCannot is what keeps Adopt from going on.
func TestAcceptCannot(t *testing.T) {
	t.Parallel()
	no := errors.New("no")
	for _, tt := range []struct {
		name string
		h    *app
		o    engine.Options
		want string
		sent string
	}{
		{name: "limits", h: &app{}, o: engine.Options{LowWater: -1}, want: "engine: Options.LowWater"},
		{name: "OnOpen", h: &app{open: func(*websocket.Conn, *websocket.Request) error { return no }}, want: "no", sent: welcome + plain(fin|cls, closing(1011, ""))},
		{name: "panic", h: &app{open: func(*websocket.Conn, *websocket.Request) error { panic("fallen") }}, want: "fallen", sent: welcome},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			srv := websocket.NewServer(tt.h, websocket.Options{Compression: &websocket.Compression{Takeover: true}})
			a, err := srv.Accept([]byte(hello))
			if err != nil {
				t.Fatal(err)
			}
			ours, w := piped(t)
			handle, err := a.Adopt(start(t), ours, nil, tt.o, nil)
			if err == nil || !strings.Contains(err.Error(), tt.want) || handle != (websocket.Handle{}) {
				t.Errorf("Adopt: %v, %v", handle, err)
			}
			diff(t, "the peer received", tt.sent, string(w.rest()))
		})
	}
}
