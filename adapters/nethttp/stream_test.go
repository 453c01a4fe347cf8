package nethttp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

var h2c = modes[3]

// frames is a client of HTTP/2 that sees every frame.
type frames struct {
	*http2.Framer
	net.Conn
	t testing.TB
}

// dialFrames exchanges the settings; the server has to offer what RFC 8441 section
// 3 asks for. window is how much it may send.
func dialFrames(t testing.TB, s *site, window uint32) *frames {
	t.Helper()
	nc, err := net.Dial("tcp", s.at)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(patience))
	f := &frames{http2.NewFramer(nc, nc), nc, t}
	f.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	_, _ = io.WriteString(nc, http2.ClientPreface)
	_ = f.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: window})
	settings, ok := f.next().(*http2.SettingsFrame)
	if !ok {
		t.Fatal("the server begins with no SETTINGS")
	}
	if v, _ := settings.Value(http2.SettingEnableConnectProtocol); v != 1 {
		t.Fatalf("the server does not offer extended CONNECT: %v", settings)
	}
	_ = f.WriteSettingsAck()
	return f
}

// next reads a frame of a stream, or the first SETTINGS.
func (f *frames) next() http2.Frame {
	f.t.Helper()
	for {
		frame, err := f.ReadFrame()
		if err != nil {
			f.t.Fatal(err)
		}
		switch x := frame.(type) {
		case *http2.SettingsFrame:
			if !x.IsAck() {
				return x
			}
		case *http2.WindowUpdateFrame, *http2.PingFrame:
		default:
			return frame
		}
	}
}

// open opens a WebSocket as stream id.
func (f *frames) open(id uint32) {
	f.t.Helper()
	var b bytes.Buffer
	enc := hpack.NewEncoder(&b)
	for _, h := range [][2]string{
		{":method", "CONNECT"},
		{":protocol", "websocket"},
		{":scheme", "http"},
		{":path", "/"},
		{":authority", "example.com"},
		{"sec-websocket-version", "13"},
	} {
		_ = enc.WriteField(hpack.HeaderField{Name: h[0], Value: h[1]})
	}
	_ = f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: b.Bytes(), EndHeaders: true})
	head, ok := f.next().(*http2.MetaHeadersFrame)
	if !ok || head.PseudoValue("status") != "200" || head.StreamEnded() || head.StreamID != id {
		f.t.Fatalf("answered with %v", head)
	}
}

// rest is what comes until stream id has ended.
func (f *frames) rest(id uint32) (list []string) {
	f.t.Helper()
	for {
		switch x := f.next().(type) {
		case *http2.DataFrame:
			list = append(list, fmt.Sprintf("%d %q %v", x.StreamID, x.Data(), x.StreamEnded()))
			if x.StreamEnded() && x.StreamID == id {
				return list
			}
		case *http2.RSTStreamFrame:
			return append(list, fmt.Sprint(x.StreamID, " ", x.ErrCode))
		default:
			f.t.Fatalf("unexpected %v", x)
		}
	}
}

func (f *frames) data(id uint32, s string) {
	f.t.Helper()
	if err := f.WriteData(id, false, []byte(s)); err != nil {
		f.t.Fatal(err)
	}
}

// TestStreamFrames: what was put together leaves in one DATA frame, and the end is
// END_STREAM.
func TestStreamFrames(t *testing.T) {
	t.Parallel()
	a := &app{closed: make(chan error, 1)}
	f := dialFrames(t, h2c.serve(t, handler(t, a, websocket.Options{})), 1<<20)
	f.open(1)
	f.data(1, strings.Repeat(text("again"), 100))
	x, ok := f.next().(*http2.DataFrame)
	if want := strings.Repeat("\x81\x05again", 100); !ok || string(x.Data()) != want {
		t.Errorf("received %v, want one DATA frame with %d bytes", x, len(want))
	}
	f.data(1, frame(ws.OpClose, bye(1000, "")))
	diff(t, "end", []string{`1 "\x88\x02\x03\xe8" false`, `1 "" true`}, f.rest(1))
	closedWith(t, wait(t, a.closed, "OnClose"), 1000, nil)
}

