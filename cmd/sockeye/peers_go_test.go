package main_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
	"github.com/google/go-cmp/cmp"
	gorilla "github.com/gorilla/websocket"
)

// The clients of this file run in the test; the server is the process.

var echoSizes = []int{0, 1, 125, 126, 65535, 65536, 1 << 20}

func TestGobwasClient(t *testing.T) {
	t.Parallel()
	url := servePeers(t, "-l", "ws://127.0.0.1:0/chat").urls[0]
	conn, early, hs, err := ws.Dialer{Timeout: patience}.Dial(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if early != nil || hs.Protocol != "" || len(hs.Extensions) > 0 {
		t.Errorf("handshake %+v, early bytes %v", hs, early)
	}
	_ = conn.SetDeadline(time.Now().Add(patience))
	for _, op := range []ws.OpCode{ws.OpText, ws.OpBinary} {
		for _, n := range echoSizes {
			sent := bytes.Repeat([]byte{'a' + byte(n%26)}, n)
			if err := wsutil.WriteClientMessage(conn, op, bytes.Clone(sent)); err != nil {
				t.Fatal(err)
			}
			got, kind, err := wsutil.ReadServerData(conn)
			if err != nil || kind != op || !bytes.Equal(got, sent) {
				t.Fatalf("echo of %d bytes, opcode %d: %d bytes, opcode %d, %v", n, op, len(got), kind, err)
			}
		}
	}
	gobwasFragments(t, conn)

	if err := wsutil.WriteClientMessage(conn, ws.OpClose, ws.NewCloseFrameBody(4002, "so long")); err != nil {
		t.Fatal(err)
	}
	var closed wsutil.ClosedError
	if _, _, err := wsutil.ReadServerData(conn); !errors.As(err, &closed) || closed.Code != 4002 {
		t.Errorf("after close: %v, want 4002 back", err)
	}
	if n, err := conn.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("after the close handshake: %d bytes, %v, want the end", n, err)
	}
}

// gobwasFragments sends frame by frame, all in one write, and reads frame by
// frame: the pong comes before the message.
func gobwasFragments(t *testing.T, conn net.Conn) {
	t.Helper()
	var out bytes.Buffer
	for _, f := range []ws.Frame{
		ws.NewFrame(ws.OpText, false, []byte("one ")),
		ws.NewPingFrame([]byte("between")),
		ws.NewFrame(ws.OpContinuation, false, nil),
		ws.NewFrame(ws.OpContinuation, true, []byte("two")),
	} {
		if err := ws.WriteFrame(&out, ws.MaskFrame(f)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := conn.Write(out.Bytes()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []ws.Frame{ws.NewPongFrame([]byte("between")), ws.NewTextFrame([]byte("one two"))} {
		var got ws.Frame
		var err error
		if got.Header, err = ws.ReadHeader(conn); err != nil {
			t.Fatal(err)
		}
		got.Payload = make([]byte, min(got.Header.Length, 100))
		if _, err := io.ReadFull(conn, got.Payload); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("frame (-want +got):\n%s", d)
		}
	}
}

func TestGorillaClient(t *testing.T) {
	t.Parallel()
	url := servePeers(t, "-l", "ws://127.0.0.1:0/chat").urls[0]
	// Small buffers make fragments of what NextWriter is given; compression is
	// offered and must be declined, not misunderstood.
	dialer := gorilla.Dialer{HandshakeTimeout: patience, WriteBufferSize: 1000, EnableCompression: true}
	conn, resp, err := dialer.DialContext(t.Context(), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = resp.Body.Close()
	if ext := resp.Header.Get("Sec-WebSocket-Extensions"); ext != "" {
		t.Errorf("extensions %q were agreed on", ext)
	}
	deadline := time.Now().Add(patience)
	_ = conn.SetReadDeadline(deadline)
	_ = conn.SetWriteDeadline(deadline)

	for _, kind := range []int{gorilla.TextMessage, gorilla.BinaryMessage} {
		for _, n := range echoSizes {
			sent := strings.Repeat("é", n/2) + strings.Repeat("x", n%2)
			if err := gorillaFragments(conn, kind, sent); err != nil {
				t.Fatal(err)
			}
			got, p, err := conn.ReadMessage()
			if err != nil || got != kind || string(p) != sent {
				t.Fatalf("echo of %d bytes, type %d: %d bytes, type %d, %v", n, kind, len(p), got, err)
			}
		}
	}

	var pongs []string
	conn.SetPongHandler(func(s string) error { pongs = append(pongs, s); return nil })
	for _, payload := range []string{"", "payload"} {
		if err := conn.WriteControl(gorilla.PingMessage, []byte(payload), deadline); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.WriteJSON(map[string]int{"answer": 42}); err != nil {
		t.Fatal(err)
	}
	var answer map[string]int
	if err := conn.ReadJSON(&answer); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]int{"answer": 42}, answer); d != "" {
		t.Errorf("JSON (-want +got):\n%s", d)
	}
	if d := cmp.Diff([]string{"", "payload"}, pongs); d != "" {
		t.Errorf("pongs (-want +got):\n%s", d)
	}

	if err := conn.WriteControl(gorilla.CloseMessage, gorilla.FormatCloseMessage(4003, "so long"), deadline); err != nil {
		t.Fatal(err)
	}
	if _, _, err := conn.ReadMessage(); !gorilla.IsCloseError(err, 4003) {
		t.Errorf("after close: %v, want 4003 back", err)
	}
}

// gorillaFragments sends one message in pieces of 777 bytes.
func gorillaFragments(conn *gorilla.Conn, kind int, message string) error {
	w, err := conn.NextWriter(kind)
	if err != nil {
		return err
	}
	for len(message) > 0 {
		n := min(777, len(message))
		if _, err := w.Write([]byte(message[:n])); err != nil {
			return fmt.Errorf("fragment: %w", err)
		}
		message = message[n:]
	}
	return w.Close()
}
