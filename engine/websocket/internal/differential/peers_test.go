package differential_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"

	coder "github.com/coder/websocket"
	gorilla "github.com/gorilla/websocket"
)

// gorillaServer is what gorilla does with a stream, as a server that echoes.
func gorillaServer(s *stream) (outcome, error) {
	nc := &script{reads: s.reads(), last: errCut}
	up := gorilla.Upgrader{EnableCompression: s.packing != plain}
	w := &response{nc: nc, header: http.Header{}}
	c, err := up.Upgrade(w, request(s.terms()), nil)
	if err != nil {
		return outcome{}, err
	}
	nc.out.Reset() // the answer
	return echoGorilla(c, nc, s, false)
}

func echoGorilla(c *gorilla.Conn, nc *script, s *stream, masked bool) (outcome, error) {
	c.SetReadLimit(s.limit)
	for {
		t, p, err := c.ReadMessage()
		if err != nil {
			break
		}
		if err := c.WriteMessage(t, p); err != nil {
			return outcome{}, err
		}
	}
	otherwise := dropped
	if nc.starved {
		otherwise = waiting
	}
	_ = c.Close()
	return read(nc.out.Bytes(), masked, s.packing, otherwise)
}

// coders is held while a connection of coder/websocket lives: one that gets a
// close frame inside a compressed message gives its readers back to their pools
// while it still reads from them, and another connection may take them (read.go,
// msgReader.close), which is a data race.
var coders sync.Mutex

// coderServer is what coder/websocket does with a stream.
func coderServer(s *stream) (outcome, error) {
	coders.Lock()
	defer coders.Unlock()
	nc := &script{reads: s.reads(), last: errCut}
	w := &response{nc: nc, header: http.Header{}}
	c, err := coder.Accept(w, request(s.terms()), &coder.AcceptOptions{CompressionMode: modes[s.packing], CompressionThreshold: 20})
	if err != nil {
		return outcome{}, err
	}
	if got := w.header.Get("Sec-WebSocket-Extensions"); !agrees(got, s) {
		return outcome{}, fmt.Errorf("agreed on %q", got)
	}
	return echoCoder(c, nc, s, false)
}

func echoCoder(c *coder.Conn, nc *script, s *stream, masked bool) (outcome, error) {
	c.SetReadLimit(s.limit)
	for {
		t, p, err := readCoder(c)
		if err != nil {
			break
		}
		if err := c.Write(context.Background(), t, p); err != nil {
			return outcome{}, err
		}
	}
	otherwise := dropped
	if nc.starved {
		otherwise = waiting
	}
	_ = c.CloseNow()
	return read(nc.out.Bytes(), masked, s.packing, otherwise)
}

// readCoder reads a message. With context takeover a close frame between the
// fragments of a compressed message, which is a right thing to send (RFC 6455
// section 5.4), makes coder/websocket answer it and then panic: it has given its
// window back (read.go, msgReader.Read after close).
func readCoder(c *coder.Conn) (t coder.MessageType, p []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return c.Read(context.Background())
}

// request is the opening handshake of RFC 6455 section 1.3, as net/http has it.
func request(extensions []string) *http.Request {
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(hello(extensions))))
	if err != nil {
		panic(err)
	}
	return r
}

func hello(extensions []string) []byte {
	var b bytes.Buffer
	b.WriteString("GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n")
	for _, e := range extensions {
		b.WriteString("Sec-WebSocket-Extensions: " + e + "\r\n")
	}
	b.WriteString("\r\n")
	return b.Bytes()
}

// modes are those of coder.
var modes = map[packing]coder.CompressionMode{
	noTakeover: coder.CompressionNoContextTakeover,
	takeover:   coder.CompressionContextTakeover,
}

// agrees tells whether the extensions of a server's answer are those that the
// stream wants. The order of the parameters means nothing.
func agrees(field string, s *stream) bool {
	norm := func(s string) string {
		parts := strings.Split(s, "; ")
		slices.Sort(parts)
		return strings.Join(parts, "; ")
	}
	return norm(field) == norm(strings.Join(s.terms(), ", "))
}

// response is a http.ResponseWriter that gives its connection away.
type response struct {
	nc     *script
	header http.Header
}

func (r *response) Header() http.Header         { return r.header }
func (r *response) Write(p []byte) (int, error) { return len(p), nil }
func (r *response) WriteHeader(int)             {}

// Hijack gives the connection away with empty buffers.
func (r *response) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return r.nc, bufio.NewReadWriter(bufio.NewReader(r.nc), bufio.NewWriter(r.nc)), nil
}

// dialled plays the server in the opening handshake of a client, which chooses
// its key at random.
type dialled struct {
	*script
	asked bool
	terms []string
}

func (d *dialled) Write(p []byte) (int, error) {
	if d.asked {
		return d.script.Write(p)
	}
	d.asked = true
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(p)))
	if err != nil {
		return 0, err
	}
	d.reads = append([][]byte{welcome(r.Header.Get("Sec-WebSocket-Key"), d.terms)}, d.reads...)
	return len(p), nil
}

// gorillaClient is what gorilla does with a stream, as a client that echoes.
func gorillaClient(s *stream) (outcome, error) {
	nc := &dialled{script: &script{reads: s.reads(), last: errCut}, terms: s.terms()}
	d := gorilla.Dialer{EnableCompression: s.packing != plain, NetDial: func(string, string) (net.Conn, error) { return nc, nil }}
	c, resp, err := d.Dial("ws://a/", nil)
	if err != nil {
		return outcome{}, err
	}
	_ = resp.Body.Close()
	return echoGorilla(c, nc.script, s, true)
}

// coderClient is what coder/websocket does with a stream, as a client.
func coderClient(s *stream) (outcome, error) {
	coders.Lock()
	defer coders.Unlock()
	nc := &script{reads: s.reads(), last: errCut}
	c, _, err := coder.Dial(context.Background(), "ws://a/", &coder.DialOptions{
		CompressionMode: modes[s.packing], CompressionThreshold: 20,
		HTTPClient: &http.Client{Transport: trip(func(r *http.Request) (*http.Response, error) {
			resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(welcome(r.Header.Get("Sec-WebSocket-Key"), s.terms()))), r)
			if err == nil {
				resp.Body = nc
			}
			return resp, err
		})},
	})
	if err != nil {
		return outcome{}, err
	}
	return echoCoder(c, nc, s, true)
}

type trip func(*http.Request) (*http.Response, error)

func (t trip) RoundTrip(r *http.Request) (*http.Response, error) { return t(r) }

var _ io.ReadWriteCloser = (*script)(nil)