// TestStreamEnds are the ways in which a peer ends without a close frame.
func TestStreamEnds(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		end   func(f *frames) error
		cause error
		rest  []string
	}{
		"END_STREAM": {func(f *frames) error { return f.WriteData(1, true, nil) }, io.EOF, []string{`1 "" true`}},
		"RST_STREAM": {func(f *frames) error { return f.WriteRSTStream(1, http2.ErrCodeCancel) }, nil, nil},
		"connection": {func(f *frames) error { return f.Close() }, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := &app{closed: make(chan error, 2)}
			up, errs := returned(handler(t, a, websocket.Options{}), nil)
			f := dialFrames(t, h2c.serve(t, up), 1<<20)
			f.open(1)
			f.open(3)
			if err := tt.end(f); err != nil {
				t.Fatal(err)
			}
			closedWith(t, wait(t, a.closed, "OnClose"), websocket.CodeAbnormal, tt.cause)
			if err := wait(t, errs, "end of Upgrade"); err != nil {
				t.Error(err)
			}
			if name == "connection" {
				closedWith(t, wait(t, a.closed, "OnClose"), websocket.CodeAbnormal, nil)
				return
			}
			if tt.rest != nil {
				diff(t, "end", tt.rest, f.rest(1))
			}
			f.data(3, text("on"))
			if x, ok := f.next().(*http2.DataFrame); !ok || x.StreamID != 3 || string(x.Data()) != "\x81\x02on" {
				t.Errorf("the other stream received %v", x)
			}
		})
	}
}

// TestStreamContext: the WebSocket ends with the context of its request.
func TestStreamContext(t *testing.T) {
	t.Parallel()
	a := &app{closed: make(chan error, 1)}
	up, errs := returned(handler(t, a, websocket.Options{}), nil)
	late := make(chan context.CancelFunc, 1)
	f := dialFrames(t, h2c.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(r.Context())
		late <- cancel
		up.ServeHTTP(w, r.WithContext(ctx))
	})), 1<<20)
	f.open(1)
	wait(t, late, "request")()
	if x, ok := f.next().(*http2.DataFrame); !ok || string(x.Data()) != "\x88\x02\x03\xe9" {
		t.Errorf("received %v, want a close frame with 1001", x)
	}
	f.data(1, frame(ws.OpClose, bye(1001, "")))
	diff(t, "end", []string{`1 "" true`}, f.rest(1))
	closedWith(t, wait(t, a.closed, "OnClose"), 1001, nil)
	if err := wait(t, errs, "end of Upgrade"); err != nil {
		t.Error(err)
	}
}

// TestStreamAbort resets the stream and no other.
func TestStreamAbort(t *testing.T) {
	t.Parallel()
	no := errors.New("no")
	a := &app{
		message: func(c *websocket.Conn, _ websocket.MessageType, _ []byte) { c.Abort(no) },
		closed:  make(chan error, 2),
	}
	f := dialFrames(t, h2c.serve(t, handler(t, a, websocket.Options{})), 1<<20)
	f.open(1)
	f.open(3)
	f.data(1, text("abort"))
	closedWith(t, wait(t, a.closed, "OnClose"), websocket.CodeAbnormal, no)
	diff(t, "end", []string{"1 INTERNAL_ERROR"}, f.rest(1))
	_ = f.WriteData(3, true, nil)
	closedWith(t, wait(t, a.closed, "OnClose"), websocket.CodeAbnormal, io.EOF)
}

// TestStreamSlow gives up a peer that leaves no window, and its handler returns.
func TestStreamSlow(t *testing.T) {
	t.Parallel()
	a := &app{closed: make(chan error, 1)}
	a.message = func(c *websocket.Conn, k websocket.MessageType, p []byte) {
		for c.WriteMessage(k, make([]byte, 1<<16)) == nil {
		}
	}
	h := handler(t, a, websocket.Options{})
	h.Limits = engine.Options{HighWater: 1 << 18}
	up, errs := returned(h, nil)
	f := dialFrames(t, h2c.serve(t, up), 10)
	f.open(1)
	f.data(1, text("much"))
	closedWith(t, wait(t, a.closed, "OnClose"), websocket.CodeAbnormal, engine.ErrSlowConsumer)
	if err := wait(t, errs, "end of Upgrade"); err != nil {
		t.Error(err)
	}
	for {
		if x, ok := f.next().(*http2.RSTStreamFrame); ok {
			diff(t, "code", http2.ErrCodeInternal, x.ErrCode)
			return
		}
	}
}

// TestStreamAddrs: the peer is whom the request names.
func TestStreamAddrs(t *testing.T) {
	t.Parallel()
	seen := make(chan string, 1)
	a := &app{open: func(c *websocket.Conn, _ *websocket.Request) error {
		seen <- fmt.Sprint(c.RemoteAddr(), c.RemoteAddrPort().IsValid(), c.Conn().LocalAddr())
		return nil
	}}
	h := handler(t, a, websocket.Options{})
	s := h2c.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if real := r.Header.Get("X-Real-Ip"); real != "" {
			r.RemoteAddr = real
		}
		h.ServeHTTP(w, r)
	}))
	for real, want := range map[string]string{
		"192.0.2.1": "192.0.2.1:0", "[2001:db8::1]:5": "[2001:db8::1]:5", "@": "",
	} {
		_ = s.open(t, "/", "", "X-Real-Ip: "+real).Close()
		got := wait(t, seen, "OnOpen")
		if !strings.HasPrefix(got, want) || !strings.HasSuffix(got, s.at) {
			t.Errorf("with %s: %s", real, got)
		}
	}
}
