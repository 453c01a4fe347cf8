package websocket_test

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"unsafe"

	"github.com/sockeye-io/sockeye/engine"
	"github.com/sockeye-io/sockeye/engine/enginetest"
	"github.com/sockeye-io/sockeye/engine/websocket"
)

const rsv1 = 0x40

// zipper is the client's side of permessage-deflate, on compress/flate.
type zipper struct {
	t    testing.TB
	keep bool // context takeover, in both directions
	out  *flate.Writer
	sink bytes.Buffer
	seen []byte // what came from the server
}

// zip compresses a message, RFC 7692 section 7.2.1.
func (z *zipper) zip(msg string) string {
	z.sink.Reset()
	if z.out == nil || !z.keep {
		z.out, _ = flate.NewWriter(&z.sink, 6)
	}
	_, _ = io.WriteString(z.out, msg)
	_ = z.out.Flush()
	return strings.TrimSuffix(z.sink.String(), "\x00\x00\xff\xff")
}

// unzip is the opposite.
func (z *zipper) unzip(payload string) string {
	z.t.Helper()
	r := flate.NewReaderDict(strings.NewReader(payload+"\x00\x00\xff\xff\x01\x00\x00\xff\xff"), z.seen)
	msg, err := io.ReadAll(r)
	if err != nil {
		z.t.Fatalf("inflating what the server sent: %v", err)
	}
	if z.keep {
		z.seen = append(z.seen, msg...)
	}
	return string(msg)
}

// messages reads what the server sent: frames, compressed or not, in order.
func (z *zipper) messages(b []byte) (list []string) {
	z.t.Helper()
	var op byte
	var deflated bool
	var payload string
	for r := bytes.NewReader(b); r.Len() > 0; {
		h, part, err := readFrame(r)
		switch {
		case err != nil || h.Masked || h.Rsv&3 != 0:
			return append(list, fmt.Sprintf("error: %+v %v", h, err))
		case h.OpCode.IsControl():
			list = append(list, brief(opName[h.OpCode]+part))
			continue
		case h.OpCode != 0:
			op, deflated, payload = byte(h.OpCode), h.Rsv == 4, ""
		}
		payload += part
		if !h.Fin {
			continue
		}
		if deflated {
			list = append(list, "zipped "+brief(opName[op]+z.unzip(payload)))
		} else {
			list = append(list, brief(opName[op]+payload))
		}
	}
	return list
}

// joinZipped brings a peer whose handshake has agreed on compression.
func joinZipped(t testing.TB, l *enginetest.Loop, srv *websocket.Server, offer, answer string) *enginetest.Peer {
	t.Helper()
	p := l.Connect(srv, engine.Options{})
	p.Send([]byte(helloWith("Sec-WebSocket-Extensions: " + offer)))
	want := strings.TrimSuffix(welcome, "\r\n")
	if answer != "" {
		want += "Sec-WebSocket-Extensions: " + answer + "\r\n"
	}
	if got := string(p.Received()); got != want+"\r\n" {
		t.Fatalf("handshake answered with %q, want %q", got, want)
	}
	return p
}

const plainOffer, leanAnswer = "permessage-deflate", "permessage-deflate; server_no_context_takeover; client_no_context_takeover"

