package websocket_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

// TestEchoSizes is one message after the other, around every change of the
// encoding and of the way that the bytes take.
func TestEchoSizes(t *testing.T) {
	t.Parallel()
	p := join(t, memory(t), websocket.NewServer(&app{}, websocket.Options{}), engine.Options{})
	for _, n := range []int{0, 1, 125, 126, 127, 1000, 4096, 15_000, 16_370, 16_380, 16_384, 16_390, 65_521, 65_535, 65_536, 65_550, 1 << 20, 16 << 20} {
		for op, msg := range map[int]string{text: strings.Repeat("xé", n/3+1)[:n/3*3], bin: strings.Repeat("\xff", n)} {
			p.Send([]byte(masked(byte(fin|op), msg)))
			diff(t, "echo", want(op, msg), show(p.Received()))
		}
	}
	if s := p.Conn().Buffered(); s != 0 {
		t.Errorf("%d bytes are left over", s)
	}
}

// TestLargeMessages goes over sockets, which take and bring them in pieces.
func TestLargeMessages(t *testing.T) {
	t.Parallel()
	url, srv := serve(t, start(t), echo{}, websocket.Options{})
	w := shake(t, url)
	for _, n := range []int{64 << 10, 1 << 20, 16 << 20} {
		msg := strings.Repeat("0123456789abcdef", n/16)
		w.send(masked(fin|text, msg))
		w.expect(plain(fin|text, msg))
		for i := 0; i < 16; i++ { // in fragments, with pings between them
			op := byte(cont)
			if i == 0 {
				op = bin
			}
			if i == 15 {
				op |= fin
			}
			w.send(masked(fin|ping, fmt.Sprint(i)) + masked(op, msg[:n/16]))
		}
		for i := range 16 {
			w.expect(plain(fin|pong, fmt.Sprint(i)))
		}
		w.expect(plain(fin|bin, msg))
	}
	if s := srv.Stats(); s.MessagesIn != 6 || s.MessagesOut != 6 || s.PingsIn != 48 {
		t.Errorf("stats %+v", s)
	}
}

func TestFragments(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("x", 100_000)
	for _, tt := range []struct {
		name string
		send []string
		want []any
	}{
		{"empty messages", []string{masked(fin|text, ""), masked(fin|bin, "")}, []any{text, "", bin, ""}},
		{"empty fragments", []string{masked(text, ""), masked(cont, ""), masked(fin|cont, "")}, []any{text, ""}},
		{"an empty end", []string{masked(bin, "a"), masked(fin|cont, "")}, []any{bin, "a"}},
		{"an empty start", []string{masked(bin, ""), masked(fin|cont, "a")}, []any{bin, "a"}},
		{"a character in two", []string{masked(text, "\xc3"), masked(cont, ""), masked(fin|cont, "\xa9")}, []any{text, "é"}},
		{"control frames between", []string{
			masked(text, "a"), masked(fin|ping, "1"), masked(fin|pong, "2"), masked(cont, "b"),
			masked(fin|ping, strings.Repeat("p", 125)), masked(fin|cont, "c"),
		}, []any{pong, "1", pong, strings.Repeat("p", 125), text, "abc"}},
		{"large ones", []string{masked(bin, big), masked(fin|ping, ""), masked(fin|cont, big)}, []any{pong, "", bin, big + big}},
		{"two messages", []string{masked(text, "a"), masked(fin|cont, "b"), masked(bin, "c"), masked(fin|cont, "d")}, []any{text, "ab", bin, "cd"}},
	} {
		l := memory(t)
		srv := websocket.NewServer(&app{}, websocket.Options{})
		one, many := join(t, l, srv, engine.Options{}), join(t, l, srv, engine.Options{})
		one.Send([]byte(strings.Join(tt.send, "")))
		for _, s := range tt.send {
			many.Send([]byte(s))
		}
		diff(t, tt.name+", in one segment", want(tt.want...), show(one.Received()))
		diff(t, tt.name, want(tt.want...), show(many.Received()))
	}
}

