package websocket_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
)

// echoAll sends back what comes, in every way there is, until there is an error.
func echoAll(c *websocket.Conn, done chan<- error) {
	for i := 0; ; i++ {
		if i%3 > 0 {
			mt, p, err := c.ReadMessage()
			if err != nil {
				done <- err
				return
			}
			if i%3 == 1 {
				err = c.WriteMessage(mt, p)
			} else {
				err = writeBy(c, mt, bytes.NewReader(p))
			}
			if err != nil {
				done <- err
				return
			}
			continue
		}
		mt, r, err := c.NextReader()
		if err == nil {
			err = writeBy(c, mt, r)
		}
		if err != nil {
			done <- err
			return
		}
	}
}

func writeBy(c *websocket.Conn, mt int, r io.Reader) error {
	w, err := c.NextWriter(mt)
	if err != nil {
		return err
	}
	if _, err := io.Copy(w, r); err != nil {
		return err
	}
	return w.Close()
}

// One conversation over every kind of connection.
func TestConnTalk(t *testing.T) {
	t.Parallel()
	for name := range transports {
		for _, deflate := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s,deflate=%t", name, deflate), func(t *testing.T) {
				t.Parallel()
				server, client := connPair(t, name)
				if deflate {
					server.Deflate()
					client.Deflate()
				}
				done := make(chan error, 1)
				go echoAll(server, done)
				rng := rand.New(rand.NewPCG(1, 2))
				for i, n := range []int{0, 1, 125, 126, 127, 4095, 4096, 4097, 16383, 16384, 16385, 65535, 65536, 65537, 300_000, 1, 5, 70_000, 0, 10_000} {
					p := make([]byte, n)
					for j := range p {
						p[j] = byte('a' + rng.IntN(1+i%26))
					}
					if err := client.SetCompressionLevel(i%12 - 2); err != nil {
						t.Fatal(err)
					}
					written := make(chan error, 1)
					go func() {
						if i%2 == 0 {
							written <- client.WriteMessage(1+i%2, p)
							return
						}
						w, err := client.NextWriter(1 + i%2)
						for q := p; err == nil && len(q) > 0; {
							k := min(len(q), 1+rng.IntN(3000))
							if i%4 == 1 {
								_, err = w.Write(q[:k])
							} else {
								s := string(q[:k])
								_, err = io.WriteString(w, s)
							}
							q = q[k:]
						}
						if err == nil {
							err = w.Close()
						}
						written <- err
					}()
					mt, got, err := client.ReadMessage()
					if err != nil || mt != 1+i%2 || !bytes.Equal(got, p) {
						t.Fatalf("%d bytes: type %d, %d bytes, %v", n, mt, len(got), err)
					}
					if got == nil {
						t.Errorf("%d bytes are nil", n)
					}
					if err := <-written; err != nil {
						t.Fatal(err)
					}
				}
				go func() {
					_ = client.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseGoingAway, "bye"))
				}()
				_, _, err := client.ReadMessage()
				if !websocket.IsCloseError(err, websocket.CloseGoingAway) {
					t.Errorf("the client's end: %v", err)
				}
				if err := <-done; err == nil || err.Error() != "websocket: close 1001 (going away): bye" {
					t.Errorf("the server's end: %v", err)
				}
				if err := server.WriteMessage(websocket.TextMessage, nil); err != websocket.ErrCloseSent {
					t.Errorf("a write after the end: %v", err)
				}
			})
		}
	}
}

// A message that is written in pieces and compressed has matches over the pieces.
func TestConnDeflatePieces(t *testing.T) {
	t.Parallel()
	var wire bytes.Buffer
	w := websocket.NewConn(canned{nil, &wire}, true, 0, 0, nil, nil, nil)
	r := websocket.NewConn(canned{&wire, io.Discard}, false, 0, 0, nil, nil, nil)
	w.Deflate()
	r.Deflate()
	rng := rand.New(rand.NewPCG(3, 4))
	once := make([]byte, 30_000)
	for i := range once {
		once[i] = byte(rng.Uint32())
	}
	all := bytes.Repeat(once, 10)
	mw, err := w.NextWriter(websocket.BinaryMessage)
	if err != nil {
		t.Fatal(err)
	}
	for p := all; len(p) > 0; {
		n := min(len(p), 1+rng.IntN(50_000))
		if k, err := mw.Write(p[:n]); k != n || err != nil {
			t.Fatal(k, err)
		}
		p = p[n:]
	}
	if err := mw.Close(); err != nil {
		t.Fatal(err)
	}
	if wire.Len() > 40_000 {
		t.Errorf("%d bytes on the wire for 30,000 that are repeated", wire.Len())
	}
	if _, got, err := r.ReadMessage(); err != nil || !bytes.Equal(got, all) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// Bytes that came with the handshake are read first, whatever they hold.
func TestConnEarly(t *testing.T) {
	t.Parallel()
	wire := clientFrame(0x01, "ab") + clientFrame(0x89, "ping") + clientFrame(0x80, strings.Repeat("c", 5000)) + clientFrame(0x82, "end")
	for cut := range len(wire) {
		if cut > 40 && cut < 5000 && cut%97 != 0 {
			continue
		}
		a, b := net2(t)
		br := bufferedReader(wire[:cut])
		c := websocket.NewConn(a, true, 0, 0, nil, br, nil)
		go func() { _, _ = io.WriteString(b, wire[cut:]) }()
		go func() { _, _ = io.Copy(io.Discard, b) }()
		if _, p, err := c.ReadMessage(); err != nil || string(p) != "ab"+strings.Repeat("c", 5000) {
			t.Fatalf("cut at %d: %d bytes, %v", cut, len(p), err)
		}
		if _, p, err := c.ReadMessage(); err != nil || string(p) != "end" {
			t.Fatalf("cut at %d: %q, %v", cut, p, err)
		}
		_ = a.Close()
		_ = b.Close()
	}
}
