package websocket_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/google/go-cmp/cmp"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/enginetest"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// The opening handshake of RFC 6455 section 1.3, and the answer.
const (
	hello = "GET /chat?room=1 HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
	welcome = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)

// helloWith is hello with more header lines.
func helloWith(lines ...string) string {
	return strings.TrimSuffix(hello, "\r\n") + strings.Join(append(lines, "\r\n"), "\r\n")
}

// First bytes of a frame: an opcode, with fin or without.
const (
	fin  = 0x80
	cont = 0x0
	text = 0x1
	bin  = 0x2
	cls  = 0x8
	ping = 0x9
	pong = 0xa
)

// masked writes a frame as a client sends it, from RFC 6455 section 5.2.
func masked(b0 byte, payload string) string {
	const key = 0x3d21fa37 // the one of section 5.7
	b := binary.LittleEndian.AppendUint32(header(b0, 0x80, len(payload)), key)
	b, n := append(b, payload...), len(b)
	for ; n+4 <= len(b); n += 4 {
		binary.LittleEndian.PutUint32(b[n:], binary.LittleEndian.Uint32(b[n:])^key)
	}
	for k := uint32(key); n < len(b); n, k = n+1, k>>8 {
		b[n] ^= byte(k)
	}
	return string(b)
}

// plain writes a frame as a server sends it.
func plain(b0 byte, payload string) string {
	return string(header(b0, 0, len(payload))) + payload
}

func header(b0, mask byte, n int) []byte {
	switch {
	case n < 126:
		return []byte{b0, mask | byte(n)}
	case n < 1<<16:
		return binary.BigEndian.AppendUint16([]byte{b0, mask | 126}, uint16(n))
	}
	return binary.BigEndian.AppendUint64([]byte{b0, mask | 127}, uint64(n))
}

// closing is the payload of a close frame.
func closing(code int, reason string) string {
	return string(binary.BigEndian.AppendUint16(nil, uint16(code))) + reason
}

// brief shortens what would be too long to read in a failure, and only that.
func brief(s string) string {
	if len(s) <= 200 {
		return s
	}
	return fmt.Sprintf("%s... (%d bytes, sum %x)", s[:50], len(s), crc32.ChecksumIEEE([]byte(s)))
}

var opName = [...]string{text: "text ", bin: "binary ", cls: "close ", ping: "ping ", pong: "pong ", 15: "?"}

// bytewise cuts s into its bytes.
func bytewise(s string) (list []string) {
	for i := range len(s) {
		list = append(list, s[i:i+1])
	}
	return list
}

// show writes frames down, as gobwas reads them: what a server may not send
// is an error.
func show(b []byte) (list []string) {
	r := bytes.NewReader(b)
	for r.Len() > 0 {
		h, payload, err := readFrame(r)
		switch {
		case err != nil:
			return append(list, "error: "+err.Error())
		case h.Masked || h.Rsv != 0 || !h.Fin:
			return append(list, fmt.Sprintf("error: header %+v", h))
		}
		list = append(list, brief(opName[h.OpCode]+payload))
	}
	return list
}

// readFrame reads one frame and unmasks it.
func readFrame(r io.Reader) (h ws.Header, payload string, err error) {
	if h, err = ws.ReadHeader(r); err != nil {
		return h, "", err
	}
	b, err := io.ReadAll(io.LimitReader(r, h.Length))
	if err == nil && int64(len(b)) < h.Length {
		err = io.ErrUnexpectedEOF
	}
	if h.Masked {
		ws.Cipher(b, h.Mask, 0)
	}
	return h, string(b), err
}

// want is show for what is expected: opcodes and payloads.
func want(opPayload ...any) (list []string) {
	for i := 0; i < len(opPayload); i += 2 {
		list = append(list, brief(opName[opPayload[i].(int)]+opPayload[i+1].(string)))
	}
	return list
}

