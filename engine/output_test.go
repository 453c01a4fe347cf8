package engine_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/enginetest"
)

// TestOutputAgainstSlice writes in every way, from every place, to a peer whose
// window opens and closes at random, and compares with appending to a slice.
func TestOutputAgainstSlice(t *testing.T) {
	t.Parallel()
	for seed := range uint64(12) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			rnd := rand.New(rand.NewPCG(seed, 3))
			l := enginetest.NewLoop(t, engine.Config{})
			// Shared messages, and what they must still be at the end.
			shared := make([][]byte, 8)
			copies := make([][]byte, len(shared))
			for i := range shared {
				shared[i] = bytes.Repeat([]byte{byte('A' + i)}, 1<<rnd.IntN(17))
				copies[i] = bytes.Clone(shared[i])
			}
			opt := engine.Options{HighWater: -1, WriteTimeout: -1}
			var p *enginetest.Peer
			var want, got []byte
			some := func() []byte {
				n := rnd.IntN(300)
				switch rnd.IntN(10) {
				case 0:
					n = rnd.IntN(100_000)
				case 1, 2:
					n = rnd.IntN(20_000)
				}
				b := make([]byte, n)
				for i := range b {
					b[i] = byte(rnd.Uint32())
				}
				return b
			}
			write := func(c *engine.Conn) {
				for range rnd.IntN(6) {
					var b []byte
					var err error
					switch rnd.IntN(3) {
					case 0:
						b = some()
						_, err = c.Write(b)
						want = append(want, b...)
						spoil(b) // Write has copied it
					case 1:
						b = shared[rnd.IntN(len(shared))]
						err = c.WriteShared(b)
						want = append(want, b...)
					case 2:
						b = append(c.AvailableBuffer(), some()...)
						want = append(want, b...)
						_, err = c.Write(b)
					}
					if err != nil {
						t.Fatal(err)
					}
				}
			}
			h := &every{do: map[string]func(*engine.Conn){
				"open": write, "data": write, "timer": write, "writable": write, "mail": write,
			}}
			p = l.Connect(h, opt)
			other := l.Connect(&funcs{data: func(_ *engine.Conn, b []byte) (int, error) {
				write(p.Conn())
				return len(b), nil
			}}, opt)
			for range 200 {
				switch rnd.IntN(7) {
				case 0:
					p.Send([]byte("x"))
				case 1:
					other.Send([]byte("x"))
				case 2:
					_ = p.Handle().Mail(0, nil)
					_ = p.Handle().Post(write)
					l.Drain()
				case 3:
					p.Conn().SetTimer(1)
					l.Advance(2 * tick)
				case 4:
					p.Window(rnd.IntN(50_000))
				case 5:
					p.Window(rnd.IntN(10))
				case 6:
					p.Window(-1)
				}
				got = append(got, p.Received()...)
				if n := p.Conn().Buffered(); len(got)+n != len(want) {
					t.Fatalf("%d bytes received and %d buffered of %d written", len(got), n, len(want))
				}
			}
			delete(h.do, "writable")
			p.Window(-1)
			got = append(got, p.Received()...)
			if !bytes.Equal(got, want) {
				t.Fatalf("received %d bytes that differ from the %d written", len(got), len(want))
			}
			for i := range shared {
				if !bytes.Equal(shared[i], copies[i]) {
					t.Errorf("the bytes of shared message %d were changed", i)
				}
			}
			if p.Closed() {
				t.Errorf("the connection was closed: %v", h.log()[len(h.log())-1])
			}
		})
	}
}

func spoil(p []byte) {
	for i := range p {
		p[i] = 0xdb
	}
}

// TestOutputManySegments queues more segments than one writev takes.
func TestOutputManySegments(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{})
	p := l.Connect(echo{}, engine.Options{HighWater: -1})
	p.Window(0)
	var want []byte
	if err := p.Handle().Post(func(c *engine.Conn) {
		for i := range 5000 {
			msg := bytes.Repeat([]byte{byte(i)}, 600+i%7)
			want = append(want, msg...)
			if err := c.WriteShared(msg); err != nil {
				t.Fatal(err)
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	l.Drain()
	before := p.Writes()
	p.Window(-1)
	if !bytes.Equal(p.Received(), want) {
		t.Error("received something else")
	}
	if n := p.Writes() - before; n > 5000/64+2 {
		t.Errorf("%d system calls for 5000 segments", n)
	}
}

// TestSmallSharedMessages lets many small messages wait: each must not cost
// more than its bytes.
func TestSmallSharedMessages(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{})
	p := l.Connect(echo{}, engine.Options{HighWater: -1})
	p.Window(0)
	msg := []byte("tick")
	for range 10_000 {
		if err := p.Conn().WriteShared(msg); err != nil {
			t.Fatal(err)
		}
	}
	before := p.Writes()
	p.Window(-1)
	if got := p.Received(); !bytes.Equal(got, bytes.Repeat(msg, 10_000)) {
		t.Errorf("received %d bytes, want 40000", len(got))
	}
	if n := p.Writes() - before; n > 3 {
		t.Errorf("%d system calls for 40 KB", n)
	}
}

// TestPacketsKeepTheirBoundaries writes to a packet connection that takes
// nothing for a while.
func TestPacketsKeepTheirBoundaries(t *testing.T) {
	t.Parallel()
	l := enginetest.NewLoop(t, engine.Config{})
	var want []byte
	p := l.ConnectPackets(&funcs{data: func(c *engine.Conn, b []byte) (int, error) {
		for i := range 10 {
			msg := bytes.Repeat([]byte{byte('a' + i)}, 10)
			want = append(want, msg...)
			if i%2 == 0 {
				_ = c.WriteShared(msg)
			} else {
				_, _ = c.Write(msg)
			}
		}
		return 0, nil // consumed all the same
	}}, engine.Options{})
	p.Window(25) // two packets
	p.Send([]byte("x"))
	if got := p.Received(); !bytes.Equal(got, want[:20]) {
		t.Errorf("received %q, want two packets", got)
	}
	for n := 2; n < 10; n++ {
		p.Window(15)
		if got := p.Received(); !bytes.Equal(got, want[10*n:10*n+10]) {
			t.Errorf("received %q, want packet %d", got, n)
		}
	}
	if n := p.Conn().Buffered(); n != 0 {
		t.Errorf("Buffered = %d", n)
	}
}
