package websocket_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/sockeye-io/sockeye/codec/wsproto"
	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// facing is a Client and the server's end of its connection, after the
// handshake. early comes in one piece with the answer, which has more lines.
func facing(t testing.TB, secure bool, early string, o websocket.DialOptions, lines ...string) (*websocket.Client, *wire) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	accepted := make(chan *wire, 1)
	go func() {
		nc, err := ln.Accept()
		if err != nil {
			return
		}
		_ = nc.SetDeadline(time.Now().Add(patience))
		if secure {
			nc = tls.Server(nc, serverTLS(t))
		}
		br := bufio.NewReader(nc)
		if r, err := http.ReadRequest(br); err == nil {
			_, _ = io.WriteString(nc, accept(r, lines...)+early)
		}
		accepted <- &wire{nc, t, br}
	}()
	url := "ws://" + ln.Addr().String()
	if secure {
		url, o.TLS = "wss"+url[2:], trusting()
	}
	c, err := websocket.DialClient(t.Context(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseNow)
	w := <-accepted
	t.Cleanup(func() { _ = w.Close() })
	return c, w
}

// frame wants a frame of a client next.
func (w *wire) frame(op int, payload string) {
	w.t.Helper()
	h, got, err := readFrame(w.r)
	if err != nil || !h.Masked || h.OpCode != ws.OpCode(op) || got != payload {
		w.t.Fatalf("received %+v %q, %v; want %s%q", h, brief(got), err, opName[op], brief(payload))
	}
}

// over wants the connection to have ended.
func (w *wire) over() {
	w.t.Helper()
	if b := w.rest(); len(b) > 0 {
		w.t.Errorf("more came: %q", brief(string(b)))
	}
}

// reads wants this message next.
func reads(t testing.TB, c *websocket.Client, want string) {
	t.Helper()
	_, p, err := c.ReadMessage(t.Context())
	if err != nil || string(p) != want {
		t.Fatalf("read %q, %v; want %q", brief(string(p)), err, brief(want))
	}
}

func TestClientReads(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("0123456789abcdef", 20_000)
	c, w := facing(t, false, plain(fin|text, "early")+plain(fin|bin, "")+plain(fin|text, "ea")[:3], websocket.DialOptions{})
	reads(t, c, "early")
	kind, p, err := c.ReadMessage(t.Context())
	if kind != websocket.Binary || len(p) != 0 || err != nil {
		t.Errorf("got %v %q, %v", kind, p, err)
	}
	w.send("a" + plain(fin|text, big) + plain(text, "a") + plain(fin|ping, "p") + plain(cont, "b") + plain(fin|pong, "unsolicited") + plain(fin|cont, ""))
	reads(t, c, "ea")
	reads(t, c, big)
	reads(t, c, "ab")
	w.frame(pong, "p")
	if c.Subprotocol() != "" || c.RemoteAddr().String() != w.LocalAddr().String() || c.LocalAddr().String() != w.RemoteAddr().String() {
		t.Errorf("subprotocol %q, addresses %v and %v", c.Subprotocol(), c.LocalAddr(), c.RemoteAddr())
	}
	for b := range strings.SplitSeq(plain(text, "é")[:3], "") {
		w.send(b)
	}
	w.send("\xa9" + plain(fin|cont, "!"))
	reads(t, c, "é!")
}

// TestClientReadContext ends ReadMessage at each byte of a message: nothing is
// lost, also not with TLS, whose records are cut too.
func TestClientReadContext(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{false, true} {
		c, w := facing(t, secure, "", websocket.DialOptions{})
		why := errors.New("why")
		gone, cancel := context.WithCancelCause(t.Context())
		cancel(why)
		if _, _, err := c.ReadMessage(gone); !errors.Is(err, why) {
			t.Errorf("with a ctx that has ended: %v", err)
		}
		for _, b := range bytewise(plain(text, "one ") + plain(fin|ping, "p") + plain(fin|cont, "two")) {
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Millisecond)
			if _, p, err := c.ReadMessage(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("got %q, %v", p, err)
			}
			cancel()
			w.send(b)
		}
		reads(t, c, "one two")
		w.frame(pong, "p")
		// Ends that come at the same time as messages.
		for i := range 200 {
			ctx, cancel := context.WithCancel(t.Context())
			go cancel()
			msg := fmt.Sprint(i)
			w.send(plain(fin|text, msg))
			_, p, err := c.ReadMessage(ctx)
			if errors.Is(err, context.Canceled) {
				_, p, err = c.ReadMessage(t.Context())
			}
			if err != nil || string(p) != msg {
				t.Fatalf("got %q, %v; want %q", p, err, msg)
			}
		}
	}
}