func diff(t testing.TB, what string, want, got any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

// app is a Handler made of functions; without message it echoes. It keeps what
// OnClose was told, which must happen once for each good OnOpen.
type app struct {
	open    func(c *websocket.Conn, r *websocket.Request) error
	message func(c *websocket.Conn, t websocket.MessageType, p []byte)
	close   func(c *websocket.Conn, err error)
	closed  []error
}

func (a *app) OnOpen(c *websocket.Conn, r *websocket.Request) error {
	if a.open == nil {
		return nil
	}
	return a.open(c, r)
}

func (a *app) OnMessage(c *websocket.Conn, t websocket.MessageType, p []byte) {
	if a.message == nil {
		_ = c.WriteMessage(t, p)
		return
	}
	a.message(c, t, p)
}

func (a *app) OnClose(c *websocket.Conn, err error) {
	a.closed = append(a.closed, err)
	if a.close != nil {
		a.close(c, err)
	}
}

// endedWith wants OnClose to have been called once, with the code and the cause;
// nil means no cause.
func (a *app) endedWith(t testing.TB, code int, cause error) {
	t.Helper()
	if len(a.closed) != 1 {
		t.Errorf("OnClose was called %d times, want once: %v", len(a.closed), a.closed)
		return
	}
	closedWith(t, a.closed[0], code, cause)
}

func closedWith(t testing.TB, err error, code int, cause error) {
	t.Helper()
	var ce *websocket.CloseError
	switch {
	case !errors.As(err, &ce):
		t.Errorf("OnClose was told %v, want a *CloseError", err)
	case ce.Code != code || (cause == nil) != (ce.Err == nil) || !errors.Is(ce.Err, cause):
		t.Errorf("OnClose was told %v, want code %d and cause %v", err, code, cause)
	}
}

// silent is for tests whose handlers panic on purpose.
var silent = slog.New(slog.DiscardHandler)

// patience bounds every wait; it only passes when a test fails.
const patience = 30 * time.Second

func wait[T any](t testing.TB, ch <-chan T, what string) T {
	t.Helper()
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case v := <-ch:
		return v
	case <-timer.C:
		t.Fatalf("no %s within %v", what, patience)
		panic("not reached")
	}
}

// memory is a loop without sockets.
func memory(t testing.TB) *enginetest.Loop {
	t.Helper()
	return enginetest.NewLoop(t, engine.Config{Logger: silent})
}

// join brings a peer whose handshake is done.
func join(t testing.TB, l *enginetest.Loop, srv *websocket.Server, o engine.Options) *enginetest.Peer {
	t.Helper()
	p := l.Connect(srv, o)
	p.Send([]byte(hello))
	if got := string(p.Received()); got != welcome {
		t.Fatalf("handshake answered with %q", got)
	}
	return p
}

// wire is the client's end of a real connection, without a protocol.
type wire struct {
	net.Conn
	t testing.TB
	r *bufio.Reader
}

// knock connects to a server of url.
func knock(t testing.TB, url string) *wire {
	t.Helper()
	nc, err := net.Dial("tcp", strings.Trim(url, "ws:/"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	if err := nc.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return &wire{nc, t, bufio.NewReader(nc)}
}

// shake connects and does the opening handshake.
func shake(t testing.TB, url string) *wire {
	t.Helper()
	w := knock(t, url)
	w.send(hello)
	w.expect(welcome)
	return w
}

func (w *wire) send(s string) {
	w.t.Helper()
	if _, err := io.WriteString(w.Conn, s); err != nil {
		w.t.Fatal(err)
	}
}

// expect wants these bytes next.
func (w *wire) expect(want string) {
	w.t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(w.r, got); err != nil {
		w.t.Fatalf("after %q: %v", brief(string(got[:n])), err)
	}
	if string(got) != want {
		w.t.Fatalf("received %q, want %q", brief(string(got)), brief(want))
	}
}

// rest reads to the end, which must be a FIN: a reset is an error.
func (w *wire) rest() []byte {
	w.t.Helper()
	b, err := io.ReadAll(w.r)
	if err != nil {
		w.t.Fatalf("after %q: %v", brief(string(b)), err)
	}
	return b
}

// fixture is one connection in memory, with all that a test may want of it.
type fixture struct {
	t      testing.TB
	l      *enginetest.Loop
	h      *app
	srv    *websocket.Server
	p      *enginetest.Peer
	handle websocket.Handle
}

func fix(t testing.TB, o engine.Options, wo websocket.Options) *fixture {
	t.Helper()
	f := &fixture{t: t, l: memory(t), h: &app{}}
	f.h.open = func(c *websocket.Conn, _ *websocket.Request) error {
		f.handle = c.Handle()
		return nil
	}
	f.srv = websocket.NewServer(f.h, wo)
	f.p = join(t, f.l, f.srv, o)
	return f
}

// post runs fn on the loop.
func (f *fixture) post(fn func(c *websocket.Conn)) {
	f.t.Helper()
	if err := f.handle.Post(fn); err != nil {
		f.t.Fatal(err)
	}
	f.l.Drain()
}
