package websocket_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// What a peer must not send, the error of it, and the close frame that it gets.
func TestConnRefuses(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 126)
	bomb := string(wsproto.NewDeflater(9).Append(nil, make([]byte, 100_000), 0, nil, true))
	for name, tt := range map[string]struct {
		wire, want string
		code       int // 0: no close frame
		deflate    bool
	}{
		"all reserved bits":         {wire: clientFrame(0xf1, ""), want: "websocket: RSV1 set, RSV2 set, RSV3 set", code: 1002},
		"joined":                    {wire: clientFrame(0xa3, ""), want: "websocket: RSV2 set, bad opcode 3", code: 1002},
		"not masked":                {wire: "\x81\x01a", want: "websocket: bad MASK", code: 1002},
		"not masked, and an opcode": {wire: "\x8f\x01a", want: "websocket: bad opcode 15, bad MASK", code: 1002},
		"long ping":                 {wire: clientFrame(0x89, long), want: "websocket: len > 125 for control", code: 1002},
		"fragmented ping":           {wire: clientFrame(0x09, ""), want: "websocket: FIN not set on control", code: 1002},
		"continuation of nothing":   {wire: clientFrame(0x80, ""), want: "websocket: continuation after FIN", code: 1002},
		"message in a message":      {wire: clientFrame(0x01, "a") + clientFrame(0x81, "b"), want: "websocket: data before FIN", code: 1002},
		"length of 16 bits":         {wire: "\x81\xfe\x00\x01\x01\x02\x03\x04a", want: "websocket: length not minimal", code: 1002},
		"length of 64 bits":         {wire: "\x81\xff\x00\x00\x00\x00\x00\x00\xff\xff\x01\x02\x03\x04a", want: "websocket: length not minimal", code: 1002},
		"negative length":           {wire: "\x81\xff\xff\x00\x00\x00\x00\x00\xff\xff", want: "websocket: read limit exceeded"},
		"close code":                {wire: clientFrame(0x88, "\x03\xed"), want: "websocket: bad close code 1005", code: 1002},
		"close code 1014":           {wire: clientFrame(0x88, "\x03\xf6"), want: "websocket: bad close code 1014", code: 1002},
		"close code 5000":           {wire: clientFrame(0x88, "\x13\x88"), want: "websocket: bad close code 5000", code: 1002},
		"close text":                {wire: clientFrame(0x88, "\x03\xe8\xff"), want: "websocket: invalid utf8 payload in close frame", code: 1002},
		"close of one byte":         {wire: clientFrame(0x88, "\x03"), want: "websocket: bad close payload", code: 1002},
		"close":                     {wire: clientFrame(0x88, "\x0b\xb8bye"), want: "websocket: close 3000: bye", code: 3000},
		"close without a code":      {wire: clientFrame(0x88, ""), want: "websocket: close 1005 (no status)", code: 1005},
		"text":                      {wire: clientFrame(0x81, "a\xff"), want: "websocket: invalid utf8 payload in text message", code: 1007},
		"text cut off":              {wire: clientFrame(0x01, "\xe2\x82") + clientFrame(0x80, ""), want: "websocket: invalid utf8 payload in text message", code: 1007},
		"too big":                   {wire: clientFrame(0x82, strings.Repeat("x", 1001)), want: "websocket: read limit exceeded", code: 1009},
		"too big in fragments":      {wire: clientFrame(0x02, strings.Repeat("x", 600)) + clientFrame(0x80, strings.Repeat("x", 401)), want: "websocket: read limit exceeded", code: 1009},
		"too big decompressed":      {wire: clientFrame(0xc2, bomb), want: "websocket: read limit exceeded", code: 1009, deflate: true},
		"corrupt":                   {wire: clientFrame(0xc2, "\x06"), want: "websocket: corrupt compressed message", code: 1007, deflate: true},
		"text decompressed":         {wire: clientFrame(0xc1, "\x00\x01\x00\xfe\xff\xff\x00"), want: "websocket: invalid utf8 payload in text message", code: 1007, deflate: true},
		"compressed continuation":   {wire: clientFrame(0x41, "") + clientFrame(0xc0, ""), want: "websocket: RSV1 set", code: 1002, deflate: true},
		"compressed ping":           {wire: clientFrame(0xc9, ""), want: "websocket: RSV1 set", code: 1002, deflate: true},
		"end":                       {wire: "", want: "websocket: close 1006 (abnormal closure): unexpected EOF"},
		"end in a header":           {wire: "\x81", want: "websocket: close 1006 (abnormal closure): unexpected EOF"},
		"end in a message":          {wire: clientFrame(0x01, "abc"), want: "websocket: close 1006 (abnormal closure): unexpected EOF"},
		"end in a compressed one":   {wire: clientFrame(0x41, "\xf2\x48"), want: "websocket: close 1006 (abnormal closure): unexpected EOF", deflate: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for way, read := range readWays {
				c, out := reading(tt.wire, true)
				c.SetReadLimit(1000)
				if tt.deflate {
					c.Deflate()
				}
				err := read(c)
				for err == nil {
					err = read(c)
				}
				if err.Error() != tt.want {
					t.Errorf("%s: %v", way, err)
				}
				if again := read(c); again != err {
					t.Errorf("%s: and again: %v", way, again)
				}
				if got := closeCode(t, out.Bytes()); got != tt.code {
					t.Errorf("%s: close code %d, want %d", way, got, tt.code)
				}
			}
		})
	}
}