// TestCompressionNegotiation is about what the options make of an offer; the
// grammar is tested where it is parsed.
func TestCompressionNegotiation(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name          string
		z             *websocket.Compression
		offer, answer string
	}{
		{"not wanted", nil, plainOffer, ""},
		{"lean by default", &websocket.Compression{}, plainOffer, leanAnswer},
		{"takeover", &websocket.Compression{Takeover: true}, plainOffer, "permessage-deflate"},
		{"the client keeps nothing", &websocket.Compression{Takeover: true}, plainOffer + "; server_no_context_takeover", plainOffer + "; server_no_context_takeover"},
		{"small windows", &websocket.Compression{Takeover: true, WindowBits: 10}, plainOffer + "; client_max_window_bits", plainOffer + "; server_max_window_bits=10; client_max_window_bits=10"},
		{"no budget for two windows", &websocket.Compression{Takeover: true, WindowBudget: 40 << 10}, plainOffer, plainOffer + "; server_no_context_takeover"},
		{"no budget for one", &websocket.Compression{Takeover: true, WindowBudget: 1}, plainOffer, leanAnswer},
		{"no bound", &websocket.Compression{Takeover: true, WindowBudget: -1}, plainOffer, plainOffer},
		{"another extension", &websocket.Compression{}, "x-webkit-deflate-frame", ""},
		{"junk", &websocket.Compression{}, "permessage-deflate; server_max_window_bits=16, ;;,,=,\"", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var compressed bool
			h := &app{open: func(c *websocket.Conn, _ *websocket.Request) error { compressed = c.Compressed(); return nil }}
			joinZipped(t, memory(t), websocket.NewServer(h, websocket.Options{Compression: c.z}), c.offer, c.answer)
			if compressed != (c.answer != "") {
				t.Errorf("Conn.Compressed is %v", compressed)
			}
		})
	}
}

// TestCompressionInvalid: Options.Validate tells what NewServer panics with, each
// time.
func TestCompressionInvalid(t *testing.T) {
	t.Parallel()
	for want, z := range map[string]*websocket.Compression{
		"websocket: Compression.Level is 10, want 1 to 9":      {Level: 10},
		"websocket: Compression.Level is -1, want 1 to 9":      {Level: -1},
		"websocket: Compression.WindowBits is 7, want 8 to 15": {WindowBits: 7},
	} {
		o := websocket.Options{Compression: z}
		if err := o.Validate(); err == nil || err.Error() != want {
			t.Errorf("Validate: %v, want %q", err, want)
		}
		for range 2 {
			func() {
				defer func() { diff(t, "panic", any(want), recover()) }()
				websocket.NewServer(&app{}, o)
			}()
		}
	}
}

// TestCompressedEcho sends every kind of message, several times over, cut
// anywhere.
func TestCompressedEcho(t *testing.T) {
	t.Parallel()
	for _, takeover := range []bool{false, true} {
		t.Run(fmt.Sprint("takeover ", takeover), func(t *testing.T) {
			t.Parallel()
			srv := websocket.NewServer(&app{}, websocket.Options{Compression: &websocket.Compression{Takeover: takeover}})
			answer := leanAnswer
			if takeover {
				answer = plainOffer
			}
			p := joinZipped(t, memory(t), srv, plainOffer, answer)
			z := &zipper{t: t, keep: takeover}
			rng := rand.New(rand.NewPCG(1, 2))
			for round := range 60 {
				n := []int{0, 1, 100, 128, 1000, 5000, 40_000, 200_000}[round%8]
				msg := strings.Repeat("xé", n/3+1)[:n/3*3]
				if round%2 == 1 {
					msg = randomText(rng, n)
				}
				packed := z.zip(msg)
				cut := rng.IntN(len(packed) + 1)
				send := masked(rsv1|text, packed[:cut]) + masked(fin|ping, "p") + masked(fin|cont, packed[cut:])
				if round%3 == 0 {
					send = masked(fin|rsv1|text, packed) + masked(fin|ping, "p")
				}
				at := rng.IntN(len(send))
				p.Send([]byte(send[:at]))
				p.Send([]byte(send[at:]))
				got := z.messages(p.Received())
				for i := range got {
					got[i] = strings.TrimPrefix(got[i], "zipped ")
				}
				wanted := want(text, msg, ping, "p")
				wanted[1] = "pong p"
				if round%3 != 0 {
					wanted[0], wanted[1] = wanted[1], wanted[0]
				}
				diff(t, fmt.Sprint("round ", round), wanted, got)
			}
			if s := srv.Stats(); s.Inflated != 60 {
				t.Errorf("stats %+v", s)
			}
		})
	}
}

// randomText is n bytes of words, which compress as such do.
func randomText(rng *rand.Rand, n int) string {
	b := make([]byte, 0, n+16)
	for len(b) < n {
		word := rng.IntN(300)
		b = fmt.Appendf(b, "%c%x ", 'a'+word%26, word*word)
	}
	return string(b[:n])
}