// TestClientEnds: what ends a connection, what the server is told, and what
// every call answers from then on.
func TestClientEnds(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		send string // by the server, which then sends FIN if sent is empty
		sent string // the payload of our close frame
		code int
		err  error
	}{
		"normal":      {plain(fin|cls, closing(1000, "bye")), closing(1000, ""), 1000, nil},
		"own code":    {plain(fin|cls, closing(4001, "é")), closing(4001, ""), 4001, nil},
		"no code":     {plain(fin|cls, ""), "-", websocket.CodeNoStatus, nil},
		"EOF":         {"", "", websocket.CodeAbnormal, io.EOF},
		"half":        {plain(fin|text, "abc")[:4], "", websocket.CodeAbnormal, io.EOF},
		"masked":      {masked(fin|text, "a"), closing(1002, wsproto.ErrMasked.Reason), 1002, wsproto.ErrMasked},
		"reserved":    {plain(fin|text|0x40, "a"), closing(1002, wsproto.ErrReservedBits.Reason), 1002, wsproto.ErrReservedBits},
		"continued":   {plain(fin|cont, "a"), closing(1002, wsproto.ErrNothingToContinue.Reason), 1002, wsproto.ErrNothingToContinue},
		"not UTF-8":   {plain(text, "a\xff"), closing(1007, wsproto.ErrInvalidUTF8.Reason), 1007, wsproto.ErrInvalidUTF8},
		"too big":     {plain(bin, strings.Repeat("a", 1000)) + plain(fin|cont, "a"), closing(1009, wsproto.ErrMessageTooBig.Reason), 1009, wsproto.ErrMessageTooBig},
		"close code":  {plain(fin|cls, closing(1006, "")), closing(1002, wsproto.ErrCloseCode.Reason), 1002, wsproto.ErrCloseCode},
		"close, more": {plain(fin|cls, closing(1001, "")) + plain(fin|text, "not read"), closing(1001, ""), 1001, nil},
	} {
		for _, secure := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " ", secure), func(t *testing.T) {
				t.Parallel()
				c, w := facing(t, secure, "", websocket.DialOptions{Options: websocket.Options{MaxMessage: 1000}})
				w.send(plain(fin|text, "before") + tt.send)
				if tt.sent == "" {
					_ = w.Conn.(interface{ CloseWrite() error }).CloseWrite()
				}
				reads(t, c, "before")
				type answer struct {
					p   []byte
					err error
				}
				read := make(chan answer, 1)
				go func() {
					_, p, err := c.ReadMessage(t.Context())
					read <- answer{p, err}
				}()
				if tt.sent != "" {
					w.frame(cls, strings.TrimPrefix(tt.sent, "-"))
					w.over()
				}
				_ = w.Close()
				a := wait(t, read, "end")
				closedWith(t, a.err, tt.code, tt.err)
				if _, _, err := c.ReadMessage(t.Context()); err != a.err {
					t.Errorf("once more: %v, want %v", err, a.err)
				}
				if err := c.WriteMessage(t.Context(), websocket.Text, nil); !errors.Is(err, engine.ErrClosed) {
					t.Errorf("WriteMessage: %v", err)
				}
				if err := c.Ping(t.Context()); !errors.Is(err, engine.ErrClosed) {
					t.Errorf("Ping: %v", err)
				}
				if err := c.Close(websocket.CodeNormal, ""); (err == nil) != (tt.err == nil) || !errors.Is(err, tt.err) {
					t.Errorf("Close: %v, want %v", err, tt.err)
				}
			})
		}
	}
}

