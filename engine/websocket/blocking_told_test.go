package websocket_test

import (
	"context"
	"errors"
	"net"
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sockeye-io/sockeye/engine/websocket"
)

// broken waits until the client's writes fail, and returns the error.
func broken(t testing.TB, c *websocket.Client) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		if err := c.WriteMessage(ctx, websocket.Text, []byte("on and on")); err != nil {
			if ctx.Err() != nil {
				t.Fatal("writes go on")
			}
			return err
		}
	}
}

// reset ends the connection in a way that the client's next write fails.
func (w *wire) reset() {
	_ = w.Conn.(*net.TCPConn).SetLinger(0)
	_ = w.Close()
}

// awaitReset waits until the reset has come.
func awaitReset(t testing.TB, c *websocket.Client) {
	t.Helper()
	rc, err := websocket.Bare(c).(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	for p := []unix.PollFd{{}}; p[0].Revents&unix.POLLHUP == 0; {
		if err := rc.Control(func(fd uintptr) {
			p[0].Fd = int32(fd)
			_, _ = unix.Poll(p, int(patience.Milliseconds()))
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// TestClientTold: what the server has sent before it went is read, also when our
// writes, of messages or of the answer to its close frame, are in vain.
func TestClientTold(t *testing.T) {
	t.Parallel()
	t.Run("message", func(t *testing.T) {
		t.Parallel()
		c, w := facing(t, false, "", websocket.DialOptions{})
		w.send(plain(fin|text, "last words") + plain(fin|cls, closing(1013, "later")))
		w.reset()
		if err := broken(t, c); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error(err)
		}
		reads(t, c, "last words")
		_, _, err := c.ReadMessage(t.Context())
		closedWith(t, err, 1013, nil)
	})
	t.Run("answer", func(t *testing.T) {
		t.Parallel()
		c, w := facing(t, false, plain(fin|text, "hello"), websocket.DialOptions{})
		w.send(plain(fin|cls, closing(1013, "later")))
		w.reset()
		reads(t, c, "hello")
		awaitReset(t, c)
		_, _, err := c.ReadMessage(t.Context())
		closedWith(t, err, 1013, nil)
	})
	t.Run("Close", func(t *testing.T) {
		t.Parallel()
		c, w := facing(t, false, plain(fin|text, "hello"), websocket.DialOptions{})
		w.send(plain(fin|cls, closing(1013, "later")))
		w.reset()
		reads(t, c, "hello")
		awaitReset(t, c)
		if err := c.Close(websocket.CodeNormal, ""); err != nil {
			t.Errorf("Close: %v, although the server has closed", err)
		}
	})
	t.Run("nothing", func(t *testing.T) {
		t.Parallel()
		c, w := facing(t, false, "", websocket.DialOptions{})
		w.reset()
		why := broken(t, c)
		_, _, err := c.ReadMessage(t.Context())
		var ce *websocket.CloseError
		if !errors.As(err, &ce) || ce.Code != websocket.CodeAbnormal || !errors.Is(why, ce.Err) {
			t.Errorf("got %v, want what the write met: %v", err, why)
		}
	})
}
