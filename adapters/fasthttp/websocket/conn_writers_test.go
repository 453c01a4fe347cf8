package websocket_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
)

// Messages of many goroutines come out whole, each writer's in its order.
func TestConnWriters(t *testing.T) {
	t.Parallel()
	const writers, each = 8, 50
	for _, deflate := range []bool{false, true} {
		server, client := connPair(t, "tcp")
		if deflate {
			server.Deflate()
			client.Deflate()
		}
		var all sync.WaitGroup
		for id := range writers {
			all.Go(func() {
				for i := range each {
					p := bytes.Repeat([]byte{byte(id)}, 8+i*200)
					binary.BigEndian.PutUint32(p, uint32(i))
					var err error
					switch i % 5 {
					case 0:
						err = client.WriteControl(websocket.PingMessage, nil, anyTime)
						err = errors.Join(err, client.WriteMessage(websocket.BinaryMessage, p))
					case 1:
						var pm *websocket.PreparedMessage
						if pm, err = websocket.NewPreparedMessage(websocket.BinaryMessage, p); err == nil {
							err = client.WritePreparedMessage(pm)
						}
					default:
						err = client.WriteMessage(websocket.BinaryMessage, p)
					}
					if err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		var next [writers]int
		for range writers * each {
			_, p, err := server.ReadMessage()
			if err != nil {
				t.Fatal(err)
			}
			id := p[len(p)-1]
			if i := int(binary.BigEndian.Uint32(p)); i != next[id] || len(p) != 8+i*200 || bytes.Count(p[4:], []byte{id}) != len(p)-4 {
				t.Fatalf("writer %d: message %d of %d bytes, want the one after %d", id, i, len(p), next[id])
			}
			next[id]++
		}
		all.Wait()
	}
}

// A control frame waits for its turn until its deadline.
func TestConnWriteControlWaits(t *testing.T) {
	t.Parallel()
	server, client := net.Pipe()
	defer client.Close()
	c := websocket.NewConn(server, true, 0, 0, nil, nil, nil)
	written := make(chan error, 1)
	go func() { written <- c.WriteMessage(websocket.BinaryMessage, []byte("abc")) }()
	var head [2]byte
	if _, err := io.ReadFull(client, head[:]); err != nil { // now it is writing
		t.Fatal(err)
	}
	err := c.WriteControl(websocket.PingMessage, nil, time.Now().Add(time.Millisecond))
	var ne net.Error
	if err != websocket.ErrWriteTimeout || !errors.As(err, &ne) || !ne.Timeout() || err.Error() != "websocket: write timeout" {
		t.Errorf("a ping behind a message: %v", err)
	}
	late := make(chan error, 1)
	go func() { late <- c.WriteControl(websocket.PingMessage, nil, time.Time{}) }()
	var rest [5]byte
	if _, err := io.ReadFull(client, rest[:]); err != nil || string(rest[:]) != "abc\x89\x00" {
		t.Errorf("%q, %v", rest, err)
	}
	if err := errors.Join(<-written, <-late); err != nil {
		t.Error(err)
	}
}

// Close ends whoever reads or writes, with the error of the connection below, and may come twice.
func TestConnCloseWhile(t *testing.T) {
	t.Parallel()
	for name := range transports {
		server, client := connPair(t, name)
		read, wrote, ready := make(chan error, 1), make(chan error, 1), make(chan bool)
		go func() {
			_, _, err := server.ReadMessage()
			read <- err
		}()
		go func() {
			big := make([]byte, 1<<20)
			close(ready)
			for {
				if err := server.WriteMessage(websocket.BinaryMessage, big); err != nil {
					wrote <- err
					return
				}
			}
		}()
		<-ready
		if err := server.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, err := range []error{<-read, <-wrote} {
			if !errors.Is(err, net.ErrClosed) && !errors.Is(err, io.ErrClosedPipe) {
				t.Errorf("%s: %v", name, err)
			}
		}
		_, plain := server.NetConn().Read(make([]byte, 1))
		if _, _, err := server.ReadMessage(); name != "pipe" && err.Error() != plain.Error() {
			t.Errorf("%s: %v, the connection itself: %v", name, err, plain)
		}
		again, below := server.Close(), server.NetConn().Close()
		if (again == nil) != (below == nil) || again != nil && again.Error() != below.Error() {
			t.Errorf("%s: closed again: %v, the connection itself: %v", name, again, below)
		}
		if err := server.WriteControl(websocket.PingMessage, nil, anyTime); err == nil {
			t.Errorf("%s: a ping after the end", name)
		}
		_ = client.Close()
	}
}

// The errors of a descriptor are those that net.Conn has.
func TestConnErrorsOfNet(t *testing.T) {
	t.Parallel()
	server, client := net2(t)
	defer client.Close()
	c := websocket.NewConn(server, true, 0, 0, nil, nil, nil)
	defer c.Close()
	if err := c.SetReadDeadline(time.Now().Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	_, want := server.Read(make([]byte, 1))
	_, _, err := c.ReadMessage()
	if !errors.Is(err, os.ErrDeadlineExceeded) || err.Error() != want.Error() {
		t.Errorf("past its deadline: %v, want %v", err, want)
	}

	server, client = net2(t)
	c = websocket.NewConn(server, true, 0, 0, nil, nil, nil)
	defer c.Close()
	if err := client.(*net.TCPConn).SetLinger(0); err != nil {
		t.Fatal(err)
	}
	_ = client.Close()
	_, _, err = c.ReadMessage()
	var op *net.OpError
	if !errors.Is(err, syscall.ECONNRESET) || !errors.As(err, &op) || op.Op != "read" || op.Net != "tcp" || op.Addr == nil || op.Source == nil {
		t.Errorf("reset: %#v", err)
	}
	// The first write may still find nobody who says no.
	err = c.WriteMessage(websocket.TextMessage, nil)
	for range 10 {
		if again := c.WriteMessage(websocket.TextMessage, nil); err != nil && again != err {
			t.Errorf("%v, and then %v", err, again)
		} else if err == nil {
			err = again
		}
	}
	if !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("a write to one that is gone: %v", err)
	}
}

// A write that is too late has failed for good.
func TestConnWriteDeadline(t *testing.T) {
	t.Parallel()
	server, client := connPair(t, "tcp")
	_ = client
	if err := server.SetWriteDeadline(time.Now().Add(-time.Second)); err != nil {
		t.Fatal(err)
	}
	err := server.WriteMessage(websocket.TextMessage, []byte("x"))
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
	if err := server.SetWriteDeadline(time.Time{}); err != nil {
		t.Fatal(err)
	}
	if again := server.WriteMessage(websocket.TextMessage, []byte("x")); again != err {
		t.Errorf("and again: %v", again)
	}
}

// JSON that is none writes nothing, and the next message is not hurt.
func TestConnWriteJSON(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	c := websocket.NewConn(canned{nil, &out}, true, 0, 0, nil, nil, nil)
	if err := c.WriteJSON(func() {}); err == nil || out.Len() > 0 {
		t.Errorf("%v, %d bytes", err, out.Len())
	}
	if err := c.WriteJSON("<é>"); err != nil || out.String() != "\x81\x11\"\\u003cé\\u003e\"\n" {
		t.Errorf("%v, %q", err, out.String())
	}
}