// TestClientLingers: a server that writes on after what we refused is not reset
// before it has read why.
func TestClientLingers(t *testing.T) {
	t.Parallel()
	c, w := facing(t, false, "", websocket.DialOptions{})
	w.send(plain(fin|cont, "no") + strings.Repeat("more", 50_000))
	read := make(chan error, 1)
	go func() {
		_, _, err := c.ReadMessage(t.Context())
		read <- err
	}()
	w.send(strings.Repeat("more", 50_000))
	w.frame(cls, closing(1002, wsproto.ErrNothingToContinue.Reason))
	w.over()
	_ = w.Close()
	closedWith(t, wait(t, read, "end"), 1002, wsproto.ErrNothingToContinue)

	c, w = facing(t, false, "", websocket.DialOptions{Engine: engine.DialOptions{Options: engine.Options{Linger: -1}}})
	w.send(plain(fin|cls, closing(1000, "")))
	_, _, err := c.ReadMessage(t.Context()) // and the server does not close
	closedWith(t, err, 1000, nil)
}

func TestClientClose(t *testing.T) {
	t.Parallel()
	t.Run("alone", func(t *testing.T) {
		t.Parallel()
		c, w := facing(t, false, "", websocket.DialOptions{})
		w.send(plain(fin|text, "dropped") + plain(text, "dro"))
		done := make(chan error, 1)
		go func() { done <- c.Close(4000, strings.Repeat("é", 100)) }()
		w.frame(cls, closing(4000, strings.Repeat("é", 61)))
		if err := c.WriteMessage(t.Context(), websocket.Text, nil); !errors.Is(err, engine.ErrClosed) {
			t.Errorf("a write behind it: %v", err)
		}
		w.send(plain(cont, "pp") + plain(fin|ping, "not answered") + plain(fin|cls, closing(4000, "")))
		w.over()
		_ = w.Close()
		if err := wait(t, done, "Close"); err != nil {
			t.Error(err)
		}
		_, _, err := c.ReadMessage(t.Context())
		closedWith(t, err, 4000, nil)
		if err := c.Close(websocket.CodeNormal, ""); err != nil {
			t.Errorf("the second time: %v", err)
		}
	})
	t.Run("beside a reader", func(t *testing.T) {
		t.Parallel()
		c, w := facing(t, false, "", websocket.DialOptions{})
		read := make(chan error, 2)
		go func() {
			for range 2 {
				_, _, err := c.ReadMessage(t.Context())
				read <- err
			}
		}()
		w.send(plain(fin|text, "hello"))
		if err := wait(t, read, "message"); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- c.Close(websocket.CodeNoStatus, "") }()
		w.frame(cls, "")
		w.send(plain(fin|cls, closing(1001, "too")))
		w.over()
		_ = w.Close()
		if err := wait(t, done, "Close"); err != nil {
			t.Error(err)
		}
		closedWith(t, wait(t, read, "end"), 1001, nil)
	})
	t.Run("without an answer", func(t *testing.T) {
		t.Parallel()
		c, w := facing(t, false, "", websocket.DialOptions{Options: websocket.Options{CloseTimeout: 30 * time.Millisecond}})
		if err := c.Close(websocket.CodeNormal, ""); !errors.Is(err, websocket.ErrCloseTimeout) {
			t.Error(err)
		}
		w.frame(cls, closing(1000, ""))
		w.over()
		_, _, err := c.ReadMessage(t.Context())
		closedWith(t, err, websocket.CodeAbnormal, websocket.ErrCloseTimeout)
	})
	t.Run("without an end of messages", func(t *testing.T) {
		t.Parallel()
		c, w := facing(t, false, "", websocket.DialOptions{Options: websocket.Options{CloseTimeout: 30 * time.Millisecond}})
		var all sync.WaitGroup
		all.Go(func() {
			for {
				if _, err := io.WriteString(w.Conn, plain(fin|text, "on and on")); err != nil {
					return
				}
			}
		})
		if err := c.Close(websocket.CodeNormal, ""); !errors.Is(err, websocket.ErrCloseTimeout) {
			t.Error(err)
		}
		all.Wait()
	})
	t.Run("a code that cannot be sent", func(t *testing.T) {
		t.Parallel()
		c, _ := facing(t, false, "", websocket.DialOptions{})
		for _, code := range []int{-1, 0, 999, 1006, 5000, 66_536} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%d was sent", code)
					}
				}()
				_ = c.Close(code, "")
			}()
		}
	})
}

