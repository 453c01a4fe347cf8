package websocket_test

import (
	"bytes"
	"io"
	"testing"
	"testing/iotest"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
)

// FuzzConnRead reads arbitrary bytes: there is no panic, no more memory than the limit, and what comes does not depend on
// how it is cut and read.
func FuzzConnRead(f *testing.F) {
	for _, wire := range []string{
		clientFrame(0x81, "hello"),
		clientFrame(0x01, "he") + clientFrame(0x89, "x") + clientFrame(0x80, "llo") + clientFrame(0x88, "\x03\xe8"),
		clientFrame(0xc1, "\xf2\x48\xcd\xc9\xc9\x07\x00") + clientFrame(0x82, ""),
		clientFrame(0x82, string(make([]byte, 300))),
		"\x82\xff\x00\x00\x7f\xff\xff\xff\xff\xff\x00\x00\x00\x00abc",
	} {
		f.Add([]byte(wire), true, true)
		f.Add([]byte(wire), false, false)
	}
	f.Fuzz(func(t *testing.T, wire []byte, isServer, deflate bool) {
		const limit = 1 << 16
		type result struct {
			all  []byte
			err  string
			sent string
		}
		run := func(wrap func(io.Reader) io.Reader, step int) (r result) {
			var out bytes.Buffer
			c := websocket.NewConn(canned{wrap(bytes.NewReader(bytes.Clone(wire))), &out}, isServer, 0, 0, nil, nil, nil)
			c.SetReadLimit(limit)
			c.SetCloseHandler(func(int, string) error { return nil })
			c.SetPingHandler(func(s string) error { r.all = append(r.all, s...); return nil })
			if deflate {
				c.Deflate()
			}
			for {
				mt, p, err := readBy(c, step)
				if len(p) > limit {
					t.Fatalf("a message of %d bytes", len(p))
				}
				if err != nil {
					r.err = err.Error()
					if isServer { // else the key is another each time
						r.sent = out.String()
					}
					return r
				}
				r.all = append(append(r.all, byte(mt), byte(len(p)), byte(len(p)>>8)), p...)
			}
		}
		want := run(func(r io.Reader) io.Reader { return r }, 0)
		for _, wrap := range []func(io.Reader) io.Reader{iotest.OneByteReader, iotest.DataErrReader, iotest.HalfReader} {
			for _, step := range []int{0, 1, 5000} {
				if got := run(wrap, step); !bytes.Equal(got.all, want.all) || got.err != want.err || got.sent != want.sent {
					t.Fatalf("%q, %s, %x\nwant %q, %s, %x", got.all, got.err, got.sent, want.all, want.err, want.sent)
				}
			}
		}
	})
}

// readBy reads a message, step bytes at a time, or with ReadMessage.
func readBy(c *websocket.Conn, step int) (mt int, p []byte, err error) {
	if step == 0 {
		return c.ReadMessage()
	}
	mt, r, err := c.NextReader()
	for err == nil {
		piece := make([]byte, step)
		var n int
		n, err = r.Read(piece)
		p = append(p, piece[:n]...)
	}
	if err == io.EOF {
		err = nil
	}
	return mt, p, err
}
