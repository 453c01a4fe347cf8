package websocket_test

import (
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/engine/enginetest"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// TestAllocCompressed counts the allocations of a compressed echo, in the steady
// state.
func TestAllocCompressed(t *testing.T) {
	if raceEnabled {
		t.Skip("pools drop what they are given under the race detector")
	}
	for _, takeover := range []bool{false, true} {
		l := memory(t)
		answer := leanAnswer
		if takeover {
			answer = plainOffer
		}
		srv := websocket.NewServer(quiet{}, websocket.Options{Compression: &websocket.Compression{Takeover: takeover}})
		p := joinZipped(t, l, srv, plainOffer, answer)
		p.Discard()
		rng := rand.New(rand.NewPCG(1, 2))
		for _, n := range []int{200, 512, 4096, 65_536, 1 << 20} {
			z := &zipper{t: t}
			send := []byte(masked(fin|rsv1|text, z.zip(randomText(rng, n)))) // fits either way: it refers to nothing
			runs := 1000
			if n > 10_000 {
				runs = 50
			}
			run := func() { p.Send(send) }
			for range 20 {
				run() // pools and windows grow
			}
			taken := p.Taken()
			if got := testing.AllocsPerRun(runs, run); got != 0 {
				t.Errorf("takeover %v, %d bytes: %v allocations, want none", takeover, n, got)
			}
			if sent := (p.Taken() - taken) / (runs + 1); sent >= n {
				t.Errorf("takeover %v, %d bytes: echoed in %d", takeover, n, sent)
			}
		}
		m := websocket.Prepare(websocket.Text, []byte(strings.Repeat("prepared ", 100)))
		write := func(c *websocket.Conn) { _ = c.WritePrepared(m) }
		var handle websocket.Handle
		h := &app{open: func(c *websocket.Conn, _ *websocket.Request) error { handle = c.Handle(); return nil }}
		joinZipped(t, l, websocket.NewServer(h, websocket.Options{Compression: &websocket.Compression{Takeover: takeover}}), plainOffer, answer).Discard()
		if got := testing.AllocsPerRun(1000, func() { _ = handle.Post(write); l.Drain() }); got > 1 { // Post's closure
			t.Errorf("takeover %v, prepared: %v allocations", takeover, got)
		}
	}
}

// TestAllocCompressedPieces: a small message in pieces takes no memory that is as
// large as the window of one that is not. What it takes is a coroutine.
func TestAllocCompressedPieces(t *testing.T) {
	if raceEnabled {
		t.Skip("pools drop what they are given under the race detector")
	}
	srv := websocket.NewServer(&streamer{t: t}, websocket.Options{Compression: &websocket.Compression{}})
	p := joinZipped(t, memory(t), srv, plainOffer, leanAnswer)
	send := []byte(masked(fin|rsv1|bin, (&zipper{t: t}).zip("a")))
	p.Send(send)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	const n = 1000
	for range n {
		p.Send(send)
	}
	runtime.ReadMemStats(&after)
	if got := (after.TotalAlloc - before.TotalAlloc) / n; got > 8<<10 {
		t.Errorf("a message of one byte took %d bytes", got)
	}
}

// TestAllocCompressionIdle: who may compress and keeps no windows costs at most
// 32 bytes more than who may not.
func TestAllocCompressionIdle(t *testing.T) {
	const conns = 4000
	hold := func(z *websocket.Compression, offer, answer string) float64 {
		l := memory(t)
		srv := websocket.NewServer(quiet{}, websocket.Options{Compression: z})
		all := make([]*enginetest.Peer, 0, conns)
		echo := []byte(masked(fin|text, strings.Repeat("echo ", 100)))
		join := func() {
			p := joinZipped(t, l, srv, offer, answer)
			p.Send(echo)
			p.Received()
			all = append(all, p)
		}
		join()
		rest := func() int64 {
			var m runtime.MemStats
			for range 3 { // what pools hold goes with the second
				runtime.GC()
			}
			runtime.ReadMemStats(&m)
			return int64(m.HeapAlloc)
		}
		before := rest()
		for len(all) < conns {
			join()
		}
		after := rest()
		defer runtime.KeepAlive(all)
		defer l.Close()
		return float64(after-before) / (conns - 1)
	}
	without := hold(nil, plainOffer, "")
	with := hold(&websocket.Compression{Threshold: -1}, plainOffer, leanAnswer)
	t.Logf("%.1f bytes a connection without compression, %.1f with", without, with)
	if with > without+32 {
		t.Errorf("%.1f bytes a connection without compression, %.1f with", without, with)
	}
}

// TestAllocWindows: with takeover a connection costs what went over it.
func TestAllocWindows(t *testing.T) {
	t.Parallel()
	l := memory(t)
	srv := websocket.NewServer(quiet{}, websocket.Options{Compression: &websocket.Compression{Takeover: true}})
	p := joinZipped(t, l, srv, plainOffer, plainOffer)
	z := &zipper{t: t, keep: true}
	rng := rand.New(rand.NewPCG(1, 2))
	for _, c := range []struct {
		send int
		want int64 // both windows
	}{{0, 0}, {200, 2 * 256}, {600, 2 * 1024}, {20_000, 2 * 32 << 10}, {200_000, 2 * 32 << 10}} {
		if c.send > 0 {
			p.Send([]byte(masked(fin|rsv1|text, z.zip(randomText(rng, c.send)))))
			p.Received()
		}
		if s := srv.Stats(); s.WindowBytes != c.want || s.WindowsPromised != 64<<10 {
			t.Errorf("after %d bytes more the windows have %d of %d, want %d", c.send, s.WindowBytes, s.WindowsPromised, c.want)
		}
	}
}

// TestAllocConnSize: 96 bytes are a size class of Go's, the next one has 112.
func TestAllocConnSize(t *testing.T) {
	t.Parallel()
	if websocket.ConnSize > 96 {
		t.Errorf("a Conn has %d bytes, want at most 96", websocket.ConnSize)
	}
}