// TestClientCloseNow releases everybody.
func TestClientCloseNow(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{false, true} {
		c, w := facing(t, secure, "", websocket.DialOptions{})
		w.send(plain(fin|text, "hello"))
		reads(t, c, "hello")
		read, written, pinged := make(chan error, 1), make(chan error, 2), make(chan error, 1)
		go func() {
			_, _, err := c.ReadMessage(t.Context())
			read <- err
		}()
		go func() { pinged <- c.Ping(t.Context()) }()
		w.frame(ping, "\x00\x00\x00\x00\x00\x00\x00\x01")
		for range 2 { // one writes, the other waits for its turn
			go func() { written <- c.WriteMessage(t.Context(), websocket.Binary, make([]byte, 24<<20)) }()
		}
		_, _ = w.r.ReadByte() // it has begun
		c.CloseNow()
		closedWith(t, wait(t, read, "end of ReadMessage"), websocket.CodeAbnormal, engine.ErrClosed)
		closedWith(t, wait(t, pinged, "end of Ping"), websocket.CodeAbnormal, engine.ErrClosed)
		for range 2 {
			if err := wait(t, written, "end of WriteMessage"); err == nil {
				t.Error("24 MiB were written")
			}
		}
		if err := c.Close(websocket.CodeNormal, ""); !errors.Is(err, engine.ErrClosed) {
			t.Errorf("Close behind CloseNow: %v", err)
		}
	}
}

