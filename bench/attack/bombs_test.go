package attack_test

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"testing"
)

const (
	offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n"
	rsv1  = 0x40 // the message is compressed (RFC 7692 section 6)
)

// zeros is n MiB of zeros as the payload of a compressed message. After the first MiB the window holds nothing but
// zeros, so each further one compresses to the same bytes.
func zeros(t *testing.T, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	z, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	var ends [3]int
	for i := 1; i < len(ends); i++ {
		if _, err := z.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
		if err := z.Flush(); err != nil {
			t.Fatal(err)
		}
		ends[i] = b.Len()
	}
	first, next := b.Bytes()[:ends[1]], b.Bytes()[ends[1]:ends[2]]
	bomb := append(bytes.Clone(first), bytes.Repeat(next, n-1)...)
	return bytes.TrimSuffix(bomb, []byte("\x00\x00\xff\xff"))
}

// TestZeros checks the fuse: a bomb that is none proves nothing.
func TestZeros(t *testing.T) {
	t.Parallel()
	z := flate.NewReader(io.MultiReader(bytes.NewReader(zeros(t, 5)), bytes.NewReader([]byte("\x00\x00\xff\xff\x01\x00\x00\xff\xff"))))
	if got, err := io.ReadAll(z); err != nil || !bytes.Equal(got, make([]byte, 5<<20)) {
		t.Errorf("inflated to %d bytes, %v, want 5 MiB of zeros", len(got), err)
	}
}

// TestBomb sends a gigabyte of zeros in a megabyte, over many connections at once. A server that inflates no further than
// MaxMessage holds, for each connection, what has arrived of the compressed message, and for each loop one message of
// MaxMessage that is being inflated.
func TestBomb(t *testing.T) {
	t.Parallel()
	bomb := zeros(t, 1<<10)
	for _, way := range []struct {
		name  string
		piece int // bytes of each fragment
	}{
		{"in one frame", len(bomb)},
		{"in fragments", 100},
	} {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			peers := scaled(50)
			g := aim(t, setup{Compression: true})
			frames := fragments(bomb, way.piece)
			err := all(peers, func(int) error {
				p, err := shake(g.addr, offer)
				if err != nil {
					return err
				}
				defer p.Close()
				if _, err := p.Write(frames); err != nil {
					return err
				}
				return p.farewell(1009)
			})
			if err != nil {
				t.Error(err)
			}
			c := g.survived(bombBound(len(g.stats().Engine.Loops), peers, len(bomb)))
			if s := c.WebSocket; s.Bombs != uint64(peers) || s.TooBig != uint64(peers) {
				t.Errorf("%d bombs and %d messages too big, want %d", s.Bombs, s.TooBig, peers)
			}
		})
	}
}

// bombBound is what peers may hold that send size bytes each, with a limit of 16 MiB. Buffers double, so a message that
// has come is in one of up to twice its size, with the one before it beside it while it grew. Each loop has one message
// at a time inflated, with 8 MiB beside the 16 while it grows. Half of all that again is the collector's (GOGC=50), and
// as the large buffers are made anew for each message, it comes to them when a second set is there.
func bombBound(loops, peers, size int) int64 {
	return int64(peers)*3*int64(size)*3/2 + int64(loops)*2*(16+8)<<20*3/2 + 16<<20
}

// fragments cuts a compressed message.
func fragments(payload []byte, piece int) (frames []byte) {
	for off, end := 0, 0; off < len(payload); off = end {
		b0 := byte(cont)
		if off == 0 {
			b0 = bin | rsv1
		}
		end = off + min(piece, len(payload)-off)
		if end == len(payload) {
			b0 |= fin
		}
		frames = append(frames, masked(b0, string(payload[off:end]))...)
	}
	return frames
}

