package websocket_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/enginetest"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// perMessage adds what one of the n messages of each operation takes.
func perMessage(b *testing.B, unit string, n int) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), unit)
}

// BenchmarkEcho is a message from read to write: decoded, unmasked, checked,
// handled, encoded. An operation is depth messages that arrive at once. What the
// loop takes of it, and the peer in memory, tells package engine's BenchmarkEcho.
func BenchmarkEcho(b *testing.B) {
	for _, kind := range []struct {
		name string
		op   byte
		unit string
	}{{"text", fin | text, "aé"}, {"binary", fin | bin, "bin"}} {
		for _, size := range []int{20, 512, 4 << 10, 64 << 10} {
			for _, depth := range []int{1, 16} {
				if depth > 1 && size > 512 {
					continue // would be more than one read
				}
				msg := strings.Repeat(kind.unit, size/3) + strings.Repeat("x", size%3)
				b.Run(fmt.Sprintf("kind=%s/size=%d/depth=%d", kind.name, size, depth), func(b *testing.B) {
					p := join(b, memory(b), websocket.NewServer(echo{}, websocket.Options{}), engine.Options{})
					echoes(b, p, masked(kind.op, msg), plain(kind.op, msg), depth)
				})
			}
		}
	}
}

func echoes(b *testing.B, p *enginetest.Peer, send, answer string, depth int) {
	p.Discard()
	many, before := []byte(strings.Repeat(send, depth)), p.Taken()
	b.SetBytes(int64(len(many)))
	b.ReportAllocs()
	for b.Loop() {
		p.Send(many)
	}
	if got, want := p.Taken()-before, b.N*depth*len(answer); answer != "" && got != want {
		b.Fatalf("%d bytes were answered, want %d", got, want)
	}
	perMessage(b, "ns/message", depth)
}

// BenchmarkEchoCompressed is BenchmarkEcho with permessage-deflate, of text as
// programs write it. The bytes per second are those of the text.
func BenchmarkEchoCompressed(b *testing.B) {
	for _, takeover := range []bool{false, true} {
		for _, size := range []int{512, 4 << 10, 64 << 10} {
			b.Run(fmt.Sprintf("takeover=%t/size=%d", takeover, size), func(b *testing.B) {
				answer := leanAnswer
				if takeover {
					answer = plainOffer
				}
				o := websocket.Options{Compression: &websocket.Compression{Takeover: takeover}}
				p := joinZipped(b, memory(b), websocket.NewServer(echo{}, o), plainOffer, answer)
				msg := randomText(rand.New(rand.NewPCG(1, 2)), size)
				z := &zipper{t: b}
				echoes(b, p, masked(fin|rsv1|text, z.zip(msg)), "", 1) // fits again: it refers to nothing
				b.SetBytes(int64(size))
			})
		}
	}
}

// crowd is so many connections of one server in one loop, and the first handle.
func crowd(b *testing.B, n int) (l *enginetest.Loop, all []*websocket.Conn, h websocket.Handle, last *enginetest.Peer) {
	l = memory(b)
	srv := websocket.NewServer(&app{open: func(c *websocket.Conn, _ *websocket.Request) error {
		all = append(all, c)
		return nil
	}}, websocket.Options{})
	for range n {
		last = join(b, l, srv, engine.Options{})
		last.Discard()
	}
	return l, all, all[0].Handle(), last
}

// BenchmarkBroadcast is one message that a publisher sends to all connections of
// a loop: encoded once, and one write each. An operation is one message to all.
func BenchmarkBroadcast(b *testing.B) {
	for _, size := range []int{20, 4 << 10} {
		for _, conns := range []int{1, 100, 10_000} {
			b.Run(fmt.Sprintf("size=%d/conns=%d", size, conns), func(b *testing.B) {
				l, all, h, last := crowd(b, conns)
				msg, before := make([]byte, size), last.Taken()
				var m *websocket.Prepared
				deliver := func(*websocket.Conn) {
					for _, c := range all {
						_ = c.WritePrepared(m)
					}
				}
				b.SetBytes(int64(size * conns))
				b.ReportAllocs()
				for b.Loop() {
					m = websocket.Prepare(websocket.Binary, msg)
					if err := h.Post(deliver); err != nil {
						b.Fatal(err)
					}
					l.Drain()
				}
				if got, want := last.Taken()-before, b.N*len(plain(fin|bin, string(msg))); got != want {
					b.Fatalf("%d bytes came, want %d", got, want)
				}
				perMessage(b, "ns/delivery", conns)
			})
		}
	}
}

// BenchmarkHandleWrite is a message from another goroutine: copied to the loop's
// mailbox, encoded there. An operation is one message, which the loop takes alone.
func BenchmarkHandleWrite(b *testing.B) {
	for _, size := range []int{20, 4 << 10} {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			l, _, h, _ := crowd(b, 1)
			msg := make([]byte, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				if err := h.WriteMessage(websocket.Binary, msg); err != nil {
					b.Fatal(err)
				}
				l.Drain()
			}
		})
	}
}

// BenchmarkPrepare encodes a message for any number of connections.
func BenchmarkPrepare(b *testing.B) {
	for _, size := range []int{20, 4 << 10, 64 << 10} {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			msg := make([]byte, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				_ = websocket.Prepare(websocket.Binary, msg)
			}
		})
	}
}
