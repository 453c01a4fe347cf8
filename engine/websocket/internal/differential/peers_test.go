package differential_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"

	coder "github.com/coder/websocket"
	gorilla "github.com/gorilla/websocket"
)

// gorillaServer is what gorilla does with a stream, as a server that echoes.
func gorillaServer(s *stream) (outcome, error) {
	nc := &script{reads: s.reads(), last: errCut}
	up := gorilla.Upgrader{}
	c, err := up.Upgrade(&response{nc: nc, header: http.Header{}}, request(nil), nil)
	if err != nil {
		return outcome{}, err
	}
	welcomed(nc)
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
	return read(nc.out.Bytes(), masked, otherwise)
}

// coderServer is what coder/websocket does with a stream.
func coderServer(s *stream) (outcome, error) {
	nc := &script{reads: s.reads(), last: errCut}
	c, err := coder.Accept(&response{nc: nc, header: http.Header{}}, request(nil), nil)
	if err != nil {
		return outcome{}, err
	}
	welcomed(nc)
	return echoCoder(c, nc, s, false)
}

func echoCoder(c *coder.Conn, nc *script, s *stream, masked bool) (outcome, error) {
	c.SetReadLimit(s.limit)
	for {
		t, p, err := c.Read(context.Background())
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
	return read(nc.out.Bytes(), masked, otherwise)
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

// welcomed forgets the answer to the handshake, which may be there, and returns
// it.
func welcomed(nc *script) []byte {
	head := bytes.Clone(nc.out.Bytes())
	nc.out.Reset()
	return head
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
	d.reads = append([][]byte{welcome(r.Header.Get("Sec-WebSocket-Key"))}, d.reads...)
	return len(p), nil
}

// gorillaClient is what gorilla does with a stream, as a client that echoes.
func gorillaClient(s *stream) (outcome, error) {
	nc := &dialled{script: &script{reads: s.reads(), last: errCut}}
	d := gorilla.Dialer{NetDial: func(string, string) (net.Conn, error) { return nc, nil }}
	c, resp, err := d.Dial("ws://a/", nil)
	if err != nil {
		return outcome{}, err
	}
	_ = resp.Body.Close()
	return echoGorilla(c, nc.script, s, true)
}

// coderClient is what coder/websocket does with a stream, as a client.
func coderClient(s *stream) (outcome, error) {
	nc := &script{reads: s.reads(), last: errCut}
	c, _, err := coder.Dial(context.Background(), "ws://a/", &coder.DialOptions{ //nolint:bodyclose // it is nc
		HTTPClient: &http.Client{Transport: trip(func(r *http.Request) (*http.Response, error) {
			resp, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(welcome(r.Header.Get("Sec-WebSocket-Key")))), r)
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