// TestBombsWithinTheLimit sends messages that inflate to MaxMessage and not a byte more, a thousand times what was sent,
// from peers that do not read what comes back until all is sent. Each is legal and is echoed; the echoes wait as they
// leave, compressed.
func TestBombsWithinTheLimit(t *testing.T) {
	t.Parallel()
	peers, each := scaled(20), 2
	g := aim(t, setup{Compression: true})
	bomb := zeros(t, 16)
	frames := bytes.Repeat(fragments(bomb, len(bomb)), each)
	err := all(peers, func(int) error {
		p, err := shake(g.addr, offer)
		if err != nil {
			return err
		}
		defer p.Close()
		if _, err := p.Write(frames); err != nil {
			return err
		}
		for range each {
			b0, echoed, err := p.frame()
			if err != nil {
				return err
			}
			if b0 != fin|bin|rsv1 {
				return fmt.Errorf("a message of 16 MiB came back as %#x with %d bytes", b0, len(echoed))
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	// Each loop compresses the echo into a buffer of MaxMessage beside the message, and three more of those may wait for
	// the collector when the machine is busy.
	loops := len(g.stats().Engine.Loops)
	c := g.survived(bombBound(loops, peers, each*len(bomb)) + int64(loops)*4*16<<20*3/2)
	if s := c.WebSocket; s.TooBig != 0 || s.Inflated != uint64(peers*each) || s.MessagesIn != g.echoed+uint64(peers*each) {
		t.Errorf("%d messages too big, %d inflated and %d handled, want none, %d and %d", s.TooBig, s.Inflated,
			s.MessagesIn, peers*each, g.echoed+uint64(peers*each))
	}
}

// TestWindows lets a crowd agree on context takeover and fill both windows of 32 KiB of each connection. The windows of
// all have a budget; who finds it spent is served without.
func TestWindows(t *testing.T) {
	t.Parallel()
	many.Lock()
	defer many.Unlock()
	const budget = 16 << 20
	peers := scaled(5000)
	g := aim(t, setup{Compression: true, WindowBudget: budget})
	msg := fragments(noise(t, 40_000), math.MaxInt)
	g.gather(peers, func(addr string) (*peer, error) {
		p, err := shake(addr, offer)
		if err == nil {
			if _, err = p.Write(msg); err == nil {
				_, _, err = p.frame()
			}
		}
		return p, err
	})
	c := g.survived(idleBound(peers) + budget*3/2)
	s := c.WebSocket
	if s.Inflated != uint64(peers) {
		t.Errorf("%d messages were inflated, want %d", s.Inflated, peers)
	}
	if s.WindowsPromised > budget || s.WindowsPromised < budget/2 || s.WindowBytes > s.WindowsPromised || s.WindowBytes < budget/2 {
		t.Errorf("windows of %d bytes are promised and of %d held, with a budget of %d", s.WindowsPromised, s.WindowBytes, budget)
	}
}

// TestCompressedBegun lets a crowd begin compressed messages and not end them. To inflate them as they arrive would take
// a window and an inflater for each, forty times what has come; the beginnings are kept as they came.
func TestCompressedBegun(t *testing.T) {
	t.Parallel()
	many.Lock()
	defer many.Unlock()
	const piece = 1000
	peers := scaled(5000)
	g := aim(t, setup{Compression: true})
	begun := masked(bin|rsv1, string(noise(t, 4*piece)[:piece]))
	g.gather(peers, func(addr string) (*peer, error) {
		p, err := shake(addr, offer)
		if err == nil {
			_, err = p.Write(begun)
		}
		return p, err
	})
	g.until("all beginnings", func(c counters) bool { return c.WebSocket.Partial == peers })
	c := g.survived(idleBound(peers) + int64(peers)*1024*3/2)
	if s := c.WebSocket; s.Partial != peers || s.Pieces != uint64(peers) || s.WindowBytes != 0 {
		t.Errorf("%d messages under way of %d pieces, windows of %d bytes; want %d, as many and none", s.Partial, s.Pieces,
			s.WindowBytes, peers)
	}
}

// noise is n random hex digits as the payload of a compressed message: about half as long, whatever compresses them.
func noise(t *testing.T, n int) []byte {
	t.Helper()
	src := rand.NewChaCha8([32]byte{})
	digits := make([]byte, n)
	for i := range digits {
		digits[i] = "0123456789abcdef"[src.Uint64()%16]
	}
	var b bytes.Buffer
	z, err := flate.NewWriter(&b, flate.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write(digits); err != nil {
		t.Fatal(err)
	}
	if err := z.Flush(); err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\x00\x00\xff\xff"))
}
