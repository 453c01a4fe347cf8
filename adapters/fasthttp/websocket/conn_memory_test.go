package websocket_test

import (
	"io"
	"net"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/adapters/fasthttp/websocket"
	"github.com/sockeye-io/sockeye/codec/wsproto"
)

func TestConnSize(t *testing.T) {
	t.Parallel()
	if websocket.ConnSize > 256 {
		t.Errorf("a Conn has %d bytes", websocket.ConnSize)
	}
}

// A message over a TCP connection costs its own memory, and nothing else.
func TestConnAllocs(t *testing.T) { // counts the allocations of the process: not parallel
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	server, client := net2(t)
	defer server.Close()
	defer client.Close()
	c := websocket.NewConn(server, true, 0, 0, nil, nil, nil)
	text := strings.Repeat("x", 3000)
	answer := make([]byte, 3100)
	prepared, err := websocket.NewPreparedMessage(websocket.TextMessage, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	send := func(frame []byte) {
		if _, err := client.Write(frame); err != nil {
			t.Fatal(err)
		}
	}
	take := func(n int) {
		if _, err := io.ReadFull(client, answer[:n]); err != nil {
			t.Fatal(err)
		}
	}
	read := func() []byte {
		_, p, err := c.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	frame, ping, small := []byte(clientFrame(0x81, text)), []byte(clientFrame(0x89, "ping")), []byte(clientFrame(0x81, "small"))
	buf := make([]byte, 512)
	for name, tt := range map[string]struct {
		max float64
		f   func()
	}{
		"ReadMessage":      {1, func() { send(frame); read() }},
		"ReadMessage, 5 B": {1, func() { send(small); read() }},
		"ping, ReadMessage": {1, func() {
			send(ping)
			send(small)
			read()
			take(2 + 4)
		}},
		"WriteMessage": {0, func() {
			if err := c.WriteMessage(websocket.TextMessage, answer[:3000]); err != nil {
				t.Fatal(err)
			}
			take(4 + 3000)
		}},
		"WritePreparedMessage": {0, func() {
			if err := c.WritePreparedMessage(prepared); err != nil {
				t.Fatal(err)
			}
			take(4 + 3000)
		}},
		"NextReader": {1, func() {
			send(frame)
			_, r, err := c.NextReader()
			for err == nil {
				_, err = r.Read(buf)
			}
			if err != io.EOF {
				t.Fatal(err)
			}
		}},
		"NextWriter": {1, func() {
			w, err := c.NextWriter(websocket.BinaryMessage)
			if err != nil {
				t.Fatal(err)
			}
			for range 5 {
				if _, err := w.Write(answer[:600]); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			take(4 + 3000)
		}},
	} {
		if n := testing.AllocsPerRun(200, tt.f); n > tt.max {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// Compressed, it is the same.
func TestConnAllocsDeflate(t *testing.T) { // counts the allocations of the process: not parallel
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	server, client := net2(t)
	defer server.Close()
	defer client.Close()
	c := websocket.NewConn(server, true, 0, 0, nil, nil, nil)
	c.Deflate()
	text := []byte(strings.Repeat("words and words ", 200))
	z := wsproto.NewDeflater(1).Append(nil, text, 0, nil, true)
	frame := []byte(clientFrame(0xc1, string(z)))
	answer := make([]byte, 2+len(z))
	if n := testing.AllocsPerRun(200, func() {
		if _, err := client.Write(frame); err != nil {
			t.Fatal(err)
		}
		_, p, err := c.ReadMessage()
		if err != nil || len(p) != len(text) {
			t.Fatal(len(p), err)
		}
		if err := c.WriteMessage(websocket.TextMessage, p); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(client, answer); err != nil {
			t.Fatal(err)
		}
	}); n > 1 {
		t.Errorf("%v allocations", n)
	}
}

// A connection that waits for a message has no buffer, whatever it has read before.
func TestConnIdleHoldsNothing(t *testing.T) {
	t.Parallel()
	server, client := net2(t)
	defer client.Close()
	c := websocket.NewConn(server, true, 0, 0, nil, nil, nil)
	defer c.Close()
	parked := make(chan bool)
	if err := c.OnPark(server.(*net.TCPConn), func(holds bool) { parked <- holds }); err != nil {
		t.Fatal(err)
	}
	sizes := make(chan int)
	go func() {
		defer close(sizes)
		for {
			_, p, err := c.ReadMessage()
			if err != nil {
				return
			}
			sizes <- len(p)
		}
	}()
	for _, n := range []int{0, 5, 4082, 4090, 4096, 5000, 100_000} {
		if <-parked {
			t.Fatalf("before %d bytes there is a buffer", n)
		}
		written := make(chan error, 1)
		go func() {
			_, err := io.WriteString(client, clientFrame(0x82, strings.Repeat("x", n)))
			written <- err
		}()
		for got := false; !got; {
			select {
			case size := <-sizes:
				if got = true; size != n {
					t.Fatalf("%d bytes became %d", n, size)
				}
			case <-parked: // in the midst of the message
			}
		}
		if err := <-written; err != nil {
			t.Fatal(err)
		}
	}
	if <-parked {
		t.Fatal("at the end there is a buffer")
	}
	_ = c.Close()
	for range sizes {
		t.Error("a message after the end")
	}
}

// A header that announces much gets memory for what has come.
func TestConnAnnouncedMemory(t *testing.T) { // counts the allocations of the process: not parallel
	for name, wire := range map[string]string{
		"one frame": "\x82\xff\x00\x00\x7f\xff\xff\xff\xff\xff\x00\x00\x00\x00" + strings.Repeat("x", 20_000),
		"fragments": clientFrame(0x02, "x") + strings.Repeat(clientFrame(0x00, "x"), 20_000),
	} {
		allocated := testing.Benchmark(func(b *testing.B) {
			b.ReportAllocs()
			for range b.N {
				c, _ := reading(wire, true)
				if _, p, err := c.ReadMessage(); err != websocket.ErrUnexpectedEOF || len(p) < 20_000 {
					b.Fatal(len(p), err)
				}
			}
		}).AllocedBytesPerOp()
		if allocated > 250_000 {
			t.Errorf("%s: %d bytes of memory for 20,000", name, allocated)
		}
	}
}
