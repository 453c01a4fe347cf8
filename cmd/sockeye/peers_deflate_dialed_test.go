package main_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// dialed is our side of a conversation.
type dialed struct {
	t          *testing.T
	e          *engine.Engine
	h          websocket.Handle
	compressed bool // before Dial returns
	came       chan message
	ended      chan error
}

type message struct {
	kind websocket.MessageType
	text string
}

func (d *dialed) OnOpen(c *websocket.Conn, _ *websocket.Request) error {
	d.compressed = c.Compressed()
	return nil
}

func (d *dialed) OnMessage(_ *websocket.Conn, k websocket.MessageType, p []byte) {
	d.came <- message{k, string(p)}
}

func (d *dialed) OnClose(_ *websocket.Conn, err error) { d.ended <- err }

func newDialed(t *testing.T, url string, z *websocket.Compression) (*dialed, error) {
	t.Helper()
	e, err := engine.New(engine.Config{Loops: 1})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = e.Serve(t.Context())
	}()
	t.Cleanup(func() {
		_ = e.Close()
		<-served
	})
	d := &dialed{t: t, e: e, came: make(chan message, 1000), ended: make(chan error, 1)}
	d.h, err = websocket.Dial(t.Context(), e, url, d, websocket.DialOptions{
		Options: websocket.Options{Compression: z, HandshakeTimeout: patience, CloseTimeout: patience},
		Engine:  engine.DialOptions{Options: engine.Options{HighWater: -1}},
	})
	return d, err
}

func (d *dialed) send(k websocket.MessageType, text string) {
	d.t.Helper()
	if err := d.h.WriteMessage(k, []byte(text)); err != nil {
		d.t.Fatal(err)
	}
}

func (d *dialed) expect(k websocket.MessageType, text string) {
	d.t.Helper()
	select {
	case got := <-d.came:
		if got != (message{k, text}) {
			d.t.Fatalf("%d bytes of type %v came back as %d bytes of type %v, or as others", len(text), k, len(got.text), got.kind)
		}
	case err := <-d.ended:
		d.t.Fatalf("waiting for %d bytes of type %v: %v", len(text), k, err)
	case <-time.After(patience):
		d.t.Fatalf("nothing came for %d bytes of type %v", len(text), k)
	}
}

func (d *dialed) echo(k websocket.MessageType, text string) {
	d.t.Helper()
	d.send(k, text)
	d.expect(k, text)
}

func (d *dialed) converse() {
	d.t.Helper()
	d.echo(websocket.Text, prose(1<<20))
	for _, n := range deflateSizes {
		d.echo(websocket.Text, prose(n))
		d.echo(websocket.Binary, periodic(n, 999))
	}
	for _, n := range []int{250, 260, 500, 600, 1100, 4200, 33_000, 40_000} {
		d.echo(websocket.Binary, periodic(40_000, n))
	}

	whole := prose(3000) // whose fragments end within characters
	for i := 0; i < len(whole); i += 77 {
		if err := d.h.WriteFragment(websocket.Text, []byte(whole[i:min(i+77, len(whole))]), false); err != nil {
			d.t.Fatal(err)
		}
	}
	if err := d.h.WriteFragment(websocket.Text, nil, true); err != nil {
		d.t.Fatal(err)
	}
	d.expect(websocket.Text, whole)

	for i := range 200 {
		d.send(websocket.Text, prose(i*i%2003))
	}
	for i := range 200 {
		d.expect(websocket.Text, prose(i*i%2003))
	}

	before := d.e.Stats()
	d.echo(websocket.Text, prose(20_000))
	after := d.e.Stats()
	in, out := after.BytesRead-before.BytesRead < 10_000, after.BytesWritten-before.BytesWritten < 10_000
	if in != d.compressed || out != d.compressed {
		d.t.Errorf("compressed by the server: %t, by us: %t; agreed: %t", in, out, d.compressed)
	}
}

// again tells whether a message that comes again right away costs almost
// nothing, to be received and to be sent: its window was taken over.
func (d *dialed) again() (received, sent bool) {
	d.t.Helper()
	var in, out [2]uint64
	text := fmt.Sprintf("%x", periodic(80, 40)) // which is worth compressing the first time too
	for i := range in {
		before := d.e.Stats()
		d.echo(websocket.Text, text)
		after := d.e.Stats()
		in[i], out[i] = after.BytesRead-before.BytesRead, after.BytesWritten-before.BytesWritten
	}
	return in[1] < in[0]/2, out[1] < out[0]/2
}

func (d *dialed) close() {
	d.t.Helper()
	if err := d.h.Close(4003, "so long"); err != nil {
		d.t.Fatal(err)
	}
	var err error
	select {
	case err = <-d.ended:
	case <-time.After(patience):
	}
	if ce, ok := err.(*websocket.CloseError); !ok || ce.Code != 4003 || ce.Err != nil {
		d.t.Errorf("after close: %v, want 4003 back", err)
	}
}

// prose has n bytes, in characters of one to four of them.
func prose(n int) string {
	var b strings.Builder
	for i := 0; n-b.Len() > 40; i++ {
		fmt.Fprintf(&b, "%d Grüße, 世界 🐟; ", i)
	}
	return b.String() + strings.Repeat("x", n-b.Len())
}

// periodic has n random bytes, the same again after a period.
func periodic(n, period int) string {
	p := make([]byte, n)
	for i := range p {
		if i < period {
			p[i] = byte(rand.Uint32())
		} else {
			p[i] = p[i-period]
		}
	}
	return string(p)
}
