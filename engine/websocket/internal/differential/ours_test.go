package differential_test

import (
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/sockeye-io/sockeye/codec/wsproto"
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

// ourServer is what our server does with a stream.
func ourServer(t testing.TB, s *stream) (outcome, error) {
	h := &echo{}
	b := &brief{TB: t}
	defer b.over()
	l := enginetest.NewLoop(b, engine.Config{ReadBuffer: 8 << 10, Logger: slog.New(slog.DiscardHandler)})
	p := l.Connect(websocket.NewServer(h, websocket.Options{MaxMessage: s.limit}), engine.Options{})
	p.Send(hello(nil))
	if got, want := string(p.Received()), string(welcome("dGhlIHNhbXBsZSBub25jZQ==")); got != want {
		return outcome{}, fmt.Errorf("handshake answered with %q", got)
	}
	for _, r := range s.reads() {
		p.Send(r)
	}
	otherwise := waiting
	if p.SawFIN() {
		otherwise = dropped
	}
	o, err := read(p.Received(), false, otherwise)
	if err != nil {
		return o, err
	}
	p.CloseWrite()
	var ce *websocket.CloseError
	switch told := o.end; {
	case len(h.closed) != 1 || !errors.As(h.closed[0], &ce) || !p.Closed():
		err = fmt.Errorf("OnClose was told %v, closed %v", h.closed, p.Closed())
	case told == waiting && ce.Code != websocket.CodeAbnormal, told > 0 && ce.Code != int(told):
		err = fmt.Errorf("OnClose was told %w after %v", ce, told)
	case l.Stats().HandlerPanics > 0:
		err = errors.New("a panic")
	}
	return o, err
}

// ourClient is what a client does that is driven by our decoder alone.
func ourClient(_ testing.TB, s *stream) (o outcome, err error) {
	d := wsproto.NewDecoder(&wsproto.Config{Client: true, MaxMessage: s.limit})
	o.end = waiting
	var kept, msg []byte
	for _, b := range s.reads() {
		for kept = append(kept, b...); o.end == waiting; {
			ev, n, err := d.Next(kept)
			if err != nil {
				o.end = ending(err.(*wsproto.Error).Code)
				break
			}
			if n == 0 {
				break
			}
			kept = kept[n:]
			switch ev.Op {
			case wsproto.OpText, wsproto.OpBinary:
				if ev.First {
					msg = nil
				}
				if msg = append(msg, ev.Payload...); ev.Last {
					o.answers = append(o.answers, answer(byte(ev.Op), msg))
				}
			case wsproto.OpPing:
				o.answers = append(o.answers, answer(opPong, ev.Payload))
			case wsproto.OpClose:
				code, _, err := wsproto.ParseClose(ev.Payload)
				if err != nil {
					code = err.(*wsproto.Error).Code
				}
				o.end = ending(code)
			}
		}
	}
	return o, nil
}

// welcome is the answer to an opening handshake, from RFC 6455 section 4.2.2.
func welcome(key string, lines ...string) []byte {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	b := []byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Accept: " + base64.StdEncoding.EncodeToString(sum[:]) + "\r\n")
	for _, l := range lines {
		b = append(b, l+"\r\n"...)
	}
	return append(b, "\r\n"...)
}
