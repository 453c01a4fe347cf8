package websocket_test

import (
	"bufio"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/codec/wsproto"
	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/enginetest"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// site is a server of HTTP on loops, as far as it goes: it answers the handshake of
// RFC 6455 section 1.3 and gives the connection to srv, at once or, where later is
// set, when it is posted to.
type site struct {
	srv    *websocket.Server
	u      websocket.Upgraded
	later  bool
	err    error
	closed []error
}

func (s *site) OnOpen(c *engine.Conn) error {
	c.SetUser(s)
	c.SetTimer(time.Second)
	return nil
}

func (s *site) OnTimer(c *engine.Conn) { c.Abort(errors.New("the timer of HTTP")) }

func (s *site) OnData(c *engine.Conn, p []byte) (int, error) {
	head, _, whole := strings.Cut(string(p), "\r\n\r\n")
	if !whole || !strings.HasPrefix(head, "GET ") {
		return 0, nil
	}
	s.u.Head = p[:len(head)+4]
	_, _ = c.Write([]byte(welcome))
	if s.later {
		s.u.Head = append([]byte{}, s.u.Head...)
	} else {
		s.take(c)
	}
	return len(head) + 4, nil
}

func (s *site) take(c *engine.Conn) { s.err = s.srv.Take(c, s.u) }

func (s *site) OnClose(c *engine.Conn, err error) {
	if c.User() != s {
		err = errors.New("the user is somebody else's")
	}
	s.closed = append(s.closed, err)
}

// TestTake upgrades connections of another server, with frames that came together
// with the request, cut anywhere.
func TestTake(t *testing.T) {
	t.Parallel()
	send := hello + masked(fin|text, "one") + masked(fin|text, "two")
	for cut := range len(send) {
		for _, later := range []bool{false, true} {
			h := &app{open: func(c *websocket.Conn, r *websocket.Request) error {
				diff(t, "the request", []any{"/chat", "me"}, []any{string(r.Path()), c.User()})
				if c.Conn().User() != c {
					t.Error("the connection below has another user")
				}
				return nil
			}}
			srv := websocket.NewServer(h, websocket.Options{})
			s := &site{srv: srv, later: later, u: websocket.Upgraded{User: "me"}}
			l := memory(t)
			p := l.Connect(s, engine.Options{})
			p.Send([]byte(send[:cut]))
			p.Send([]byte(send[cut:]))
			if later {
				_ = p.Handle().Post(s.take)
				l.Drain()
			}
			diff(t, "sent", welcome+plain(fin|text, "one")+plain(fin|text, "two"), string(p.Received()))
			if s.err != nil {
				t.Error(s.err)
			}
			l.Advance(3 * time.Second)
			p.Send([]byte(masked(fin|cls, closing(1000, ""))))
			p.CloseWrite()
			h.endedWith(t, 1000, nil)
			if len(s.closed) > 0 {
				t.Errorf("the site heard OnClose: %v", s.closed)
			}
			if st := srv.Stats(); st.Handshakes != 1 || st.MessagesIn != 2 {
				t.Errorf("stats %+v", st)
			}
		}
	}
}

// TestTakeWrites: answer and echo leave together.
func TestTakeWrites(t *testing.T) {
	t.Parallel()
	p := memory(t).Connect(&site{srv: websocket.NewServer(&app{}, websocket.Options{})}, engine.Options{})
	p.Send([]byte(hello + masked(fin|text, "one")))
	if p.Writes() != 1 {
		t.Errorf("%d writes, want one", p.Writes())
	}
}

func TestTakeDeflated(t *testing.T) {
	t.Parallel()
	zip := &websocket.Compression{Takeover: true, Threshold: -1}
	srv := websocket.NewServer(&app{}, websocket.Options{Compression: zip})
	p := memory(t).Connect(&site{srv: srv, u: websocket.Upgraded{Deflate: &wsproto.Deflate{}}}, engine.Options{})
	z := &zipper{t: t, keep: true}
	p.Send([]byte(hello + masked(fin|rsv1|text, z.zip("one")) + masked(fin|rsv1|text, z.zip("one one"))))
	diff(t, "sent", []string{"zipped text one", "zipped text one one"}, z.messages(p.Received()[len(welcome):]))
	p.Reset(nil)
	if promised, held := websocket.Windows(zip); promised != 0 || held != 0 {
		t.Errorf("%d bytes are still promised, %d held", promised, held)
	}
}

// TestTakeFails: whoever cannot be taken is closed, and somebody hears of it.
func TestTakeFails(t *testing.T) {
	t.Parallel()
	why := errors.New("why")
	for name, tt := range map[string]struct {
		u      websocket.Upgraded
		open   func(c *websocket.Conn, r *websocket.Request) error
		before func(l *enginetest.Loop)
		o      websocket.Options
		err    error
		taken  bool // by the server, which ends it
		answer []string
	}{
		"deflate":       {u: websocket.Upgraded{Deflate: &wsproto.Deflate{}}, err: errAny},
		"engine":        {u: websocket.Upgraded{Engine: engine.Options{LowWater: -1}}, err: errAny},
		"no budget":     {u: websocket.Upgraded{Deflate: &wsproto.Deflate{}}, o: websocket.Options{Compression: &websocket.Compression{WindowBudget: 1}}, err: errAny},
		"OnOpen":        {open: func(*websocket.Conn, *websocket.Request) error { return why }, err: why, taken: true, answer: want(cls, closing(1011, ""))},
		"a panic":       {open: func(*websocket.Conn, *websocket.Request) error { panic(why) }, err: errAny},
		"shutting down": {before: func(l *enginetest.Loop) { l.Shutdown() }, err: engine.ErrServerClosed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := memory(t)
			h := &app{open: tt.open}
			tt.u.Engine.Linger = -1
			s := &site{srv: websocket.NewServer(h, tt.o), u: tt.u}
			p := l.Connect(patient{s}, engine.Options{Linger: -1})
			if tt.before != nil {
				tt.before(l)
			}
			p.Send([]byte(hello + masked(fin|text, "early")))
			if s.err == nil || tt.err != errAny && !errors.Is(s.err, tt.err) {
				t.Errorf("Take: %v, want %v", s.err, tt.err)
			}
			if !p.Closed() || len(h.closed) > 0 {
				t.Errorf("closed %v, OnClose of the application %v", p.Closed(), h.closed)
			}
			sent := strings.TrimPrefix(string(p.Received()), welcome)
			diff(t, "sent", tt.answer, show([]byte(sent)))
			if ended := len(s.closed) == 1; ended == tt.taken || ended && !errors.Is(s.closed[0], s.err) {
				t.Errorf("OnClose of the site: %v", s.closed)
			}
		})
	}
}

