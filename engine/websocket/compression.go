package websocket

import (
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/sockeye-io/sockeye/codec/wsproto"
)

// Compression sets up permessage-deflate (RFC 7692). The zero Compression is
// good: each message is compressed by itself, and a connection costs no more
// memory than without. Servers and dials that are given the same *Compression
// share its pools and its budget; its fields must not change after the first use,
// and it must not be copied.
type Compression struct {
	// Level is 1, the fastest, to 9, the smallest. Zero means 1.
	Level int

	// Threshold is the size in bytes of the smallest message that is worth
	// compressing. Zero means 128, negative compresses all. A message that does
	// not get smaller is sent as it is, unless takeover lets later ones refer to
	// it and it gets no more than 15 bytes larger.
	Threshold int

	// Takeover lets a message refer to those before it (context takeover), in
	// both directions where the peer agrees. It makes small messages that are
	// alike much smaller, and costs a window for each direction: as many bytes
	// as were sent, at most 1<<WindowBits. Each message then costs more time
	// too, to read the window again.
	Takeover bool

	// WindowBits is the binary logarithm of the largest window in bytes, 8 to
	// 15. With Takeover 12 is a good choice: reading 32 KiB again costs more
	// than it saves. Less than 15 lets a dial fail where the server does not
	// confirm what it was asked for, as gorilla's does not. Zero means 15.
	WindowBits int

	// WindowBudget bounds the bytes of all windows. Where it is used up
	// connections are accepted without takeover. A connection whose Handler is
	// a FragmentHandler needs 128 KiB besides, and is not compressed where they
	// cannot be had. Zero means 64 MiB, negative no bound.
	WindowBudget int64

	once      sync.Once
	deflater  *wsproto.Deflater
	inflaters sync.Pool
	streams   sync.Pool // of FragmentHandlers
	threshold int
	want      wsproto.Deflate
	budget    int64
	promised  atomic.Int64 // bytes that the windows agreed on may grow to
	held      atomic.Int64 // bytes that they have grown to
	shared    [16]deflation
}

// Validate tells which field has a value that it cannot have. NewServer, Dial and
// DialClient panic with that.
func (z *Compression) Validate() error {
	switch {
	case z.Level < 0 || z.Level > 9:
		return fmt.Errorf("websocket: Compression.Level is %d, want 1 to 9", z.Level)
	case z.WindowBits != 0 && (z.WindowBits < 8 || z.WindowBits > 15):
		return fmt.Errorf("websocket: Compression.WindowBits is %d, want 8 to 15", z.WindowBits)
	}
	return nil
}

// init makes what the connections share. It panics each time: a Once does so the
// first time only.
func (z *Compression) init() {
	if err := z.Validate(); err != nil {
		panic(err.Error())
	}
	z.once.Do(func() {
		z.deflater = wsproto.NewDeflater(max(z.Level, 1))
		z.inflaters.New = func() any { return wsproto.NewInflater() }
		z.streams.New = func() any { return wsproto.NewInflateStream(nil) }
		z.threshold = orDefault(z.Threshold, 128)
		z.budget = orDefault(z.WindowBudget, 64<<20)
		z.want = wsproto.Deflate{ServerNoTakeover: !z.Takeover, ClientNoTakeover: !z.Takeover}
		if z.WindowBits != 0 && z.WindowBits != 15 {
			z.want.ServerBits, z.want.ClientBits = uint8(z.WindowBits), uint8(z.WindowBits)
		}
		for bits := range z.shared {
			z.shared[bits] = deflation{z: z, bits: uint8(bits)}
		}
	})
}

// accept agrees on the first of the client's offers that suits; nil means that
// there is none.
func (z *Compression) accept(r *wsproto.Request, pieces bool) (*deflation, wsproto.Deflate) {
	d, ok := r.SelectDeflate(z.want)
	if !ok || pieces && !z.promise(inflationSize) {
		return nil, d
	}
	// RFC 7692 7.1.1: a server may answer with either no_context_takeover
	// whatever the client has offered.
	var in, out *window
	if !d.ClientNoTakeover {
		in = z.window(d.ClientBits)
		d.ClientNoTakeover = in == nil
	}
	if !d.ServerNoTakeover {
		out = z.window(d.ServerBits)
		d.ServerNoTakeover = out == nil
	}
	return z.deflation(d.ServerBits, in, out, pieces), d
}

// offer is what a client proposes, and the window for what the server may then
// send. It is false when there is no room for anything.
func (z *Compression) offer(pieces bool) (wsproto.Deflate, *window, bool) {
	d := z.want
	if pieces && !z.promise(inflationSize) {
		return d, nil, false
	}
	if d.ClientBits == 0 {
		d.ClientBits = 15 // we can honour any
	}
	var in *window
	if !d.ServerNoTakeover {
		in = z.window(d.ServerBits)
		d.ServerNoTakeover = in == nil
	}
	return d, in, true
}

// withdraw gives back what an offer that was declined has promised.
func (z *Compression) withdraw(in *window, pieces bool) {
	in.free()
	if pieces {
		z.promised.Add(-inflationSize)
	}
}

// agree is the server's answer to an offer. Where it leaves us takeover that the
// budget does not have, we just do not refer to earlier messages.
func (z *Compression) agree(d wsproto.Deflate, in *window, pieces bool) *deflation {
	if d.ServerNoTakeover {
		in.free()
		in = nil
	}
	if own := z.want.ClientBits; own != 0 && (d.ClientBits == 0 || d.ClientBits > own) {
		d.ClientBits = own // the server need not ask for less
	}
	var out *window
	if !d.ClientNoTakeover {
		out = z.window(d.ClientBits)
	}
	return z.deflation(d.ClientBits, in, out, pieces)
}

// deflation is what permessage-deflate needs of a connection. Those without
// takeover share one, and pay for the pointer to it.
type deflation struct {
	z       *Compression
	bits    uint8      // of what we send
	in, out *window    // nil without takeover
	pieces  *inflation // nil without a FragmentHandler
}

func (z *Compression) deflation(bits uint8, in, out *window, pieces bool) *deflation {
	if bits == 0 {
		bits = 15
	}
	if in == nil && out == nil && !pieces {
		return &z.shared[bits]
	}
	d := &deflation{z: z, bits: bits, in: in, out: out}
	if pieces {
		d.pieces = &inflation{}
	}
	return d
}

// free gives back what belongs to one connection.
func (d *deflation) free() {
	if d == nil {
		return
	}
	d.in.free()
	d.out.free()
	if d.pieces != nil {
		d.pieces.close(d.z)
		d.z.promised.Add(-inflationSize)
	}
}
