package websocket_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	gorilla "github.com/gorilla/websocket"

	"github.com/sockeye-io/sockeye/codec/wsproto"
	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// returned wants all windows of z to have been given back. What ends on a loop
// may end a little later.
func returned(t testing.TB, z *websocket.Compression, engines ...*engine.Engine) {
	t.Helper()
	for _, e := range engines {
		if err := e.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if promised, held := websocket.Windows(z); promised != 0 || held != 0 {
		t.Errorf("%d bytes are still promised, %d held", promised, held)
	}
}

// TestDialDeflate has conversations with each way to compress on either side.
func TestDialDeflate(t *testing.T) {
	t.Parallel()
	settings := map[string]func() *websocket.Compression{
		"no":       func() *websocket.Compression { return nil },
		"zero":     func() *websocket.Compression { return &websocket.Compression{Threshold: -1} },
		"takeover": func() *websocket.Compression { return &websocket.Compression{Takeover: true, Level: 6} },
		"small": func() *websocket.Compression {
			return &websocket.Compression{Takeover: true, WindowBits: 9, Threshold: -1}
		},
		"broke": func() *websocket.Compression { return &websocket.Compression{Takeover: true, WindowBudget: 1} },
	}
	for ours, our := range settings {
		for theirs, their := range settings {
			for way, dial := range dialers {
				t.Run(ours+" "+theirs+" "+way, func(t *testing.T) {
					t.Parallel()
					se, ce := start(t), start(t)
					url, srv := serve(t, se, echo{}, websocket.Options{Compression: their()})
					z := our()
					if err := dial(t, t.Context(), ce, url, websocket.DialOptions{Options: websocket.Options{Compression: z}}); err != nil {
						t.Fatal(err)
					}
					if both := z != nil && their() != nil; (srv.Stats().Inflated > 0) != both {
						t.Errorf("the server inflated %d messages", srv.Stats().Inflated)
					}
					if z != nil {
						returned(t, z, ce)
					}
				})
			}
		}
	}
	foreign, _ := httpServer(t, false, func(w http.ResponseWriter, r *http.Request) {
		echoWith(&gorilla.Upgrader{EnableCompression: true}, w, r)
	})
	for ours, our := range settings {
		for way, dial := range dialers {
			err := dial(t, t.Context(), start(t), foreign, websocket.DialOptions{Options: websocket.Options{Compression: our()}})
			// gorilla accepts an offer of server_max_window_bits without heeding
			// it, which RFC 7692 7.1.2.1 forbids: it may send what we could not read.
			if (err != nil) != (ours == "small") {
				t.Errorf("%s, %s with gorilla: %v", way, ours, err)
			}
		}
	}
}

// TestDialDeflateFails: an offer that comes to nothing costs nothing.
func TestDialDeflateFails(t *testing.T) {
	t.Parallel()
	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = nobody.Close()
	const deflate = "Sec-WebSocket-Extensions: permessage-deflate"
	for name, tt := range map[string]struct {
		answer func(r *http.Request) string
		o      websocket.DialOptions
		url    string
	}{
		"refused":       {answer: func(*http.Request) string { return "HTTP/1.1 403 \r\n\r\n" }},
		"not confirmed": {answer: func(r *http.Request) string { return accept(r, deflate+"; server_no_context_takeover=1") }},
		"twice":         {answer: func(r *http.Request) string { return accept(r, deflate, deflate) }},
		"EOF":           {answer: func(*http.Request) string { return "HTTP/1.1 1" }},
		"nobody":        {url: "ws://" + nobody.Addr().String()},
		"bad header":    {url: "ws://localhost/", o: websocket.DialOptions{Header: []string{"A B", ""}}},
		"bad protocol":  {url: "ws://localhost/", o: websocket.DialOptions{Options: websocket.Options{Subprotocols: []string{"a b"}}}},
		"cancelled":     {answer: func(*http.Request) string { return "" }},
	} {
		for way, dial := range dialers {
			ctx, cancel := context.WithCancel(t.Context())
			e := start(t)
			if tt.answer != nil {
				tt.url = scripted(t, func(nc net.Conn, r *http.Request) {
					_, _ = io.WriteString(nc, tt.answer(r))
					switch name {
					case "cancelled":
						cancel()
					case "EOF":
						return
					}
					_ = drained(nc)
				})
			}
			z := &websocket.Compression{Takeover: true}
			tt.o.Compression = z
			if err := dial(t, ctx, e, tt.url, tt.o); err == nil {
				t.Errorf("%s, %s: no error", way, name)
			}
			returned(t, z, e)
			cancel()
		}
	}
	// OnOpen that refuses, and an engine that is closed.
	z := &websocket.Compression{Takeover: true}
	se, e := start(t), start(t)
	url, _ := serve(t, se, echo{}, websocket.Options{Compression: z})
	bad := errors.New("not like this")
	o := websocket.DialOptions{Options: websocket.Options{Compression: z}}
	if _, err := websocket.Dial(t.Context(), e, url, unwilling{newTalk(), func() error { return bad }}, o); !errors.Is(err, bad) {
		t.Errorf("got %v", err)
	}
	_ = e.Close()
	if _, err := websocket.Dial(t.Context(), e, url, newTalk(), o); !errors.Is(err, engine.ErrServerClosed) {
		t.Errorf("got %v", err)
	}
	returned(t, z, se)
}

// TestClientDeflate looks at the frames of a Client with takeover.
func TestClientDeflate(t *testing.T) {
	t.Parallel()
	z := &websocket.Compression{Takeover: true, WindowBits: 10, Level: 6}
	o := websocket.DialOptions{Options: websocket.Options{Compression: z, MaxMessage: 10_000}}
	c, w := facing(t, false, "", o, "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=9")
	if !c.Compressed() {
		t.Fatal("no compression")
	}
	if promised, _ := websocket.Windows(z); promised != 1<<10+1<<10 {
		t.Errorf("%d bytes promised", promised)
	}
	// What we send: the second is much shorter than the first.
	msg := ""
	for i := range 60 {
		msg += fmt.Sprint("item ", i*i*i*7919%10_007, ", ")
	}
	inflater := wsproto.NewInflater()
	var dict []byte
	var sizes []int
	for range 2 {
		if err := c.WriteMessage(t.Context(), websocket.Text, []byte(msg)); err != nil {
			t.Fatal(err)
		}
		h, payload, err := readFrame(w.r)
		if err != nil || h.Rsv != 4 || !h.Fin {
			t.Fatalf("%+v, %v", h, err)
		}
		inflater.Reset([]byte(payload+wsproto.DeflateTail), dict)
		got, err := io.ReadAll(inflater)
		if err != nil || string(got) != msg {
			t.Fatalf("inflated %q, %v", got, err)
		}
		dict = append(dict, got...)
		sizes = append(sizes, len(payload))
	}
	if sizes[1]*4 > sizes[0] {
		t.Errorf("%d bytes, then %d", sizes[0], sizes[1])
	}
	if err := c.WriteMessage(t.Context(), websocket.Text, []byte("short")); err != nil {
		t.Fatal(err)
	}
	w.frame(text, "short") // under the threshold
	// What we receive: fragments, reads that end, and messages that are plain.
	deflater := wsproto.NewDeflater(1)
	pack := func(s, before string) string {
		return string(deflater.Append(nil, []byte(s), 9, []byte(before), true))
	}
	first, second := pack("hello, hello", ""), pack("hello again", "hello, hello")
	w.send(plain(fin|text|0x40, first) + plain(fin|text, "between") + plain(text|0x40, second[:2]) + plain(cont, ""))
	reads(t, c, "hello, hello")
	reads(t, c, "between")
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := c.ReadMessage(gone); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	w.send(plain(fin|cont, second[2:]))
	reads(t, c, "hello again")
	if _, held := websocket.Windows(z); held == 0 {
		t.Error("the windows take nothing")
	}
	c.CloseNow()
	returned(t, z)
}

// TestClientDeflateBad: what cannot be inflated, or to too much, or to no text.
func TestClientDeflateBad(t *testing.T) {
	t.Parallel()
	pack := func(s string) string {
		return string(wsproto.NewDeflater(9).Append(nil, []byte(s), 15, nil, true))
	}
	for name, tt := range map[string]struct {
		send string
		err  *wsproto.Error
	}{
		"bomb":      {plain(fin|bin|0x40, pack(strings.Repeat("a", 100_000))), wsproto.ErrMessageTooBig},
		"corrupt":   {plain(fin|bin|0x40, "\xff\xff\xff"), wsproto.ErrDeflate},
		"not UTF-8": {plain(fin|text|0x40, pack("a\xff")), wsproto.ErrInvalidUTF8},
		"too long":  {plain(fin|bin|0x40, strings.Repeat("a", 2000)), wsproto.ErrMessageTooBig},
		"late RSV1": {plain(text, "a") + plain(fin|cont|0x40, ""), wsproto.ErrReservedBits},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			z := &websocket.Compression{Takeover: true}
			o := websocket.DialOptions{Options: websocket.Options{Compression: z, MaxMessage: 1000}}
			c, w := facing(t, false, "", o, "Sec-WebSocket-Extensions: permessage-deflate")
			w.send(tt.send)
			read := make(chan error, 1)
			go func() {
				_, p, err := c.ReadMessage(t.Context())
				if len(p) > 0 {
					t.Errorf("read %q", brief(string(p)))
				}
				read <- err
			}()
			w.frame(cls, closing(int(tt.err.Code), tt.err.Reason))
			_ = w.Close()
			closedWith(t, wait(t, read, "end"), int(tt.err.Code), tt.err)
			returned(t, z)
		})
	}
}
