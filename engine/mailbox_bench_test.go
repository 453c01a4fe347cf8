package engine_test

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/enginetest"
)

// mailed is a loop in memory with a connection whose handler takes mail.
func mailed(b *testing.B) (*enginetest.Loop, *enginetest.Peer) {
	l := enginetest.NewLoop(b, engine.Config{})
	p := l.Connect(&mailFuncs{mail: func(*engine.Conn, int, []byte) {}}, engine.Options{})
	p.Discard()
	return l, p
}

// puts are the ways into a mailbox.
func puts(h engine.Handle) []struct {
	name string
	put  func() error
} {
	msg := make([]byte, 20)
	post := func(*engine.Conn) {}
	return []struct {
		name string
		put  func() error
	}{
		{"write", func() error { return h.Write(msg) }},
		{"mail", func() error { return h.Mail(1, msg) }},
		{"post", func() error { return h.Post(post) }},
	}
}

// BenchmarkMailbox puts a batch in and lets the loop take it, in one goroutine.
// An operation is one task; those with data carry 20 bytes.
func BenchmarkMailbox(b *testing.B) {
	l, p := mailed(b)
	for _, way := range puts(p.Handle()) {
		for _, batch := range []int{1, 100} {
			b.Run(fmt.Sprintf("do=%s/batch=%d", way.name, batch), func(b *testing.B) {
				n := 0
				b.ReportAllocs()
				for b.Loop() {
					if err := way.put(); err != nil {
						b.Fatal(err)
					}
					if n++; n%batch == 0 {
						l.Drain()
					}
				}
				l.Drain()
			})
		}
	}
}

// BenchmarkMailboxSenders puts from other goroutines while the loop takes. It is
// not by b.Loop: the tasks are divided among the senders beforehand.
func BenchmarkMailboxSenders(b *testing.B) {
	l, p := mailed(b)
	for _, way := range puts(p.Handle()) {
		for _, senders := range []int{1, 4, 16} {
			b.Run(fmt.Sprintf("do=%s/senders=%d", way.name, senders), func(b *testing.B) {
				b.ReportAllocs()
				var wg sync.WaitGroup
				done := make(chan struct{})
				for s := range senders {
					wg.Go(func() {
						for range (b.N + s) / senders {
							for err := way.put(); err != nil; err = way.put() {
								if !errors.Is(err, engine.ErrMailboxFull) {
									b.Error(err)
									return
								}
								runtime.Gosched()
							}
						}
					})
				}
				go func() { wg.Wait(); close(done) }()
				for over := false; !over; {
					if !l.Step() {
						runtime.Gosched()
					}
					select {
					case <-done:
						over = true
					default:
					}
				}
				l.Drain()
			})
		}
	}
}
