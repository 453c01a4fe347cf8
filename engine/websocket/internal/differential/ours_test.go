package differential_test

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"testing"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/enginetest"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// echo is the application on our side. It remembers how it was told to end.
type echo struct{ closed []error }

func (*echo) OnOpen(*websocket.Conn, *websocket.Request) error { return nil }

func (*echo) OnMessage(c *websocket.Conn, t websocket.MessageType, p []byte) {
	_ = c.WriteMessage(t, p)
}

func (e *echo) OnClose(_ *websocket.Conn, err error) { e.closed = append(e.closed, err) }

// pieces passes on every piece of a message as it comes.
type pieces struct{ echo }

func (*pieces) OnFragment(c *websocket.Conn, t websocket.MessageType, p []byte, last bool) {
	_ = c.WriteFragment(t, p, last)
}

// brief is a test that ends with the stream, so that thousands of loops are not
// kept until the real one ends.
type brief struct {
	testing.TB
	cleanup []func()
}

func (b *brief) Cleanup(f func()) { b.cleanup = append(b.cleanup, f) }

func (b *brief) over() {
	for _, f := range b.cleanup {
		f()
	}
}

// ourServer is what our server does with a stream, with messages or with
// fragments.
func ourServer(t testing.TB, s *stream, fragments bool) (outcome, error) {
	var app websocket.Handler
	h := &echo{}
	if app = h; fragments {
		p := &pieces{}
		app, h = p, &p.echo
	}
	b := &brief{TB: t}
	defer b.over()
	l := enginetest.NewLoop(b, engine.Config{ReadBuffer: 8 << 10, Logger: slog.New(slog.DiscardHandler)})
	o := websocket.Options{MaxMessage: s.limit}
	if s.packing != plain {
		o.Compression = &websocket.Compression{Takeover: s.packing == takeover, Threshold: 20}
	}
	p := l.Connect(websocket.NewServer(app, o), engine.Options{})
	p.Send(hello(s.terms()))
	head, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(p.Received())), nil)
	if err != nil || head.StatusCode != 101 || !agrees(head.Header.Get("Sec-WebSocket-Extensions"), s) {
		return outcome{}, fmt.Errorf("handshake answered with %v, %w", head, err)
	}
	for _, r := range s.reads() {
		p.Send(r)
	}
	otherwise := waiting
	if p.SawFIN() {
		otherwise = dropped
	}
	got, err := read(p.Received(), false, s.packing, otherwise)
	if err != nil {
		return got, err
	}
	p.CloseWrite()
	var ce *websocket.CloseError
	switch told := got.end; {
	case len(h.closed) != 1 || !errors.As(h.closed[0], &ce) || !p.Closed():
		err = fmt.Errorf("OnClose was told %v, closed %v", h.closed, p.Closed())
	case told == waiting && ce.Code != websocket.CodeAbnormal, told > 0 && ce.Code != int(told):
		err = fmt.Errorf("OnClose was told %w after %v", ce, told)
	case l.Stats().HandlerPanics > 0:
		err = errors.New("a panic")
	}
	return got, err
}

// welcome is the answer to an opening handshake, from RFC 6455 section 4.2.2.
func welcome(key string, extensions []string) []byte {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	b := []byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: " + base64.StdEncoding.EncodeToString(sum[:]) + "\r\n")
	for _, e := range extensions {
		b = append(b, "Sec-WebSocket-Extensions: "+e+"\r\n"...)
	}
	return append(b, "\r\n"...)
}