// TestCompressesWhatIsWorthIt looks at what leaves.
func TestCompressesWhatIsWorthIt(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 1000)
	for i := range noise {
		noise[i] = byte(rng.Uint32())
	}
	like := strings.Repeat("like ", 100)
	for _, c := range []struct {
		name      string
		threshold int
		msg       string
		zipped    bool
	}{
		{"short", 0, like[:127], false},
		{"long enough", 0, like[:128], true},
		{"noise", 0, string(noise), false},
		{"a threshold", 300, like[:299], false},
		{"at the threshold", 300, like[:300], true},
		{"all", -1, like[:120], true},
		{"all, and larger", -1, "a", false},
		{"empty", -1, "", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			f := fix(t, engine.Options{}, websocket.Options{Compression: &websocket.Compression{Threshold: c.threshold}})
			p := joinZipped(t, f.l, f.srv, plainOffer, leanAnswer)
			m := websocket.Prepare(websocket.Binary, []byte(c.msg))
			f.post(func(conn *websocket.Conn) {
				for range 2 {
					if conn.WriteMessage(websocket.Binary, []byte(c.msg)) != nil || conn.WritePrepared(m) != nil {
						t.Error("not sent")
					}
				}
			})
			one := want(bin, c.msg)[0]
			if c.zipped {
				one = "zipped " + brief("binary "+c.msg)
			}
			diff(t, "sent", []string{one, one, one, one}, (&zipper{t: t}).messages(p.Received()))
		})
	}
}

// TestTakeover shows that messages refer to earlier ones, whichever way they
// were sent, and that the windows are counted and given back.
func TestTakeover(t *testing.T) {
	t.Parallel()
	f := fix(t, engine.Options{}, websocket.Options{Compression: &websocket.Compression{Takeover: true, Threshold: -1}})
	p := joinZipped(t, f.l, f.srv, plainOffer, plainOffer)
	z := &zipper{t: t, keep: true}
	rng := rand.New(rand.NewPCG(3, 4))
	msg := randomText(rng, 3000)
	m := websocket.Prepare(websocket.Text, []byte(msg))
	var sizes []int
	send := func(fn func(c *websocket.Conn) error, want ...string) {
		t.Helper()
		f.post(func(c *websocket.Conn) {
			if err := fn(c); err != nil {
				t.Error(err)
			}
		})
		b := p.Received()
		sizes = append(sizes, len(b))
		diff(t, "sent", want, z.messages(b))
	}
	zipped := "zipped " + brief("text "+msg)
	send(func(c *websocket.Conn) error { return c.WriteMessage(websocket.Text, []byte(msg)) }, zipped)
	send(func(c *websocket.Conn) error { return c.WriteMessage(websocket.Text, []byte(msg)) }, zipped)
	send(func(c *websocket.Conn) error { return c.WritePrepared(m) }, zipped)
	send(func(c *websocket.Conn) error { return c.WriteMessage(websocket.Text, []byte(msg)) }, zipped)
	send(func(c *websocket.Conn) error {
		_ = c.WriteFragment(websocket.Text, []byte(msg[:1000]), false)
		_ = c.WriteFragment(websocket.Text, []byte(msg[1000:2000]), false)
		return c.WriteFragment(websocket.Text, []byte(msg[2000:]), true)
	}, zipped)
	send(func(c *websocket.Conn) error { // longer than the window
		return c.WriteMessage(websocket.Text, []byte(strings.Repeat(msg, 15)))
	}, "zipped "+brief("text "+strings.Repeat(msg, 15)))
	send(func(c *websocket.Conn) error { return c.WriteMessage(websocket.Text, []byte(msg)) }, zipped)
	if first := sizes[0]; first < 1000 || sizes[1] > first/10 || sizes[2] < 1000 || sizes[3] > first/10 || sizes[4] > first/10 || sizes[6] > first/10 {
		t.Errorf("sizes %v", sizes)
	}
	s := f.srv.Stats()
	if s.WindowsPromised != 64<<10 || s.WindowBytes != 32<<10 {
		t.Errorf("stats %+v, want two windows promised and one grown", s)
	}
	p.Send([]byte(masked(fin|cls, "")))
	p.CloseWrite()
	if s := f.srv.Stats(); s.WindowsPromised != 0 || s.WindowBytes != 0 {
		t.Errorf("stats %+v after the end", s)
	}
}

