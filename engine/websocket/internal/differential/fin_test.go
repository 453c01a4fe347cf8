package differential_test

import (
	"context"
	"io"
	"testing"

	coder "github.com/coder/websocket"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/enginetest"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// half is a message of which the second fragment is missing.
const half = "\x01\x83\x00\x00\x00\x00abc"

// TestFinInsideMessage ends the connection between the fragments of a message.
// RFC 6455 section 5.6 knows no message without its last frame, and 7.1.5 makes
// this an abnormal end. Ours gives the application nothing. coder/websocket
// takes the io.EOF of the connection for that of the message and gives what it
// has as if it were whole, here and in other places inside a message, depending
// on its buffers. That is why the streams of the other tests end with another
// error.
func TestFinInsideMessage(t *testing.T) {
	t.Parallel()
	h := &echo{}
	p := enginetest.NewLoop(t, engine.Config{}).Connect(websocket.NewServer(h, websocket.Options{}), engine.Options{})
	p.Send(append(hello(nil), half...))
	p.CloseWrite()
	if out := p.Received(); string(out) != string(welcome("dGhlIHNhbXBsZSBub25jZQ==", nil)) {
		t.Errorf("ours answered with %q", out)
	}
	if len(h.closed) != 1 {
		t.Errorf("OnClose: %v", h.closed)
	}

	s := &stream{in: []byte(half), limit: 1000}
	if o, err := gorillaServer(s); err != nil || len(o.answers) > 0 {
		t.Errorf("gorilla: %v %v", o, err)
	}

	nc := &script{reads: s.reads(), last: io.EOF}
	c, err := coder.Accept(&response{nc: nc, header: map[string][]string{}}, request(nil), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.CloseNow() }()
	if _, b, err := c.Read(context.Background()); err != nil || string(b) != "abc" {
		t.Errorf("coder has changed: it gives %q and %v. Its streams may end with io.EOF now", b, err)
	}
}
