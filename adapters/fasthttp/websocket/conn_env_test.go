package websocket_test

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// canned is a net.Conn that reads from one place and writes to another.
type canned struct {
	io.Reader
	io.Writer
}

func (canned) Close() error                     { return nil }
func (canned) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (canned) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (canned) SetDeadline(time.Time) error      { return nil }
func (canned) SetReadDeadline(time.Time) error  { return nil }
func (canned) SetWriteDeadline(time.Time) error { return nil }

// reading is a Conn that reads what is canned, and what it writes.
func reading(in string, isServer bool) (*websocket.Conn, *bytes.Buffer) {
	var out bytes.Buffer
	return websocket.NewConn(canned{bytes.NewReader([]byte(in)), &out}, isServer, 0, 0, nil, nil, nil), &out
}

// clientFrame is a frame as a client sends it.
func clientFrame(b0 byte, payload string) string {
	h := wsproto.Header{Fin: b0&0x80 != 0, Rsv: b0 >> 4 & 7, OpCode: wsproto.OpCode(b0 & 15), Length: int64(len(payload)), Masked: true, Mask: [4]byte{1, 2, 3, 4}}
	p := append(wsproto.AppendHeader(nil, h), payload...)
	wsproto.Mask(p[len(p)-len(payload):], h.Mask, 0)
	return string(p)
}

// overridden is a TCP connection whose Read is its own, although its descriptor can be reached.
type overridden struct{ *net.TCPConn }

func (o overridden) Read(p []byte) (int, error) {
	n, err := o.TCPConn.Read(p[:min(len(p), 7)])
	return n, err
}

// The connections below, by their kinds.
var transports = map[string]func(t testing.TB) (server, client net.Conn){
	"tcp":  func(t testing.TB) (net.Conn, net.Conn) { return socketPair(t, "tcp", "127.0.0.1:0") },
	"unix": func(t testing.TB) (net.Conn, net.Conn) { return socketPair(t, "unix", filepath.Join(t.TempDir(), "s")) },
	"pipe": func(t testing.TB) (net.Conn, net.Conn) { return net.Pipe() },
	"overridden": func(t testing.TB) (net.Conn, net.Conn) {
		a, b := socketPair(t, "tcp", "127.0.0.1:0")
		return overridden{a.(*net.TCPConn)}, overridden{b.(*net.TCPConn)}
	},
}

func socketPair(t testing.TB, network, addr string) (server, client net.Conn) {
	t.Helper()
	ln, err := net.Listen(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	client, err = net.Dial(network, ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err = ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	return server, client
}

// connPair is a server and a client, closed with the test.
func connPair(t testing.TB, transport string) (server, client *websocket.Conn) {
	t.Helper()
	a, b := transports[transport](t)
	server = websocket.NewConn(a, true, 0, 0, nil, nil, nil)
	client = websocket.NewConn(b, false, 0, 0, nil, nil, nil)
	t.Cleanup(func() { _ = server.Close(); _ = client.Close() })
	return server, client
}

func net2(t testing.TB) (net.Conn, net.Conn) { return socketPair(t, "tcp", "127.0.0.1:0") }

// bufferedReader is what a server has read of a connection before it was given away.
func bufferedReader(s string) *bufio.Reader {
	br := bufio.NewReaderSize(bytes.NewReader([]byte(s)), 8192)
	_, _ = br.Peek(1)
	return br
}

// anyTime is a deadline that does not pass.
var anyTime = time.Now().Add(time.Hour)
