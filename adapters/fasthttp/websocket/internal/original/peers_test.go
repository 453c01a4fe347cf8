package original_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	original "github.com/fasthttp/websocket"

	dropin "github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// conn is what the two packages' Conns have in common.
type conn interface {
	NextReader() (int, io.Reader, error)
	ReadMessage() (int, []byte, error)
	ReadJSON(any) error
	NextWriter(int) (io.WriteCloser, error)
	WriteMessage(int, []byte) error
	WriteControl(int, []byte, time.Time) error
	WriteJSON(any) error
	SetReadLimit(int64)
	SetPingHandler(func(string) error)
	SetPongHandler(func(string) error)
	SetCloseHandler(func(int, string) error)
	EnableWriteCompression(bool)
	SetCompressionLevel(int) error
}

// peers make a Conn of each package.
var peers = map[string]struct {
	server func(w http.ResponseWriter, r *http.Request, deflate bool) (conn, error)
	client func(nc net.Conn, deflate bool) (conn, error)
	write  func(c conn, messageType int, p []byte) error // as a PreparedMessage
}{
	"original": {
		func(w http.ResponseWriter, r *http.Request, deflate bool) (conn, error) {
			u := original.Upgrader{EnableCompression: deflate, WriteBufferSize: writeBufferSize}
			return asConn(u.Upgrade(w, r, nil))
		},
		func(nc net.Conn, deflate bool) (conn, error) {
			d := original.Dialer{EnableCompression: deflate, WriteBufferSize: writeBufferSize, NetDial: func(string, string) (net.Conn, error) { return nc, nil }}
			c, _, err := d.Dial("ws://there/", nil)
			return c, err
		},
		func(c conn, messageType int, p []byte) error {
			pm, err := original.NewPreparedMessage(messageType, p)
			if err != nil {
				return err
			}
			return c.(*original.Conn).WritePreparedMessage(pm)
		},
	},
	"drop-in": {
		func(w http.ResponseWriter, r *http.Request, deflate bool) (conn, error) {
			u := dropin.Upgrader{EnableCompression: deflate, WriteBufferSize: writeBufferSize}
			return asConn(u.Upgrade(w, r, nil))
		},
		func(nc net.Conn, deflate bool) (conn, error) {
			d := dropin.Dialer{EnableCompression: deflate, WriteBufferSize: writeBufferSize, NetDial: func(string, string) (net.Conn, error) { return nc, nil }}
			c, _, err := d.Dial("ws://there/", nil)
			return c, err
		},
		func(c conn, messageType int, p []byte) error {
			pm, err := dropin.NewPreparedMessage(messageType, p)
			if err != nil {
				return err
			}
			return c.(*dropin.Conn).WritePreparedMessage(pm)
		},
	},
}

const writeBufferSize = 1000

func asConn[C conn](c C, err error) (conn, error) { return c, err }

// open makes a Conn that reads wire, in pieces of at most chunk bytes. What it writes is in the line.
func open(t testing.TB, name string, isServer, deflate bool, wire []byte, chunk int) (conn, *line) {
	t.Helper()
	l := &line{in: bytes.Clone(wire), chunk: chunk, deflate: deflate, answered: isServer}
	var (
		c   conn
		err error
	)
	if isServer {
		h := http.Header{
			"Connection": {"Upgrade"}, "Upgrade": {"websocket"},
			"Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="},
		}
		if deflate {
			h.Set("Sec-Websocket-Extensions", "permessage-deflate; client_no_context_takeover; server_no_context_takeover")
		}
		c, err = peers[name].server(hijackedFrom{l}, &http.Request{Method: http.MethodGet, Header: h, Host: "there"}, deflate)
	} else {
		c, err = peers[name].client(l, deflate)
	}
	if err != nil {
		t.Fatal(name, err)
	}
	l.out.Reset() // of the handshake
	return c, l
}

// line is a net.Conn without another end. A client's handshake it answers itself.
type line struct {
	in       []byte
	out      bytes.Buffer
	chunk    int
	deflate  bool
	answered bool
}

func (l *line) Read(p []byte) (int, error) {
	if len(l.in) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), l.chunk)], l.in)
	l.in = l.in[n:]
	return n, nil
}

func (l *line) Write(p []byte) (int, error) {
	l.out.Write(p)
	if !l.answered && bytes.Contains(l.out.Bytes(), []byte("\r\n\r\n")) {
		l.answered = true
		r, err := http.ReadRequest(bufio.NewReader(&l.out))
		if err != nil {
			return 0, err
		}
		var extra []byte
		if l.deflate {
			extra = []byte("Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n")
		}
		head := append([]byte("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "),
			wsproto.AppendAccept(nil, []byte(r.Header.Get("Sec-Websocket-Key")))...)
		head = append(append(append(head, "\r\n"...), extra...), "\r\n"...)
		l.in = append(head, l.in...)
	}
	return len(p), nil
}

func (*line) Close() error                     { return nil }
func (*line) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (*line) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (*line) SetDeadline(time.Time) error      { return nil }
func (*line) SetReadDeadline(time.Time) error  { return nil }
func (*line) SetWriteDeadline(time.Time) error { return nil }

// hijackedFrom gives the line to an upgrader.
type hijackedFrom struct{ *line }

func (hijackedFrom) Header() http.Header       { return http.Header{} }
func (hijackedFrom) WriteHeader(int)           {}
func (hijackedFrom) Write([]byte) (int, error) { return 0, errors.New("a refusal") }
func (h hijackedFrom) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return h.line, bufio.NewReadWriter(bufio.NewReaderSize(h.line, 4096), bufio.NewWriterSize(h.line, 4096)), nil
}