// TestTakeoverToken: what does not compress is compressed all the same, or its
// repetition could not refer to it.
func TestTakeoverToken(t *testing.T) {
	t.Parallel()
	f := fix(t, engine.Options{}, websocket.Options{Compression: &websocket.Compression{Takeover: true}})
	p := joinZipped(t, f.l, f.srv, plainOffer, plainOffer)
	token := make([]byte, 200)
	rng := rand.New(rand.NewPCG(7, 8))
	for i := range token {
		token[i] = byte(rng.Uint32())
	}
	var sizes []int
	for range 2 {
		f.post(func(c *websocket.Conn) { _ = c.WriteMessage(websocket.Binary, token) })
		sizes = append(sizes, len(p.Received()))
	}
	if sizes[0] > 220 || sizes[1] > 30 {
		t.Errorf("200 random bytes were sent in %d bytes, then again in %d", sizes[0], sizes[1])
	}
}

// TestWindowBudget lets connections have windows as long as there are some.
func TestWindowBudget(t *testing.T) {
	t.Parallel()
	l := memory(t)
	z := &websocket.Compression{Takeover: true, WindowBudget: 128 << 10}
	srv := websocket.NewServer(&app{}, websocket.Options{Compression: z})
	other := websocket.NewServer(&app{}, websocket.Options{Compression: z}) // shares the budget
	first := joinZipped(t, l, srv, plainOffer, plainOffer)
	joinZipped(t, l, other, plainOffer, plainOffer)
	joinZipped(t, l, srv, plainOffer, leanAnswer)
	first.Reset(nil)
	joinZipped(t, l, other, plainOffer, plainOffer)
	if s := srv.Stats(); s.WindowsPromised != 128<<10 {
		t.Errorf("stats %+v", s)
	}
}

// TestCompressedViolations: what is wrong in a compressed message.
func TestCompressedViolations(t *testing.T) {
	t.Parallel()
	z := &zipper{t: t}
	for _, c := range []struct {
		name string
		send string
		code int
	}{
		{"corrupt", masked(fin|rsv1|bin, "\xff\xff\xff"), websocket.CodeInvalidPayload},
		{"refers to nothing", masked(fin|rsv1|bin, "\x02\x00\x44\x00\x00"), websocket.CodeInvalidPayload},
		{"text that is none", masked(fin|rsv1|text, z.zip("\xff")), websocket.CodeInvalidPayload},
		{"half a character", masked(fin|rsv1|text, z.zip("\xc3")), websocket.CodeInvalidPayload},
		{"a bomb", masked(fin|rsv1|bin, z.zip(strings.Repeat("\x00", 1<<20))), websocket.CodeMessageTooBig},
		{"one byte too many", masked(fin|rsv1|bin, z.zip(strings.Repeat("\x00", 1001))), websocket.CodeMessageTooBig},
		{"a bomb in fragments", masked(rsv1|bin, z.zip(strings.Repeat("\x00", 1<<20))[:100]) + masked(fin|cont, z.zip(strings.Repeat("\x00", 1<<20))[100:]), websocket.CodeMessageTooBig},
		{"compressed size over the limit", masked(fin|rsv1|bin, strings.Repeat("\x00", 2000))[:10], websocket.CodeMessageTooBig},
		{"RSV1 on a continuation", masked(rsv1|bin, "a") + masked(fin|rsv1|cont, "a"), websocket.CodeProtocolError},
	} {
		for _, pieces := range []bool{false, true} {
			t.Run(fmt.Sprint(c.name, ", in pieces ", pieces), func(t *testing.T) {
				t.Parallel()
				s := &streamer{t: t}
				h, a := websocket.Handler(s), &s.app
				if !pieces {
					a = &app{message: func(*websocket.Conn, websocket.MessageType, []byte) { t.Error("a message was handed over") }}
					h = a
				}
				srv := websocket.NewServer(h, websocket.Options{MaxMessage: 1000, Compression: &websocket.Compression{}})
				p := joinZipped(t, memory(t), srv, plainOffer, leanAnswer)
				p.Send([]byte(c.send))
				p.CloseWrite()
				var ce *websocket.CloseError
				if len(a.closed) != 1 || !errors.As(a.closed[0], &ce) || ce.Code != c.code {
					t.Errorf("OnClose was told %v, want code %d", a.closed, c.code)
				}
				if len(s.done) > 0 || len(s.text) > 1000 {
					t.Errorf("messages %v, %d bytes of another", s.done, len(s.text))
				}
				bombs := uint64(0)
				if strings.Contains(c.name, "bomb") || strings.Contains(c.name, "too many") {
					bombs = 1
				}
				if got := srv.Stats().Bombs; got != bombs {
					t.Errorf("%d bombs were counted, want %d", got, bombs)
				}
			})
		}
	}
}