func TestClientPing(t *testing.T) {
	t.Parallel()
	c, w := facing(t, false, "", websocket.DialOptions{})
	go func() { _, _, _ = c.ReadMessage(t.Context()) }()
	answered := make(chan error, 3)
	for i := range 3 {
		go func() { answered <- c.Ping(t.Context()) }()
		w.frame(ping, "\x00\x00\x00\x00\x00\x00\x00"+string(rune(1+i)))
	}
	// RFC 6455 5.5.3: a pong is an answer to the pings before it too.
	w.send(plain(fin|pong, "") + plain(fin|pong, "\x00\x00\x00\x00\x00\x00\x00\x02"))
	for range 2 {
		if err := wait(t, answered, "pong"); err != nil {
			t.Error(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := c.Ping(ctx); !errors.Is(err, context.DeadlineExceeded) || len(answered) > 0 {
		t.Errorf("without a pong: %v, %d others answered", err, len(answered))
	}
	w.frame(ping, "\x00\x00\x00\x00\x00\x00\x00\x04")
	w.send(plain(fin|cls, closing(1001, "")))
	_ = w.Close()
	closedWith(t, wait(t, answered, "end"), 1001, nil)
}

// TestClientForeignPong: a pong that answers no ping of ours tells nothing. RFC
// 6455 5.5.3: it "MAY be sent unsolicited. This serves as a unidirectional
// heartbeat."
func TestClientForeignPong(t *testing.T) {
	t.Parallel()
	c, w := facing(t, false, "", websocket.DialOptions{})
	go func() { _, _, _ = c.ReadMessage(t.Context()) }()
	answered := make(chan error, 1)
	go func() { answered <- c.Ping(t.Context()) }()
	w.frame(ping, "\x00\x00\x00\x00\x00\x00\x00\x01")
	w.send(plain(fin|pong, "\x00\x06\x4b\xd1\x00\x00\x00\x00") + plain(fin|ping, "are you there"))
	w.frame(pong, "are you there")
	select {
	case err := <-answered:
		t.Errorf("answered by a foreign pong: %v", err)
	default:
	}
	w.send(plain(fin|pong, "\x00\x00\x00\x00\x00\x00\x00\x01"))
	if err := wait(t, answered, "pong"); err != nil {
		t.Error(err)
	}
}

// TestClientWriters: whole messages, each goroutine's in order, and pings that
// come meanwhile are answered between them.
func TestClientWriters(t *testing.T) {
	t.Parallel()
	const writers, each = 4, 300
	c, w := facing(t, false, "", websocket.DialOptions{})
	go func() { _, _, _ = c.ReadMessage(t.Context()) }()
	var all sync.WaitGroup
	for g := range writers {
		all.Go(func() {
			for i := range each {
				msg := fmt.Append(nil, g, " ", i, " ", strings.Repeat("x", i*10))
				if err := c.WriteMessage(t.Context(), websocket.Text, msg); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Go(func() {
		for i := range each {
			_, _ = io.WriteString(w.Conn, plain(fin|ping, fmt.Sprint(i)))
		}
	})
	next, lastPong := [writers]int{}, ""
	for n := 0; n < writers*each || lastPong != fmt.Sprint(each-1); {
		h, payload, err := readFrame(w.r)
		if err == nil && h.OpCode == ws.OpPong {
			lastPong = payload
			continue
		}
		var g, i int
		var tail string
		if k, bad := fmt.Sscan(payload, &g, &i, &tail); err != nil || k < 2 || next[g] != i || len(tail) != i*10 {
			t.Fatalf("got %q, %v, %v", brief(payload), err, bad)
		}
		next[g]++
		n++
	}
	all.Wait()
}

// TestClientStuck: while a write waits for the server to read, pings and
// messages are received, and the last ping is answered when there is room.
func TestClientStuck(t *testing.T) {
	t.Parallel()
	c, w := facing(t, false, "", websocket.DialOptions{})
	msg := strings.Repeat("x", 24<<20)
	written := make(chan error, 1)
	go func() { written <- c.WriteMessage(t.Context(), websocket.Binary, []byte(msg)) }()
	if b, err := w.r.Peek(1); err != nil || b[0] != fin|bin {
		t.Fatalf("%x, %v", b, err)
	}
	w.send(plain(fin|ping, "1") + plain(fin|ping, "2") + plain(fin|text, "hello"))
	reads(t, c, "hello")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if err := c.WriteMessage(ctx, websocket.Text, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a write that did not get its turn: %v", err)
	}
	w.frame(bin, msg)
	w.frame(pong, "2")
	if err := wait(t, written, "write"); err != nil {
		t.Error(err)
	}
	if err := c.WriteMessage(t.Context(), websocket.Text, []byte("still there")); err != nil {
		t.Error(err)
	}
	w.frame(text, "still there")
}

// TestClientWriteContext: half a message cannot be taken back.
func TestClientWriteContext(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{false, true} {
		c, w := facing(t, secure, "", websocket.DialOptions{})
		read := make(chan error, 1)
		go func() {
			_, _, err := c.ReadMessage(t.Context())
			read <- err
		}()
		why := errors.New("why")
		ctx, cancel := context.WithCancelCause(t.Context())
		go func() {
			_, _ = w.r.Peek(1)
			cancel(why)
		}()
		if err := c.WriteMessage(ctx, websocket.Binary, make([]byte, 24<<20)); !errors.Is(err, why) {
			t.Errorf("got %v", err)
		}
		closedWith(t, wait(t, read, "end"), websocket.CodeAbnormal, why)
	}
}

// TestClientUnix dials Unix sockets, and no packets.
func TestClientUnix(t *testing.T) {
	t.Parallel()
	e := start(t)
	addr := t.TempDir() + "/s"
	if _, err := e.Listen("unix", addr, websocket.NewServer(echo{}, websocket.Options{Subprotocols: []string{"b"}}), engine.ListenOptions{}); err != nil {
		t.Fatal(err)
	}
	o := websocket.DialOptions{Network: "unix", Addr: addr, Options: websocket.Options{Subprotocols: []string{"a", "b"}}}
	c, err := websocket.DialClient(t.Context(), "ws:///", o)
	if err != nil {
		t.Fatal(err)
	}
	if c.Subprotocol() != "b" {
		t.Errorf("subprotocol %q", c.Subprotocol())
	}
	converse(t, c)
	o.Network = "unixpacket"
	var unknown net.UnknownNetworkError
	if _, err := websocket.DialClient(t.Context(), "ws:///", o); !errors.As(err, &unknown) {
		t.Errorf("unixpacket: %v", err)
	}
}
