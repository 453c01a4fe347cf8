package engine_test

import (
	"fmt"
	"testing"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/enginetest"
)

// BenchmarkEcho is what the loop itself costs for a message that is one read and
// one write. The peer in memory copies the bytes once, and spoils them, where the
// kernel would copy them twice.
func BenchmarkEcho(b *testing.B) {
	for _, size := range []int{20, 4 << 10, 64 << 10} {
		b.Run(fmt.Sprintf("size=%d", size), func(b *testing.B) {
			p := enginetest.NewLoop(b, engine.Config{}).Connect(echo{}, engine.Options{})
			p.Discard()
			msg := make([]byte, size)
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				p.Send(msg)
			}
			if p.Taken() != b.N*size {
				b.Fatalf("%d bytes came back, sent %d", p.Taken(), b.N*size)
			}
		})
	}
}

// BenchmarkOutbound queues messages behind one that waits for the peer, which
// takes 64 at a time. An operation is one message.
func BenchmarkOutbound(b *testing.B) {
	const burst = 64
	for _, size := range []int{20, 4 << 10} {
		for _, shared := range []bool{false, true} {
			b.Run(fmt.Sprintf("size=%d/shared=%t", size, shared), func(b *testing.B) {
				p := enginetest.NewLoop(b, engine.Config{}).Connect(echo{}, engine.Options{})
				p.Discard()
				p.Window(0)
				c, msg, n := p.Conn(), make([]byte, size), 0
				write := func() error { _, err := c.Write(msg); return err }
				if shared {
					write = func() error { return c.WriteShared(msg) }
				}
				if err := c.WriteShared(msg); err != nil { // waits from now on
					b.Fatal(err)
				}
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					if err := write(); err != nil {
						b.Fatal(err)
					}
					if n++; n%burst == 0 {
						p.Window(burst * size)
					}
				}
				if want := b.N / burst * burst * size; p.Taken() != want {
					b.Fatalf("%d bytes were taken, want %d", p.Taken(), want)
				}
			})
		}
	}
}

// BenchmarkEach is a broadcast below any protocol. An operation is one message to
// all connections of a loop.
func BenchmarkEach(b *testing.B) {
	const size = 128
	for _, conns := range []int{1, 100, 10_000} {
		b.Run(fmt.Sprintf("size=%d/conns=%d", size, conns), func(b *testing.B) {
			l, h, f := enginetest.NewLoop(b, engine.Config{}), &funcs{}, &fan{make([]byte, size)}
			var last *enginetest.Peer
			for range conns {
				last = l.Connect(h, engine.Options{})
				last.Discard()
			}
			b.SetBytes(int64(size * conns))
			b.ReportAllocs()
			for b.Loop() {
				if err := engine.EachOn(last.Conn(), h, f); err != nil {
					b.Fatal(err)
				}
				l.Drain()
			}
			if want := b.N * size; last.Taken() != want {
				b.Fatalf("%d bytes came, want %d", last.Taken(), want)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*conns), "ns/delivery")
		})
	}
}
