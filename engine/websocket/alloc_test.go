package websocket_test

import (
	"fmt"
	"io"
	"net"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/enginetest"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// quiet echoes without allocating, and hears of pongs.
type quiet struct{ echo }

func (quiet) OnPong(*websocket.Conn, []byte) {}

// allocKinds are what a client sends, and what it is answered.
func allocKinds() (kinds []struct{ name, send, answer string }) {
	add := func(name, send, answer string) {
		kinds = append(kinds, struct{ name, send, answer string }{name, send, answer})
	}
	for _, n := range []int{20, 512, 4096} {
		msg := strings.Repeat("aé", n/3+1)[:n/3*3]
		add(fmt.Sprint("text of ", n), masked(fin|text, msg), plain(fin|text, msg))
		add(fmt.Sprint("binary of ", n), masked(fin|bin, msg), plain(fin|bin, msg))
	}
	add("ping", masked(fin|ping, "are you there?"), plain(fin|pong, "are you there?"))
	add("pong", masked(fin|pong, "I am"), "")
	add("in fragments", masked(text, "a")+masked(fin|ping, "")+masked(fin|cont, "b"), plain(fin|pong, "")+plain(fin|text, "ab"))
	return kinds
}

// TestAllocLoop counts the allocations of a message on a loop.
func TestAllocLoop(t *testing.T) {
	if raceEnabled {
		t.Skip("pools drop what they are given under the race detector")
	}
	l := memory(t)
	p := join(t, l, websocket.NewServer(quiet{}, websocket.Options{}), engine.Options{})
	p.Discard()
	check := func(what string, f func()) {
		t.Helper()
		if n := testing.AllocsPerRun(1000, f); n != 0 {
			t.Errorf("%s: %v allocations, want none", what, n)
		}
	}
	for _, k := range allocKinds() {
		whole, many := []byte(k.send), []byte(strings.Repeat(k.send, 16))
		taken := p.Taken()
		check(k.name, func() { p.Send(whole) })
		check(k.name+", 16 at once", func() { p.Send(many) })
		check(k.name+", in two parts", func() { p.Send(whole[:7]); p.Send(whole[7:]) })
		if got, want := p.Taken()-taken, (1+16+1)*1001*len(k.answer); got != want {
			t.Fatalf("%s: %d bytes were answered, want %d", k.name, got, want)
		}
	}
	var c *websocket.Conn
	h := &app{open: func(conn *websocket.Conn, _ *websocket.Request) error { c = conn; return nil }}
	p = join(t, l, websocket.NewServer(h, websocket.Options{}), engine.Options{})
	p.Discard()
	for _, n := range []int{20, 5000, 100_000} {
		m, msg := websocket.Prepare(websocket.Text, make([]byte, n)), make([]byte, n)
		handle, taken := c.Handle(), p.Taken()
		write := func(*websocket.Conn) { _ = c.WritePrepared(m) }
		post := func(ec *engine.Conn) { write(c) }
		check(fmt.Sprint("prepared of ", n), func() { _ = c.Conn().Handle().Post(post); l.Drain() })
		check(fmt.Sprint("Handle.WriteMessage of ", n), func() { _ = handle.WriteMessage(websocket.Text, msg); l.Drain() })
		if got, want := p.Taken()-taken, 2*1001*len(plain(fin|text, string(msg))); got != want {
			t.Fatalf("%d bytes were sent, want %d", got, want)
		}
	}
}

// mallocs counts the allocations of the whole process while f runs. It is for
// tests that are not parallel.
func mallocs(f func()) uint64 {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // pools keep what they have
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.Mallocs - before.Mallocs
}

// TestAllocProcess counts what the whole process allocates for messages over
// sockets; the client allocates nothing.
func TestAllocProcess(t *testing.T) {
	if raceEnabled {
		t.Skip("pools drop what they are given under the race detector")
	}
	const messages, batch = 100_000, 64
	o := opener{handles: make(chan websocket.Handle, 10)}
	url, srv := serve(t, start(t), o, websocket.Options{})
	w := shake(t, url)
	handle := wait(t, o.handles, "handle")
	buf := make([]byte, 1<<20)
	measure := func(what string, perBatch int, send func(), answer int) {
		t.Helper()
		run := func(n int) {
			for ; n > 0; n -= perBatch {
				send()
				if _, err := io.ReadFull(w.Conn, buf[:answer]); err != nil {
					t.Fatal(err)
				}
			}
		}
		run(1000) // pools fill up
		n := mallocs(func() { run(messages) })
		t.Logf("%s: %d allocations for %d messages", what, n, messages)
		if n > messages/100 {
			t.Errorf("%s: %d allocations for %d messages", what, n, messages)
		}
	}
	for _, k := range allocKinds() {
		many, answer := []byte(strings.Repeat(k.send, batch)), batch*len(k.answer)
		if answer == 0 { // a ping tells that the pongs were read
			many, answer = append(many, masked(fin|ping, "")...), len(plain(fin|pong, ""))
		}
		measure(k.name, batch, func() { _, _ = w.Conn.Write(many) }, answer)
	}
	one := []byte(masked(fin|text, "alone, not in a batch"))
	measure("alone", 1, func() { _, _ = w.Conn.Write(one) }, len(one)-4)
	msg := []byte("twenty bytes of text")
	m := websocket.Prepare(websocket.Text, msg)
	measure("broadcast", batch, func() {
		for range batch {
			_ = srv.Broadcast(m)
		}
	}, batch*(len(msg)+2))
	measure("handle", batch, func() {
		for range batch {
			_ = handle.WriteMessage(websocket.Text, msg)
		}
	}, batch*(len(msg)+2))
}

// TestAllocAnnounced: what a peer announces costs nothing until it arrives.
func TestAllocAnnounced(t *testing.T) {
	const peers = 1000
	l := memory(t)
	srv := websocket.NewServer(quiet{}, websocket.Options{})
	send := []byte(masked(bin, "")[:2] + "\x01\x02\x03\x04" + "\x00\xff\x00\x00\x00\x00\x00\xff\xff\xff\x01\x02\x03\x04" + "ten bytes.")
	var before, after runtime.MemStats
	var all []*enginetest.Peer
	for range peers {
		all = append(all, join(t, l, srv, engine.Options{}))
	}
	runtime.GC()
	runtime.ReadMemStats(&before)
	for _, p := range all {
		p.Send(send)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if n := (int64(after.HeapAlloc) - int64(before.HeapAlloc)) / peers; n > 500 || l.Stats().Open != peers {
		t.Errorf("%d bytes a connection for ten bytes that arrived, %d connections", n, l.Stats().Open)
	}
}

// allocBudget is DESIGN.md's for a connection from accept to close.
const allocBudget = 40

// TestAllocConn counts what the process allocates for a connection that
// connects, shakes hands, sends a message and closes. The client is made of
// bare system calls.
func TestAllocConn(t *testing.T) {
	if raceEnabled {
		t.Skip("pools drop what they are given under the race detector")
	}
	const conns = 500
	k := talker{closed: make(chan error, 1)}
	srv := websocket.NewServer(k, websocket.Options{})
	ln, err := start(t).Listen("tcp", "127.0.0.1:0", srv, engine.ListenOptions{})
	if err != nil {
		t.Fatal(err)
	}
	addr := &unix.SockaddrInet4{Port: ln.Addr().(*net.TCPAddr).Port, Addr: [4]byte{127, 0, 0, 1}}
	request, message, bye := []byte(hello), []byte(masked(fin|text, "hi")), []byte(masked(fin|cls, ""))
	buf := make([]byte, 4096)
	talk := func(fd int, send []byte, answer int) error {
		if _, err := unix.Write(fd, send); err != nil {
			return err
		}
		for answer > 0 {
			n, err := unix.Read(fd, buf)
			switch {
			case err == unix.EAGAIN:
				runtime.Gosched() // a read that blocks would hold a processor
			case err == nil && n == 0:
				return io.EOF
			case err != nil:
				return fmt.Errorf("read: %d, %w", n, err)
			default:
				answer -= n
			}
		}
		return nil
	}
	visit := func() error {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer unix.Close(fd)
		if err := unix.Connect(fd, addr); err != nil {
			return err
		}
		if err := unix.SetNonblock(fd, true); err != nil {
			return err
		}
		if err := talk(fd, request, len(welcome)); err != nil {
			return err
		}
		if err := talk(fd, message, 4); err != nil {
			return err
		}
		return talk(fd, bye, 2)
	}
	run := func() {
		for range conns {
			if err := visit(); err != nil {
				t.Fatal(err)
			}
			if err := <-k.closed; err == nil {
				t.Fatal("OnClose was told nil")
			}
		}
	}
	run() // tables and pools grow
	n := float64(mallocs(run)) / conns
	t.Logf("%.1f allocations a connection", n)
	if n > allocBudget {
		t.Errorf("%.1f allocations a connection, want at most %d", n, allocBudget)
	}
}