// readWays read one message.
var readWays = map[string]func(c *websocket.Conn) error{
	"ReadMessage": func(c *websocket.Conn) error {
		_, _, err := c.ReadMessage()
		return err
	},
	"NextReader": func(c *websocket.Conn) error {
		_, r, err := c.NextReader()
		if err != nil {
			return err
		}
		p := make([]byte, 3)
		for {
			switch _, err := r.Read(p); err {
			case nil:
			case io.EOF:
				return nil
			default:
				if _, again := r.Read(p); again != err {
					return errors.New("another error when read again")
				}
				return err
			}
		}
	},
}

// closeCode is that of the only frame, a close frame, in p: 1005 when it is empty, 0 when there is none.
func closeCode(t *testing.T, p []byte) int {
	t.Helper()
	if len(p) == 0 {
		return 0
	}
	h, n, err := wsproto.ParseHeader(p)
	if err != nil || n == 0 || h.OpCode != wsproto.OpClose || n+int(h.Length) != len(p) {
		t.Fatalf("%x is not a close frame", p)
	}
	if h.Length == 0 {
		return websocket.CloseNoStatusReceived
	}
	return int(p[n])<<8 | int(p[n+1])
}

// What comes before a fault is not lost.
func TestConnReadsUpToFault(t *testing.T) {
	t.Parallel()
	c, _ := reading(clientFrame(0x01, "abc")+clientFrame(0x80, "def\xff"), true)
	mt, p, err := c.ReadMessage()
	if mt != websocket.TextMessage || string(p) != "abc" || err == nil {
		t.Errorf("type %d, %q, %v", mt, p, err)
	}
	c, _ = reading(clientFrame(0x02, "abc"), true)
	mt, p, err = c.ReadMessage()
	if mt != websocket.BinaryMessage || string(p) != "abc" || err != websocket.ErrUnexpectedEOF {
		t.Errorf("type %d, %q, %v", mt, p, err)
	}
}

// A handler's error is that of reading, and the close handler is called before there is one.
func TestConnHandlers(t *testing.T) {
	t.Parallel()
	c, out := reading(clientFrame(0x89, "1")+clientFrame(0x8a, "2")+clientFrame(0x88, "\x03\xe8why"), true)
	var heard []string
	c.SetPingHandler(func(s string) error { heard = append(heard, "ping "+s); return nil })
	c.SetPongHandler(func(s string) error { heard = append(heard, "pong "+s); return nil })
	c.SetCloseHandler(func(code int, s string) error { heard = append(heard, "close "+s); return nil })
	_, _, err := c.ReadMessage()
	if got := strings.Join(heard, ", "); got != "ping 1, pong 2, close why" || !websocket.IsCloseError(err, 1000) || out.Len() > 0 {
		t.Errorf("%s; %v; %d bytes written", got, err, out.Len())
	}
	bad := errors.New("bad")
	for _, b0 := range []byte{0x89, 0x8a, 0x88} {
		c, _ := reading(clientFrame(b0, ""), true)
		c.SetPingHandler(func(string) error { return bad })
		c.SetPongHandler(func(string) error { return bad })
		c.SetCloseHandler(func(int, string) error { return bad })
		for range 2 {
			if _, _, err := c.NextReader(); err != bad {
				t.Errorf("%x: %v", b0, err)
			}
		}
	}
	c, out = reading("", true)
	c.SetPingHandler(nil)
	if err := errors.Join(c.PingHandler()("x"), c.PongHandler()("x"), c.CloseHandler()(1000, "x")); err != nil || out.String() != "\x8a\x01x\x88\x02\x03\xe8" {
		t.Errorf("%q, %v", out, err)
	}
}

// A Conn that is nil, and one that is zero, says so.
func TestConnNil(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		c    *websocket.Conn
		want error
	}{{nil, websocket.ErrNilConn}, {new(websocket.Conn), websocket.ErrNilNetConn}} {
		c := tt.c
		_, _, err1 := c.NextReader()
		_, _, err2 := c.ReadMessage()
		pm, err := websocket.NewPreparedMessage(websocket.TextMessage, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i, err := range []error{
			err1, err2, c.Close(), c.SetReadDeadline(anyTime), c.WriteMessage(websocket.TextMessage, nil),
			c.WriteControl(websocket.PingMessage, nil, anyTime), c.WriteJSON(1), c.ReadJSON(new(int)), c.WritePreparedMessage(pm),
		} {
			if err != tt.want {
				t.Errorf("%d: %v, want %v", i, err, tt.want)
			}
		}
		if c.LocalAddr() != nil || c.RemoteAddr() != nil || c.NetConn() != nil || c.UnderlyingConn() != nil || c.Subprotocol() != "" {
			t.Error("something of nothing")
		}
		c.SetReadLimit(1)
		c.EnableWriteCompression(true)
	}
	var c *websocket.Conn
	c.SetPingHandler(nil)
	c.SetPongHandler(nil)
	c.SetCloseHandler(nil)
	if c.PingHandler() != nil || c.PongHandler() != nil || c.CloseHandler() != nil {
		t.Error("handlers of nothing")
	}
	if _, err := c.NextWriter(1); err != websocket.ErrNilConn || c.SetWriteDeadline(anyTime) != err || c.SetCompressionLevel(1) != err {
		t.Error(err)
	}
}