// TestSplitEverywhere cuts one conversation at each of its bytes.
func TestSplitEverywhere(t *testing.T) {
	t.Parallel()
	all := masked(fin|text, "κόσμε") + masked(bin, strings.Repeat("b", 130)) + masked(fin|ping, "ping") + masked(cont, "") +
		masked(fin|cont, "c") + masked(fin|text, "") + masked(fin|cls, closing(4000, "bye"))
	answers := want(text, "κόσμε", pong, "ping", bin, strings.Repeat("b", 130)+"c", text, "", cls, closing(4000, ""))
	for i := range len(all) + 1 {
		h := &app{}
		p := join(t, memory(t), websocket.NewServer(h, websocket.Options{}), engine.Options{})
		p.Send([]byte(all[:i]))
		p.Send([]byte(all[i:]))
		diff(t, fmt.Sprint("cut at ", i), answers, show(p.Received()))
		p.CloseWrite()
		h.endedWith(t, 4000, nil)
	}
}

// TestPipelined: what was read together is answered together, in one system call.
func TestPipelined(t *testing.T) {
	t.Parallel()
	p := join(t, memory(t), websocket.NewServer(&app{}, websocket.Options{}), engine.Options{})
	in, out := "", []any{}
	for i := range 16 {
		in += masked(fin|text, fmt.Sprint("message ", i))
		out = append(out, text, fmt.Sprint("message ", i))
	}
	for range 3 {
		before := p.Writes()
		p.Send([]byte(in))
		diff(t, "answers", want(out...), show(p.Received()))
		if n := p.Writes() - before; n != 1 {
			t.Errorf("16 answers left in %d writes, want 1", n)
		}
	}
}

// conversation makes up what a client says.
func conversation(r *rand.Rand) (in []byte) {
	size := func() int { return r.IntN([]int{2, 20, 126, 140, 3000, 70_000}[r.IntN(6)]) }
	for range 1 + r.IntN(12) {
		kind := byte(text + r.IntN(2))
		msg := bytes.Repeat([]byte("aéκ𐍈"), size()/8)
		for parts := r.IntN(4); parts > 0; parts-- {
			n := r.IntN(len(msg) + 1)
			in = append(in, masked(kind, string(msg[:n]))...)
			msg, kind = msg[n:], cont
			for r.IntN(3) == 0 {
				in = append(in, masked(byte(fin|ping+r.IntN(2)), string(bytes.Repeat([]byte{'p'}, r.IntN(126))))...)
			}
		}
		in = append(in, masked(fin|kind, string(msg))...)
	}
	switch r.IntN(4) {
	case 0:
		in = append(in, violations[r.IntN(len(violations))].send...)
	case 1:
		in[r.IntN(len(in))] ^= 1 << r.IntN(8) // may be harmless
	case 2:
		in = append(in, masked(fin|cls, closing(1000+r.IntN(20), "bye"))...)
	}
	return in
}

// TestConversations compares the server with the model. Its handler uses what
// it may: it changes the message after sending it.
func TestConversations(t *testing.T) {
	t.Parallel()
	h := &app{message: func(c *websocket.Conn, kind websocket.MessageType, p []byte) {
		_ = c.WriteMessage(kind, p)
		clear(p)
	}}
	srv := websocket.NewServer(h, websocket.Options{MaxMessage: 70_000})
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 0))
		in := conversation(r)
		p := join(t, memory(t), srv, engine.Options{})
		for b := range slices.Chunk(in, 1+r.IntN([]int{4, 200, 5000, 100_000}[r.IntN(4)])) {
			p.Send(b)
		}
		if diff(t, fmt.Sprint("seed ", seed), model(in, 70_000), codes(show(p.Received()))); t.Failed() {
			return
		}
	}
}