// TestCompressedPieces streams compressed messages to a FragmentHandler.
func TestCompressedPieces(t *testing.T) {
	t.Parallel()
	for _, takeover := range []bool{false, true} {
		answer := leanAnswer
		if takeover {
			answer = plainOffer
		}
		s := &streamer{t: t}
		srv := websocket.NewServer(s, websocket.Options{MaxMessage: -1, Compression: &websocket.Compression{Takeover: takeover}})
		p := joinZipped(t, memory(t), srv, plainOffer, answer)
		z := &zipper{t: t, keep: takeover}
		rng := rand.New(rand.NewPCG(5, 6))
		var wanted []string
		for round := range 30 {
			msg := randomText(rng, rng.IntN(100_000))
			packed := z.zip(msg)
			cut := rng.IntN(len(packed) + 1)
			send := masked(rsv1|text, packed[:cut]) + masked(fin|cont, packed[cut:])
			if round%5 == 0 {
				send += masked(fin|text, "plain")
			}
			for len(send) > 0 {
				n := min(1+rng.IntN(20_000), len(send))
				p.Send([]byte(send[:n]))
				send = send[n:]
			}
			wanted = append(wanted, want(text, msg)...)
			if round%5 == 0 {
				wanted = append(wanted, "text plain")
			}
		}
		diff(t, fmt.Sprint("takeover ", takeover), wanted, s.done)
		p.Send([]byte(masked(rsv1|text, z.zip("never ended"))))
		p.Reset(nil) // the stream's goroutine must not be left
	}
}

// TestPreparedOncePerSetting counts the frames that are made.
func TestPreparedOncePerSetting(t *testing.T) {
	t.Parallel()
	l := memory(t)
	var conns []*websocket.Conn
	h := &app{open: func(c *websocket.Conn, _ *websocket.Request) error { conns = append(conns, c); return nil }}
	srv := websocket.NewServer(h, websocket.Options{Compression: &websocket.Compression{}})
	msg := []byte(strings.Repeat("shared ", 300))
	m := websocket.Prepare(websocket.Text, msg)
	frames := map[*byte]bool{}
	for _, bits := range []string{"", "; server_max_window_bits=9", "; server_max_window_bits=10", "; server_max_window_bits=12", "; server_max_window_bits=15"} {
		for range 3 {
			p := l.Connect(srv, engine.Options{})
			p.Send([]byte(helloWith("Sec-WebSocket-Extensions: permessage-deflate" + bits)))
			p.Received()
			frames[unsafe.SliceData(websocket.Deflated(m, conns[len(conns)-1]))] = true
			if err := conns[len(conns)-1].Handle().Post(func(c *websocket.Conn) { _ = c.WritePrepared(m) }); err != nil {
				t.Fatal(err)
			}
			l.Drain()
			diff(t, "sent", []string{"zipped " + brief("text "+string(msg))}, (&zipper{t: t}).messages(p.Received()))
		}
	}
	if len(frames) != 3 { // 2,100 bytes: windows of 512, of 1,024, and all larger ones
		t.Errorf("%d frames were made, want 3", len(frames))
	}
}
