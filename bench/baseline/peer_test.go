package baseline_test

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/sockeye-io/sockeye/bench/baseline"
	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// long is how long anything that must happen may take on a busy machine.
const long = time.Minute

// serve runs a server of a role until the test ends, and tells where.
func serve(t *testing.T, role string) (s *baseline.Server, addr string) {
	t.Helper()
	s, err := baseline.New(role)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(ln) }()
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s, ln.Addr().String()
}

// dial connects gorilla's client.
func dial(t *testing.T, addr string) *websocket.Conn {
	t.Helper()
	c, resp, err := websocket.DefaultDialer.Dial("ws://"+addr+"/", nil)
	if err != nil {
		t.Fatalf("%v, %v", err, resp)
	}
	t.Cleanup(func() { c.Close() })
	deadline := time.Now().Add(long)
	_ = c.SetReadDeadline(deadline)
	_ = c.SetWriteDeadline(deadline)
	return c
}

const key = "dGhlIHNhbXBsZSBub25jZQ=="

// request is the opening handshake of the raw peers.
const request = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Key: " + key + "\r\nSec-WebSocket-Version: 13\r\n\r\n"

// raw connects without a library, and sends p after the handshake in the same write.
func raw(t *testing.T, addr, p string) (*net.TCPConn, *bufio.Reader) {
	t.Helper()
	nc, r := tcp(t, addr)
	if _, err := io.WriteString(nc, request+p); err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(resp.Status)
	}
	return nc, r
}

func tcp(t *testing.T, addr string) (*net.TCPConn, *bufio.Reader) {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(long))
	return nc.(*net.TCPConn), bufio.NewReader(nc)
}

// masked is a frame from a client; fin is whether it ends its message.
func masked(fin bool, op wsproto.OpCode, payload string) string {
	h := wsproto.Header{Fin: fin, OpCode: op, Masked: true, Mask: [4]byte{1, 2, 3, 4}, Length: int64(len(payload))}
	b := append(wsproto.AppendHeader(nil, h), payload...)
	wsproto.Mask(b[len(b)-len(payload):], h.Mask, 0)
	return string(b)
}

// frame reads one frame of the server as a text: "text hello", "close 1002 reserved opcode", or the error.
func frame(r *bufio.Reader) string {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return err.Error()
	}
	size := uint64(head[1])
	var wide [8]byte
	switch size {
	case 126:
		if _, err := io.ReadFull(r, wide[6:]); err != nil {
			return err.Error()
		}
		size = binary.BigEndian.Uint64(wide[:])
	case 127:
		if _, err := io.ReadFull(r, wide[:]); err != nil {
			return err.Error()
		}
		size = binary.BigEndian.Uint64(wide[:])
	}
	p := make([]byte, size)
	if _, err := io.ReadFull(r, p); err != nil {
		return err.Error()
	}
	switch head[0] {
	case 0x81:
		return "text " + string(p)
	case 0x82:
		return "binary " + string(p)
	case 0x8a:
		return "pong " + string(p)
	case 0x88:
		code, reason, err := wsproto.ParseClose(p)
		if err != nil {
			return err.Error()
		}
		return strings.TrimSpace("close " + itoa(int(code)) + " " + string(reason))
	}
	return "frame with first byte " + itoa(int(head[0]))
}