// patient waits for its connections to end by themselves.
type patient struct{ *site }

func (patient) OnDrain(*engine.Conn) {}

// TestTakeSocket is TestTake over sockets.
func TestTakeSocket(t *testing.T) {
	t.Parallel()
	e := start(t)
	k := talker{closed: make(chan error, 1)}
	srv := websocket.NewServer(k, websocket.Options{})
	for _, network := range []string{"tcp", "unix"} {
		addr := map[string]string{"tcp": "127.0.0.1:0", "unix": t.TempDir() + "/s"}[network]
		ln, err := e.Listen(network, addr, &site{srv: srv}, engine.ListenOptions{})
		if err != nil {
			t.Fatal(err)
		}
		nc, err := net.Dial(network, ln.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		_ = nc.SetDeadline(time.Now().Add(patience))
		w := &wire{nc, t, bufio.NewReader(nc)}
		w.send(hello + masked(fin|text, "early"))
		w.expect(welcome + plain(fin|text, "early"))
		if err := srv.Broadcast(websocket.Prepare(websocket.Text, []byte("to all"))); err != nil {
			t.Fatal(err)
		}
		w.expect(plain(fin|text, "to all"))
		w.send(masked(fin|cls, closing(4000, "")))
		w.expect(plain(fin|cls, closing(4000, "")))
		_ = nc.Close()
		closedWith(t, wait(t, k.closed, "OnClose"), 4000, nil)
	}
}
