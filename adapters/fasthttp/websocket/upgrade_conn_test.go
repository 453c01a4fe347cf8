package websocket_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
)

// TestUpgradeTimeout: a client that does not read the answer is given up, and its
// connection is closed.
func TestUpgradeTimeout(t *testing.T) {
	t.Parallel()
	ours, theirs := net.Pipe()
	defer theirs.Close()
	w := &hijackable{httptest.NewRecorder(), ours, bufio.NewReadWriter(bufio.NewReader(ours), bufio.NewWriter(ours))}
	u := websocket.Upgrader{HandshakeTimeout: time.Millisecond}
	if c, err := u.Upgrade(w, upgradeRequest(), nil); c != nil || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("%v, %v", c, err)
	}
	_ = theirs.SetDeadline(time.Now().Add(bearing))
	if _, err := theirs.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("the connection was not closed: %v", err)
	}
	// Without, or with one that was not met, nothing of it is left.
	for _, timeout := range []time.Duration{0, -1, time.Hour} {
		ours, theirs := net.Pipe()
		_ = ours.SetDeadline(time.Now().Add(-time.Hour)) // the HTTP server's
		w := &hijackable{httptest.NewRecorder(), ours, bufio.NewReadWriter(bufio.NewReader(ours), bufio.NewWriter(ours))}
		go func() {
			if _, err := http.ReadResponse(bufio.NewReaderSize(theirs, 16), nil); err == nil {
				_, _ = theirs.Write([]byte("\x81\x80\x00\x00\x00\x00"))
			}
		}()
		u.HandshakeTimeout = timeout
		c, err := u.Upgrade(w, upgradeRequest(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.ReadMessage(); err != nil {
			t.Errorf("%v: %v", timeout, err)
		}
		_, _ = c.Close(), theirs.Close()
	}
}

// TestUpgradeEarly: frames that a client sends without waiting for the answer are not lost.
func TestUpgradeEarly(t *testing.T) {
	t.Parallel()
	var frames strings.Builder
	for i := range 200 {
		fmt.Fprintf(&frames, "\x81\xfe\x00\xc8\x00\x00\x00\x00%-200d", i)
	}
	got := make(chan string, 200)
	at := served(t, false, func(w http.ResponseWriter, r *http.Request) {
		c, err := new(websocket.Upgrader).Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		for range cap(got) {
			_, p, err := c.ReadMessage()
			if err != nil {
				t.Error(err)
				return
			}
			got <- strings.TrimSpace(string(p))
		}
	})
	nc, err := net.Dial("tcp", strings.Trim(at, "ws:/"))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	var request strings.Builder
	if err := upgradeRequest().Write(&request); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(nc, request.String()+frames.String()); err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		if s := soon(t, got); s != fmt.Sprint(i) {
			t.Fatalf("message %d is %q", i, s)
		}
	}
}
