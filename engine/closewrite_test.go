package engine_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"

	"github.com/sockeye-io/sockeye/engine"
)

// halver sends all it has, half-closes, and keeps what comes back.
type halver struct {
	data []byte
	got  bytes.Buffer
	err  chan error
}

func (h *halver) OnOpen(c *engine.Conn) error {
	_, err := c.Write(h.data)
	c.CloseWrite()
	if _, err := c.Write([]byte("late")); !errors.Is(err, engine.ErrClosed) {
		return errors.New("a write after CloseWrite was taken")
	}
	return err
}
func (h *halver) OnData(_ *engine.Conn, p []byte) (int, error) { return h.got.Write(p) }
func (h *halver) OnClose(_ *engine.Conn, err error)            { h.err <- err }

// TestCloseWrite talks to a server that answers only when it has seen the end.
func TestCloseWrite(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, tt := range []struct {
		network, addr string
		n             int
	}{
		{"tcp", "127.0.0.1:0", 20},
		{"tcp", "127.0.0.1:0", 8 << 20},
		{"unix", dir + "/s", 20},
		{"unix", dir + "/l", 8 << 20},
		{"unixpacket", dir + "/p", 20},
	} {
		t.Run(tt.network, func(t *testing.T) {
			t.Parallel()
			ln, err := net.Listen(tt.network, tt.addr)
			if err != nil {
				t.Fatal(err)
			}
			defer ln.Close()
			done := make(chan struct{})
			go func() {
				defer close(done)
				nc, err := ln.Accept()
				if err != nil {
					return
				}
				defer nc.Close()
				b, err := io.ReadAll(nc)
				if err != nil {
					t.Errorf("server: %v", err)
				}
				_, _ = nc.Write(b)
			}()
			e := start(t, engine.Config{Loops: 1})
			h := &halver{data: bytes.Repeat([]byte("x"), tt.n), err: make(chan error, 1)}
			if _, err := e.Dial(t.Context(), tt.network, ln.Addr().String(), h, engine.DialOptions{}); err != nil {
				t.Fatal(err)
			}
			if err := <-h.err; !errors.Is(err, io.EOF) {
				t.Errorf("closed with %v, want EOF", err)
			}
			if !bytes.Equal(h.got.Bytes(), h.data) {
				t.Errorf("got %d bytes back, want %d", h.got.Len(), tt.n)
			}
			<-done
		})
	}
}
